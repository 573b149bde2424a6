"""A bulk file becomes orders: wherever children stand, whatever is known already, however often it is loaded."""

from typing import Any

import pytest
from django.db import connection as database
from django.urls import reverse

from integrations.endpoints import add_endpoint
from integrations.history import process, reading, staging
from integrations.history.batches import NotNew, Superseded
from integrations.history.orders import OrderLoader
from integrations.models import Delivery, InboundMessage, SyncRun, UnfinishedOrder
from integrations.tests.bulk import (
    begin,
    customer_node,
    line_node,
    line_to_database,
    load_file,
    of,
    order_node,
    work_node,
    write,
)
from integrations.tests.shopify import SHARED, connect
from integrations.tests.sync import text_of
from orders.intake import Origin, apply_snapshot
from orders.models import Customer, JournalEntry, LineItem, Order
from orders.tests.builders import NOON, later, line, snapshot, story
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db(transaction=True)


def end(run: SyncRun) -> SyncRun:
    SyncRun.objects.filter(pk=run.pk).update(state="done", ended_at=run.started_at)
    run.refresh_from_db()
    return run


def import_file(connection: Any, path: Any) -> SyncRun:
    run = begin(connection)
    load_file(connection, path, run)
    return end(run)


def far_of(path: Any) -> list[tuple[bytes, bytes]]:
    found = reading.far_children(path, reading.Survey())
    return [(reading.named(parent), line) for parent, _, line in found]


def row_versions() -> list[tuple[Any, ...]]:
    """Which transaction wrote each row that a file may write."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT 'order', id, xmin::text FROM orders_order UNION ALL SELECT 'line', id, xmin::text FROM "
            "orders_lineitem UNION ALL SELECT 'customer', id, xmin::text FROM orders_customer UNION ALL "
            "SELECT 'entry', id, xmin::text FROM orders_journalentry ORDER BY 1, 2"
        )
        return cursor.fetchall()


def test_lines_find_their_order_wherever_they_stand(tmp_path):
    groups = [of(order_node(number, name=f"#{number}"), line_node(sku=f"A{number}"), line_node(sku=f"B{number}"))
              for number in range(1, 6)]  # fmt: skip
    orders = [order for order, *_ in groups]
    first_lines, second_lines = ([group[place] for group in groups] for place in (1, 2))
    connection = connect()
    run = import_file(connection, write(tmp_path / "file", [*orders, *first_lines, *reversed(second_lines)]))
    for order in Order.objects.all():
        assert [item.sku for item in order.lines.all()] == [f"A{order.remote_id}", f"B{order.remote_id}"]
    assert (Order.objects.count(), run.total, run.looked_at, run.facts["made"]) == (5, 5, 5, 5)


def test_a_line_without_its_order_is_counted_and_hurts_nobody(tmp_path):
    orphan = {**line_node(), "__parentId": "gid://shopify/Order/999"}
    path = write(tmp_path / "file", [orphan, *of(order_node(1), line_node()), orphan, *of(order_node(2), line_node())])
    connection = connect()
    run = begin(connection)
    load_file(connection, path, run)
    assert LineItem.objects.count() == 2
    with line_to_database() as session:
        assert staging.forget(session, run.pk, connection.shop.pk) == 2
        assert staging.forget(session, run.pk, connection.shop.pk) == 0


def test_a_file_that_ends_in_the_middle_of_a_line_is_refused_before_anything_is_written(tmp_path):
    path = write(tmp_path / "file", of(order_node(), line_node()))
    path.write_bytes(path.read_bytes()[:-20])
    connection = connect()
    with pytest.raises(reading.Cut, match="in the middle of a line"):
        load_file(connection, path)
    assert not Order.objects.exists()


def test_the_last_order_of_a_partial_file_is_left_out_for_its_lines_may_be_missing(tmp_path):
    path = write(tmp_path / "file", [*of(order_node(1), line_node()), *of(order_node(2), line_node())])
    path.write_bytes(path.read_bytes()[:-20])
    assert [reading.named(whole.key) for whole in reading.orders(path, is_partial=True)] == [b"Order/1"]


@pytest.mark.skipif(not SHARED.exists(), reason="The recorded files are not here")
def test_recorded_files_are_read(tmp_path):
    bulk = SHARED / "bulk"
    far = [(parent, reading.parse(line)["sku"]) for parent, line in far_of(bulk / "synthetic_orders_ungrouped.jsonl")]
    assert far == [(b"Order/1", "SKU-11"), (b"Order/1", "SKU-12")]
    assert [parent for parent, _ in far_of(bulk / "synthetic_orders_orphan_child.jsonl")] == [b"Order/9"]
    assert not far_of(bulk / "synthetic_orders_grouped.jsonl")
    (tree,) = reading.orders(bulk / "real_product_tree.jsonl")
    assert reading.named(tree.key) == b"Product/10243914727730"
    assert [reading.named(reading.id_of(child)).split(b"/")[0] for child in tree.children] == [
        b"ProductVariant",
        b"MediaImage",
        b"Metafield",
    ]
    with pytest.raises(reading.Cut):
        list(reading.orders(bulk / "synthetic_orders_truncated.jsonl"))


def test_the_same_file_again_rewrites_no_row(tmp_path):
    path = write(tmp_path / "file", [node for _ in range(20) for node in of(order_node(), line_node(), line_node())])
    connection = connect()
    import_file(connection, path)
    before = row_versions()
    assert len(before) == 20 * 5
    import_file(connection, path)
    assert row_versions() == before


def test_an_order_that_came_by_message_and_is_the_same_is_not_rewritten(tmp_path):
    connection = connect()
    nodes = of(order_node(1, tags=[]), line_node(11))
    import_file(connection, write(tmp_path / "file", nodes))
    Order.objects.update(digest="of a message")
    before = row_versions()
    import_file(connection, write(tmp_path / "file", nodes))
    assert row_versions() == before


def test_a_newer_order_is_not_overwritten(tmp_path):
    connection = connect()
    newer = snapshot(line(remote_id=11, title="As it is now"), remote_id=1, name="#NEW", updated_at=later(1))
    apply_snapshot(connection.shop, newer, Origin(by="shopify"))
    import_file(connection, write(tmp_path / "file", of(order_node(1, name="#OLD"), line_node(11), line_node(12))))
    order = Order.objects.get()
    assert (order.name, [item.title for item in order.lines.all()]) == ("#NEW", ["As it is now"])
    assert [action for action, _ in story(order)] == ["order.created"]


def test_an_order_we_know_in_an_older_state_is_brought_up_to_date_and_told(tmp_path):
    connection = connect()
    endpoint = add_endpoint("all", "https://hooks.example.com/1", ["*"])
    older = snapshot(
        line(remote_id=11), line(remote_id=13, title="Kept"), remote_id=1, name="#1001", updated_at=later(-5)
    )
    apply_snapshot(connection.shop, older, Origin(by="shopify"))
    now = order_node(1, displayFinancialStatus="REFUNDED", cancelledAt="2026-11-20T12:00:00Z")
    import_file(connection, write(tmp_path / "file", of(now, line_node(11), line_node(12))))
    order = Order.objects.get()
    assert (order.financial_status, order.version, order.remote_updated_at) == ("refunded", 2, NOON)
    assert {item.remote_id for item in order.lines.all()} == {11, 12, 13}
    (_, _), (action, facts) = story(order)
    assert action == "order.cancelled"
    assert {"cancelled_at", "financial_status", "lines", "customer_id"} <= set(facts["changed"])
    assert "remote_updated_at" not in facts["changed"]
    told = Delivery.objects.filter(connection=endpoint).order_by("id")
    assert [delivery.entry.action for delivery in told] == ["order.created", "order.cancelled"]


def test_history_is_in_the_feed_and_sent_only_to_who_names_it(tmp_path):
    connection = connect()
    for name, events in (
        ("all", ["*"]),
        ("orders", ["order.*"]),
        ("history", ["order.imported"]),
        ("claims", ["claim.*"]),
    ):
        add_endpoint(name, f"https://hooks.example.com/{name}", events)
    import_file(connection, write(tmp_path / "file", of(order_node(1), line_node())))
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.by, entry.source) == ("order.imported", "shopify", connection.public_id)
    assert (entry.facts, entry.horizon > 0) == ({"name": "#1001", "test": False}, True)
    assert [delivery.connection.partner.name for delivery in Delivery.objects.all()] == ["history"]


def test_a_customer_is_the_newest_of_all_orders(tmp_path):
    connection = connect()
    stays = Customer.objects.create(
        shop=connection.shop, remote_id=8, email="now@example.com", remote_updated_at=later(60)
    )
    nodes = []
    for place, (remote_id, hour) in enumerate([(7, 10), (7, 12), (7, 11), (8, 12)]):
        customer = customer_node(
            remote_id,
            updatedAt=f"2026-11-20T{hour}:00:00Z",
            defaultEmailAddress={"emailAddress": f"{hour}@example.com"},
        )
        nodes += of(order_node(place + 1, customer=customer), line_node())
    import_file(connection, write(tmp_path / "file", nodes))
    emails = dict(Customer.objects.values_list("remote_id", "email"))
    assert emails == {7: "12@example.com", 8: "now@example.com"}
    assert Order.objects.get(remote_id=4).customer == stays


def test_past_orders_of_an_erased_customer_come_in_erased(tmp_path):
    connection = connect()
    Customer.objects.create(shop=connection.shop, remote_id=7, redacted_at=later(60))
    order = order_node(1, customer=customer_node(7), note="ring twice", tags=["vip"])
    engraved = line_node(customAttributes=[{"key": "engraving", "value": "Zoë"}])
    hold = {"id": "gid://shopify/FulfillmentHold/1", "reason": "OTHER", "reasonNotes": "for Zoë", "handle": None}
    held = work_node(fulfillmentHolds=[{**hold, "heldByRequestingApp": True}])
    import_file(connection, write(tmp_path / "file", of(order, engraved, held)))
    erased = Order.objects.get()
    assert (erased.email, erased.note, erased.tags, erased.shipping_address) == ("", "", [], None)
    assert erased.redacted_at == later(60)
    assert erased.lines.get().properties == []
    work = erased.fulfillment_orders.get()
    assert (work.destination, work.holds[0]["notes"], work.holds[0]["reason"]) == (None, "", "other")
    assert (erased.customer.email, erased.customer.first_name) == ("", "")


def test_a_redacted_order_stays_redacted(tmp_path):
    connection = connect()
    older = snapshot(remote_id=1, email="", updated_at=later(-5))
    order = apply_snapshot(connection.shop, older, Origin(by="shopify")).order
    Order.objects.filter(pk=order.pk).update(redacted_at=NOON)
    import_file(connection, write(tmp_path / "file", of(order_node(1, email="back@example.com"), line_node())))
    order.refresh_from_db()
    assert order.email == ""
    assert not UnfinishedOrder.objects.exists()


def test_an_order_that_cannot_be_read_or_written_is_counted_and_the_others_come_in(tmp_path):
    connection = connect()
    good = [order_node(number) for number in range(1, 30)]
    unreadable, too_long = order_node(30, createdAt=None), order_node(31, name="#" * 300)
    nodes = [*good[:15], unreadable, too_long, *good[15:]]
    run = import_file(
        connection, write(tmp_path / "file", [node for order in nodes for node in of(order, line_node())])
    )
    assert (Order.objects.count(), run.looked_at, run.failed) == (29, 31, 2)
    assert [note["order"] for note in run.facts["failures"]] == [30, 31]
    page = text_of(agent_client().get(reverse("admin:integrations_syncrun_change", args=[run.pk])))
    assert "31 value too long" in page


def test_an_order_that_stands_twice_in_a_file_is_one(tmp_path):
    connection = connect()
    twice = of(order_node(1), line_node(11))
    import_file(connection, write(tmp_path / "file", [*twice, *of(order_node(2), line_node()), *twice]))
    assert (Order.objects.count(), LineItem.objects.count()) == (2, 2)


def test_text_that_the_database_cannot_hold_is_replaced(tmp_path):
    connection = connect()
    path = write(tmp_path / "file", of(order_node(1, note="NOTE"), line_node(title="TITLE")))
    path.write_bytes(path.read_bytes().replace(b"NOTE", rb"a\u0000b").replace(b"TITLE", rb"half \ud83d a pair"))
    import_file(connection, path)
    order = Order.objects.get()
    assert (order.note, order.lines.get().title) == ("a\N{REPLACEMENT CHARACTER}b", "half ? a pair")


def test_messages_that_waited_for_an_order_are_due(tmp_path):
    connection = connect()
    message = InboundMessage.objects.create(
        connection=connection,
        topic="fulfillments/create",
        delivery_key="k",
        body_zlib=b"",
        received_at=NOON,
        waits_for=1,
        state="ignored",
    )
    import_file(connection, write(tmp_path / "file", of(order_node(1), line_node())))
    message.refresh_from_db()
    assert (message.state, message.waits_for) == ("received", None)
    assert message.due_at


def test_what_a_file_cannot_hold_is_left_to_be_done(tmp_path):
    connection = connect()
    nodes = [
        *of(order_node(1), line_node()),
        *of(order_node(2, refunds=[{"id": "gid://shopify/Refund/5"}]), line_node()),
        *of(order_node(3, sourceIdentifier="0b0e3a3e-53a0-4c1b-9d57-3c1f0c9d5f10"), line_node()),
    ]
    import_file(connection, write(tmp_path / "file", nodes))
    left = UnfinishedOrder.objects.order_by("order__remote_id").values_list("order__remote_id", "should_read")
    assert list(left) == [(2, True), (3, False)]


def test_an_order_that_came_in_after_its_batch_was_read_is_not_taken_for_new(tmp_path):
    connection = connect()
    nodes = [*of(order_node(1, email="file@example.com"), line_node(11)), *of(order_node(2), line_node())]
    job = process.job_of(begin(connection), write(tmp_path / "file", nodes))
    with line_to_database() as writing, line_to_database() as looking:
        loader = OrderLoader(writing, job, False)
        ahead = loader.read(looking, 0, 10)
        came = snapshot(remote_id=1, email="message@example.com", updated_at=later(-60 * 24 * 365))
        apply_snapshot(connection.shop, came, Origin(by="shopify"))
        with pytest.raises(NotNew):
            loader.write(ahead)
        assert Order.objects.get().email == "message@example.com"
        done = loader.write(loader.read(looking, 0, 10, may_be_new=False))
    assert (done.made, done.changed) == (1, 1)
    assert Order.objects.get(remote_id=1).email == "file@example.com"
    assert LineItem.objects.filter(remote_id=11).count() == 1
    told = JournalEntry.objects.order_by("id").values_list("order__remote_id", "action")
    assert list(told) == [(1, "order.created"), (2, "order.imported"), (1, "order.updated")]


def test_an_order_that_stands_in_two_batches_is_one(tmp_path):
    connection = connect()
    twice = of(order_node(1), line_node(11))
    path = write(tmp_path / "file", [*twice, *of(order_node(2), line_node()), *twice])
    load_file(connection, path, batch=1)
    assert (Order.objects.count(), LineItem.objects.count(), JournalEntry.objects.count()) == (2, 2, 2)


def test_a_loader_whose_pass_was_taken_over_writes_nothing(tmp_path):
    connection = connect()
    path = write(tmp_path / "file", of(order_node(1), line_node()))
    run = begin(connection)
    SyncRun.objects.filter(pk=run.pk).update(cursor={"at": 7})
    with pytest.raises(Superseded):
        load_file(connection, path, run)
    assert not Order.objects.exists()


def test_an_empty_file_is_no_orders(tmp_path):
    connection = connect()
    assert load_file(connection, write(tmp_path / "file", [])) == []
