"""Parcels of an imported order come out of a file of their own, as a read would have brought them, and only those."""

import itertools
import sys
from dataclasses import replace
from typing import Any

import pytest

from integrations.differences import differences
from integrations.endpoints import add_endpoint
from integrations.history import process
from integrations.models import Connection, Delivery, SyncRun, UnfinishedOrder
from integrations.shopify.nodes import orders
from integrations.shopify.nodes.orders import Whole
from integrations.tests.bulk import (
    Node,
    begin,
    line_node,
    load_file,
    of,
    order_node,
    parcel_node,
    part_node,
    scan_node,
    sent,
    write,
)
from integrations.tests.shopify import connect
from orders.intake import Origin, apply_snapshot
from orders.models import Fulfillment, JournalEntry, LineItem, Order, TrackingEvent
from orders.snapshot import OrderSnapshot
from orders.tests.builders import apply, later, make_shop

pytestmark = pytest.mark.django_db(transaction=True)
Parcel = tuple[Node, list[Node]]


def order_with(*parcels: Node, **fields: Any) -> Node:
    return order_node(fulfillments=[{"id": parcel["id"]} for parcel in parcels], **fields)


def load_both(connection: Connection, directory: Any, orders_file: list[Node], parcels_file: list[Node]) -> SyncRun:
    """Both files, one after the other in one pass; it is over then."""
    run = begin(connection)
    load_file(connection, write(directory / "orders", orders_file), run)
    SyncRun.objects.filter(pk=run.pk).update(cursor={})
    load_file(connection, write(directory / "parcels", parcels_file), run, holds="parcels")
    SyncRun.objects.filter(pk=run.pk).update(state="done", ended_at=run.started_at)
    run.refresh_from_db()
    return run


def read(order: Node, lines: list[Node], parcels: list[Parcel]) -> OrderSnapshot:
    """What reading the order would have given."""
    whole = order | {"lineItems": {"nodes": lines}, "shippingLines": {"nodes": []}}
    shown = [
        parcel | {"fulfillmentLineItems": {"nodes": [one for one in children if "LineItem" in one["id"]]},
                  "events": {"nodes": [one for one in children if "Event" in one["id"]]}}
        for parcel, children in parcels
    ]  # fmt: skip
    return orders.order(Whole(whole, transactions=[], fulfillments=shown, returns=None))


def columns(row: Any) -> dict[str, Any]:
    own = {"id", "public_id", "order", "fulfillment"}
    return {field.name: getattr(row, field.name) for field in row._meta.concrete_fields if field.name not in own}


def odd_parcels(lines: list[Node]) -> list[Parcel]:
    parts = [part_node(line, 2) for line in lines[:2]]
    gone = part_node(lines[2])
    plain, again = parcel_node(*parts), parcel_node(parts[0])
    bare = parcel_node(
        gone, name=None, status="CANCELLED", displayStatus="CANCELED", location=None,
        updatedAt="2026-11-20T09:00:00-05:00",
        trackingInfo=[],
    )  # fmt: skip
    two = [{"company": None, "number": "A\u00e9", "url": None}, {"company": "DHL", "number": None, "url": "https://d"}]
    many = parcel_node(parts[1], trackingInfo=two, displayStatus="FULFILLED")
    blank = dict.fromkeys(("message", "city", "province", "country", "zip"))
    return [
        (plain, [*parts, scan_node(), scan_node(status="DELIVERED", happenedAt="2026-11-21T13:30:00+01:00", **blank)]),
        (again, [parts[0]]), (bare, [gone]), (many, [parts[1], scan_node()]),
    ]  # fmt: skip


@pytest.mark.parametrize("apart", [False, True])
def test_parcels_come_out_of_a_file_as_they_would_from_a_read(tmp_path, apart):
    connection = connect()
    lines = [line_node(unfulfilledQuantity=left) for left in (0, 2, 4)]
    parcels = odd_parcels(lines)
    order = order_with(*(parcel for parcel, _ in parcels))
    file = [*sent(order, *parcels[:3]), *sent(order, parcels[0], parcels[3]), *sent(order_node())]
    if apart:  # all children behind all roots, in any order
        roots = [node for node in file if "__parentId" not in node]
        file = [*roots, *sorted((node for node in file if "__parentId" in node), key=str)]
    run = load_both(connection, tmp_path, of(order, *lines), file)
    ours, theirs = Order.objects.get(), read(order, lines, parcels)
    assert differences(ours, theirs) == []
    known = apply(theirs, make_shop("other.myshopify.com")).order
    parts = (LineItem, "order", 3), (Fulfillment, "order", 4), (TrackingEvent, "fulfillment__order", 3)
    for kind, path, number in parts:
        both = (kind.objects.filter(**{path: one}).order_by("remote_id") for one in (ours, known))
        pairs = list(zip(*both, strict=True))
        assert len(pairs) == number
        assert all(columns(one) == columns(other) for one, other in pairs)
    assert [line.fulfillment_status for line in ours.lines.all()] == ["fulfilled", "partial", ""]
    assert (run.looked_at, run.failed, run.facts["parcels"]) == (1, 0, 4)
    assert not UnfinishedOrder.objects.exists()


def test_that_parcels_have_come_is_told_once_and_only_to_who_names_history(tmp_path):
    connection = connect()
    for name, events in (("all", ["*"]), ("history", ["order.imported"])):
        add_endpoint(name, f"https://hooks.example.com/{name}", events)
    line = line_node(quantity=2)
    parcels = [(parcel_node(part), [part]) for part in (part_node(line), part_node(line))]
    order = order_with(*(parcel for parcel, _ in parcels))
    load_both(connection, tmp_path, of(order, line), [*sent(order, parcels[0]), *sent(order, parcels[1])])
    assert [(entry.action, entry.facts.get("parcels")) for entry in JournalEntry.objects.order_by("id")] == [
        ("order.imported", None), ("order.imported", 2),
    ]  # fmt: skip
    assert [delivery.connection.partner.name for delivery in Delivery.objects.all()] == ["history", "history"]
    assert Order.objects.get().version == 2


def test_the_same_files_again_write_nothing(tmp_path):
    connection = connect()
    part = part_node(line := line_node())
    parcel = parcel_node(part)
    files = (of(order := order_with(parcel), line), sent(order, (parcel, [part, scan_node()])))
    load_both(connection, tmp_path, *files)
    before = [columns(row) for kind in (Order, Fulfillment, TrackingEvent) for row in kind.objects.all()]
    run = load_both(connection, tmp_path, *files)
    assert [columns(row) for kind in (Order, Fulfillment, TrackingEvent) for row in kind.objects.all()] == before
    assert (run.facts["made"], run.facts["changed"], run.facts["parcels"]) == (0, 0, 0)
    assert JournalEntry.objects.count() == 2


def test_a_parcel_that_came_meanwhile_is_left_as_it_is_and_its_order_is_read(tmp_path):
    connection = connect()
    part = part_node(line := line_node())
    parcel = parcel_node(part)
    order = order_with(parcel)
    run = begin(connection)
    load_file(connection, write(tmp_path / "orders", of(order, line)), run)
    newer = read(order, [line], [(parcel | {"name": "newer", "updatedAt": "2026-11-22T12:00:00Z"}, [part])])
    apply_snapshot(connection.shop, replace(newer, updated_at=later(60)), Origin(by="shopify"))
    SyncRun.objects.filter(pk=run.pk).update(cursor={})
    load_file(connection, write(tmp_path / "file", sent(order, (parcel, [part]))), run, holds="parcels")
    assert Fulfillment.objects.get().name == "newer"
    assert UnfinishedOrder.objects.get().awaits == [str(Fulfillment.objects.get().remote_id)]


def test_parcels_of_orders_that_are_read_anyway_or_unknown_are_left_out(tmp_path):
    connection = connect()
    part = part_node(line := line_node())
    parcel, other = parcel_node(part), parcel_node(part)
    refunded = order_with(parcel, refunds=[{"id": "gid://shopify/Refund/1"}])
    file = [*sent(refunded, (parcel, [part])), *sent(order_node(), (other, [part]))]
    load_both(connection, tmp_path, of(refunded, line), file)
    assert not Fulfillment.objects.exists()
    assert UnfinishedOrder.objects.get().should_read


@pytest.mark.parametrize("broken", [{"totalQuantity": 3}, {"trackingInfo": None}, {"updatedAt": "yesterday"}])
def test_a_parcel_that_is_not_whole_or_cannot_be_read_stays_awaited(tmp_path, broken):
    connection = connect()
    part = part_node(line := line_node())
    good, bad = parcel_node(part), parcel_node(part, **broken)
    order = order_with(good, bad)
    load_both(connection, tmp_path, of(order, line), sent(order, (good, [part]), (bad, [part])))
    assert Fulfillment.objects.count() == 1
    assert UnfinishedOrder.objects.get().awaits == [bad["id"].rsplit("/", 1)[1]]
    assert JournalEntry.objects.count() == 1


def test_a_line_of_the_file_that_cannot_be_read_leaves_its_parcel_awaited(tmp_path):
    connection = connect()
    part = part_node(line := line_node())
    good, bad = parcel_node(part), parcel_node(part)
    order = order_with(good, bad)
    file = [*sent(order, (good, [part])), *sent(order, (bad, [part | {"id": None}]))]
    load_both(connection, tmp_path, of(order, line), file)
    assert Fulfillment.objects.count() == 1
    assert UnfinishedOrder.objects.get().awaits == [bad["id"].rsplit("/", 1)[1]]


def test_scans_of_a_redacted_order_come_without_what_names_people(tmp_path):
    connection = connect()
    part = part_node(line := line_node())
    parcel = parcel_node(part)
    order = order_with(parcel)
    run = begin(connection)
    load_file(connection, write(tmp_path / "orders", of(order, line)), run)
    Order.objects.update(redacted_at=later(1))
    SyncRun.objects.filter(pk=run.pk).update(cursor={})
    load_file(connection, write(tmp_path / "file", sent(order, (parcel, [part, scan_node()]))), run, holds="parcels")
    scan = TrackingEvent.objects.get()
    assert (scan.message, scan.city, scan.zip, scan.country) == ("", "", "", "US")


@pytest.mark.skipif(sys.platform != "linux", reason="a killed loader is told by Linux")
def test_a_loader_of_parcels_that_is_killed_goes_on(tmp_path, monkeypatch):
    connection = connect()
    line = line_node(quantity=10)
    parcels = [(parcel_node(part), [part, scan_node()]) for part in (part_node(line) for _ in range(10))]
    order = order_with(*(parcel for parcel, _ in parcels))
    run = begin(connection)
    load_file(connection, write(tmp_path / "orders", of(order, line)), run)
    SyncRun.objects.filter(pk=run.pk).update(cursor={})
    path = write(tmp_path / "file", itertools.chain.from_iterable(sent(order, parcel) for parcel in parcels))
    monkeypatch.setenv("FAILPOINTS", str(tmp_path))
    for name in ("history.staged", "history.merged", "history.committed"):
        (tmp_path / name).touch()
        assert process.load(run, path, holds="parcels", batch=3).what == "died"
    assert 0 < Fulfillment.objects.count() < 10
    assert process.load(run, path, holds="parcels", batch=3).what == "done"
    assert (Fulfillment.objects.count(), TrackingEvent.objects.count()) == (10, 10)
    assert JournalEntry.objects.count() == 2
    assert not UnfinishedOrder.objects.exists()
