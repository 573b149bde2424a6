"""A store's past comes in by a bulk operation of the stand-in: asked for, waited for, fetched, loaded, finished."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations import backfill, passes, schedules
from integrations.differences import differences
from integrations.history import spool
from integrations.models import Connection, FarChild, SyncRun, UnfinishedOrder
from integrations.shopify import bulk, reads
from integrations.shopify.client import Shopify
from integrations.shopify.pacing import Paced
from integrations.tests.bulk import line_node, of, order_node, write
from integrations.tests.shopify import connect
from orders.models import Fulfillment, JournalEntry, Order
from protection.models import Coverage
from protection.tests.builders import make_plan
from sandbox.tests import running
from sandbox.tests.running import Sandbox

CANCEL = "mutation($id: ID!) { bulkOperationCancel(id: $id) { userErrors { message } } }"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A stand-in with a past."""
    started = running.start(tmp_path_factory.mktemp("sandbox"), speed=20)
    started.post("/sandbox/orders.json", count=8)
    for kind in ("fulfil", "refund"):
        started.press(started.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"], kind)
    yield started
    started.stop()


@pytest.fixture
def shopify(store: Sandbox) -> Connection:
    store.post("/sandbox/faults.json", bulk_seconds=0.1, bulk_fail_at=None)
    return connect(store.shop, api_url=store.url, token=store.token)


def wait_for(line: Shopify, operation: str, status: str) -> bulk.Operation:
    while True:
        found = bulk.look(line, operation)
        assert found is not None
        if found.status == status:
            return found


def of_the_store(store: Sandbox) -> int:
    return int(store.ask("{ ordersCount { count } }")["data"]["ordersCount"]["count"])


def assert_all_is_as_read(connection: Connection) -> None:
    line = Paced(connection, patience=60)
    for order in Order.objects.filter(shop=connection.shop):
        snapshot = reads.read_order(connection, order.remote_id, line)
        assert snapshot is not None
        assert differences(order, snapshot) == [], order.name


def test_every_order_comes_in_as_it_is_in_the_shop(store, shopify):
    make_plan(shopify.shop)
    store.place(protected=True)
    run = backfill.finish(backfill.start(shopify, by="tests"))
    assert (run.state, run.failure) == ("done", "")
    assert run.looked_at == run.total == Order.objects.count() == of_the_store(store)
    assert_all_is_as_read(shopify)
    assert not UnfinishedOrder.objects.exists()
    assert not spool.path_of(run.public_id).exists()
    assert Coverage.objects.count() == 1
    assert set(JournalEntry.objects.values_list("action", flat=True)) >= {"order.imported", "refund.created"}


def test_only_orders_with_refunds_are_read_one_by_one_and_parcels_come_in_bulk(store, shopify):
    run = backfill.finish(backfill.start(shopify, by="tests"))
    refunded = Order.objects.exclude(refunds=None).count()
    assert run.facts["read"] == refunded >= 1
    assert run.facts["parcels"] == Fulfillment.objects.filter(order__refunds=None).count() >= 1
    assert_all_is_as_read(shopify)


def test_parcels_that_may_not_be_seen_in_bulk_are_read_with_their_orders(store, shopify):
    run = backfill.start(shopify, by="tests")
    run.cursor["work"] = "denied"
    passes.keep(run)
    backfill.finish(run)
    assert run.facts["read"] > Order.objects.exclude(refunds=None).count()
    assert run.facts["parcels"] == 0
    assert Fulfillment.objects.exists()
    assert not UnfinishedOrder.objects.exists()


def test_again_it_changes_nothing(store, shopify):
    backfill.finish(backfill.start(shopify, by="tests"))
    before = JournalEntry.objects.count()
    run = backfill.finish(backfill.start(shopify, by="tests"))
    assert (run.facts["made"], run.facts["changed"], JournalEntry.objects.count()) == (0, 0, before)


def test_an_operation_that_fails_in_the_middle_is_gone_on_with_where_it_was(store, shopify):
    store.post("/sandbox/faults.json", bulk_fail_at=4)
    run = backfill.start(shopify, by="tests")
    shown = []

    def watch(run: SyncRun) -> None:
        shown.append(run.cursor.get("reached"))
        if run.cursor.get("reached"):
            store.post("/sandbox/faults.json", bulk_fail_at=None)

    backfill.finish(run, watch)
    assert (run.state, run.facts["last_failure"]) == ("done", "Shopify gave up: INTERNAL_SERVER_ERROR.")
    assert any(shown)  # what Shopify had written was used
    assert Order.objects.count() == of_the_store(store)
    assert_all_is_as_read(shopify)


def test_operations_that_fail_again_and_again_end_the_pass_with_a_reason(store, shopify):
    store.post("/sandbox/faults.json", bulk_fail_at=0)
    run = backfill.finish(backfill.start(shopify, by="tests"))
    assert run.state == "failed"
    assert "INTERNAL_SERVER_ERROR" in run.failure
    assert passes.begin(shopify, SyncRun.Kind.BACKFILL, by="tests")


def test_one_that_is_cancelled_at_shopify_is_not_taken_for_done(store, shopify):
    store.post("/sandbox/faults.json", bulk_seconds=1200)
    run = backfill.start(shopify, by="tests")
    passes.carry_on(run, 0.2)
    Shopify(shopify).run(CANCEL, {"id": run.cursor["operation"]})
    backfill.finish(run)
    assert (run.state, "cancelled" in run.failure) == ("failed", True)


def test_what_a_failed_pass_leaves_behind_is_swept_and_nothing_else(shopify, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    failed, alive = backfill.start(shopify, by="tests"), backfill.start(connect("other.myshopify.com"), by="tests")
    for run in (failed, alive):
        spool.path_of(run.public_id).write_text("somebody's address")
        FarChild.objects.create(run=run, parent=b"Order/1", at=9, line=b"somebody's address")
    passes.end(failed, failure="cancelled")
    assert "integrations.backfill.sweep" in schedules.MINUTES
    backfill.sweep()
    assert not spool.path_of(failed.public_id).exists()
    assert spool.path_of(alive.public_id).exists()
    assert [child.run for child in FarChild.objects.all()] == [alive]
    passes.end(alive, failure="cancelled")
    assert backfill.sweep() == 1


def test_a_sixth_operation_waits_until_a_place_is_free(store, shopify):
    store.post("/sandbox/faults.json", bulk_seconds=1200)
    line = Shopify(shopify)
    others = [bulk.start(line, bulk.HISTORY, is_grouped=False) for _ in range(5)]
    run = backfill.start(shopify, by="tests")
    passes.carry_on(run, 2)
    assert (run.state, run.cursor["phase"], passes.waits(run)) == ("running", "ask", True)
    assert "already in progress" in run.facts["waits_for"]
    for other in others:
        line.run(CANCEL, {"id": other})
    for other in others:
        wait_for(line, other, "CANCELED")
    store.post("/sandbox/faults.json", bulk_seconds=0.1)
    run.cursor.pop("waits_until")
    passes.keep(run)
    assert backfill.finish(run).state == "done"


def test_a_store_without_orders_since_then_is_done_at_once(store, shopify):
    run = backfill.finish(backfill.start(shopify, since=timezone.now() + timedelta(days=9000), by="tests"))
    assert (run.state, run.total, Order.objects.count()) == ("done", 0, 0)


def test_the_file_comes_in_pieces_and_from_where_it_was(store, shopify, tmp_path: Path):
    line = Shopify(shopify)
    operation = bulk.start(line, bulk.HISTORY, is_grouped=False)
    url = wait_for(line, operation, "COMPLETED").url
    assert url
    whole, part = tmp_path / "whole", tmp_path / "part"
    assert spool.fetch(url, whole, seconds=10)
    part.write_bytes(whole.read_bytes()[:1000])
    assert spool.fetch(url, part, seconds=10)
    assert part.read_bytes() == whole.read_bytes()
    assert spool.fetch(url, part, seconds=10)
    assert part.read_bytes() == whole.read_bytes()
    with pytest.raises(spool.Gone):
        spool.fetch(url.replace(".jsonl", "9.jsonl"), tmp_path / "no", seconds=10)


def test_the_command_loads_a_file_and_says_what_came_of_it(tmp_path):
    connection = connect()
    path = write(tmp_path / "file", [node for _ in range(3) for node in of(order_node(), line_node())])
    out = io.StringIO()
    call_command("backfill", shop=connection.shop.domain, file=path, stdout=out)
    assert "3 orders looked at, 3 new, 0 changed, 0 read whole, 0 failed" in out.getvalue()
    assert path.exists()
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CommandError):
        call_command("backfill", shop=connection.shop.domain, file=path, stdout=out)
    assert "in the middle of a line" in out.getvalue()
    with pytest.raises(CommandError, match="not connected"):
        call_command("backfill", shop="nobody.myshopify.com", stdout=out)


def test_only_one_backfill_of_a_store_is_under_way():
    connection = connect()
    backfill.start(connection, by="tests")
    with pytest.raises(passes.UnderWay):
        backfill.start(connection, by="tests")
