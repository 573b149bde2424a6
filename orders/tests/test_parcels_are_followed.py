"""Parcels and their scans, whole with the order or each by itself."""

from dataclasses import replace
from typing import Any

import pytest

from orders.intake import OrderUnknown, Origin, apply_fulfillment, apply_scan
from orders.models import Fulfillment, Order, TrackingEvent
from orders.snapshot import FulfillmentSnapshot, QuantityOfLine, TrackingSnapshot
from orders.tests.builders import NOON, apply, later, line, make_order, make_shop, next_id, snapshot, story

ORIGIN = Origin(by="shopify", source="con_1")

pytestmark = pytest.mark.django_db


def parcel(order: Order, **fields: Any) -> FulfillmentSnapshot:
    defaults: dict[str, Any] = {
        "remote_id": next_id(),
        "status": "success",
        "lines": [QuantityOfLine(order.lines.all()[0].remote_id, 1)],
        "tracking_company": "UPS",
        "tracking_numbers": ["1Z999"],
        "created_at": NOON,
        "updated_at": NOON,
    }
    return FulfillmentSnapshot(**{**defaults, **fields})


def scan(parcel_id: int, **fields: Any) -> TrackingSnapshot:
    defaults: dict[str, Any] = {"remote_id": next_id(), "status": "in_transit", "happened_at": later(30)}
    return TrackingSnapshot(fulfillment_remote_id=parcel_id, **{**defaults, **fields})


def test_a_new_parcel_is_stored_and_journaled() -> None:
    order = make_order()
    seen = parcel(order)
    assert apply_fulfillment(order.shop, order.remote_id, seen, ORIGIN).what == "changed"
    row = Fulfillment.objects.get()
    assert (row.tracking_numbers, row.lines) == (["1Z999"], [{"line": order.lines.get().remote_id, "quantity": 1}])
    entry = order.journal.latest("id")
    assert (entry.action, entry.subject, entry.source) == ("fulfillment.created", row.public_id, "con_1")
    assert entry.facts == {"status": "success", "tracking": {"company": "UPS", "numbers": ["1Z999"]}}
    order.refresh_from_db()
    assert order.version == 2


def test_an_older_parcel_never_overwrites_a_newer_one() -> None:
    order = make_order()
    seen = parcel(order, updated_at=later())
    apply_fulfillment(order.shop, order.remote_id, seen, ORIGIN)
    older = replace(seen, status="cancelled", updated_at=NOON)
    assert apply_fulfillment(order.shop, order.remote_id, older, ORIGIN).what == "unchanged"
    assert Fulfillment.objects.get().status == "success"
    newer = replace(older, updated_at=later(2))
    assert apply_fulfillment(order.shop, order.remote_id, newer, ORIGIN).what == "changed"
    assert story(order)[-1][1]["changed"] == ["status"]


def test_a_repeated_parcel_is_no_news() -> None:
    order = make_order()
    seen = parcel(order)
    whats = [apply_fulfillment(order.shop, order.remote_id, seen, ORIGIN).what for _ in range(3)]
    assert whats == ["changed", "unchanged", "unchanged"]
    later_only = replace(seen, updated_at=later())
    assert apply_fulfillment(order.shop, order.remote_id, later_only, ORIGIN).what == "unchanged"


def test_a_source_that_does_not_know_the_shipment_status_keeps_it() -> None:
    order = make_order()
    seen = parcel(order, shipment_status="delivered")
    apply_fulfillment(order.shop, order.remote_id, seen, ORIGIN)
    apply_fulfillment(order.shop, order.remote_id, replace(seen, shipment_status=None, updated_at=later()), ORIGIN)
    assert Fulfillment.objects.get().shipment_status == "delivered"


def test_parcels_that_come_with_the_order_are_written_too() -> None:
    seen = snapshot(line("Teapot", 2))
    order = apply(seen).order
    assert apply(replace(seen, fulfillments=[parcel(order), parcel(order)], updated_at=later())).what == "changed"
    assert [action for action, _ in story(order)] == ["order.created", "fulfillment.created", "fulfillment.created"]
    order.refresh_from_db()
    assert order.version == 2


def test_each_scan_counts_once() -> None:
    order = make_order()
    seen = parcel(order)
    apply_fulfillment(order.shop, order.remote_id, seen, ORIGIN)
    first = scan(seen.remote_id, city="Springfield")
    whats = [apply_scan(order.shop, order.remote_id, first, ORIGIN).what for _ in range(2)]
    assert whats == ["changed", "unchanged"]
    assert story(order)[-1] == (
        "tracking.scanned",
        {"status": "in_transit", "happened_at": later(30).isoformat(), "tracking": ["1Z999"]},
    )


def test_scans_are_told_in_the_order_they_happened() -> None:
    order = make_order()
    seen = parcel(order)
    apply_fulfillment(order.shop, order.remote_id, seen, ORIGIN)
    for minute in (90, 10, 50):
        apply_scan(order.shop, order.remote_id, scan(seen.remote_id, happened_at=later(minute)), ORIGIN)
    assert [row.happened_at for row in TrackingEvent.objects.all()] == [later(10), later(50), later(90)]


def test_a_part_of_an_order_we_never_saw_is_refused() -> None:
    order = make_order()
    other = make_shop("other.myshopify.com")
    for shop, order_id in ((order.shop, 1), (other, order.remote_id)):
        with pytest.raises(OrderUnknown):
            apply_fulfillment(shop, order_id, parcel(order), ORIGIN)
        with pytest.raises(OrderUnknown):
            apply_scan(shop, order_id, scan(1), ORIGIN)
    assert not Fulfillment.objects.exists()


def test_a_scan_of_a_parcel_we_never_saw_is_refused() -> None:
    order, other = make_order(), make_order()
    seen = parcel(other)
    apply_fulfillment(other.shop, other.remote_id, seen, ORIGIN)
    with pytest.raises(OrderUnknown):
        apply_scan(order.shop, order.remote_id, scan(seen.remote_id), ORIGIN)
    assert not TrackingEvent.objects.exists()


def test_cancelled_parcels_do_not_count_as_sent() -> None:
    order = make_order()
    for status in ("cancelled", "success"):
        apply_fulfillment(order.shop, order.remote_id, parcel(order, status=status), ORIGIN)
    assert [row.status for row in order.parcels()] == ["success"]
