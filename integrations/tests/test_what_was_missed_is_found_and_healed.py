"""Reconciling: whatever no message told us is found by the shop's own times, let in, counted and kept as drift."""

import json
from datetime import timedelta
from typing import Any

import pytest

from integrations import healing, inbox, passes, reconcile
from integrations.models import Connection, Drift, SyncRun
from integrations.shopify.arriving import apply_order, origin_of, read_and_apply
from integrations.shopify.reads import read_order
from integrations.shopify.translate import order_snapshot, parse
from integrations.tests.shopify import connect, post
from orders import intake
from orders.models import JournalEntry, Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


@pytest.fixture(autouse=True)
def no_grace(settings):
    """Changes of this second count as missed."""
    settings.DRIFT_GRACE_SECONDS = 0


def body_of(sandbox: Any, order_id: int) -> dict[str, Any]:
    return parse(json.dumps(sandbox.get(f"/sandbox/orders/{order_id}.json")["order"]).encode())


def heard_of(sandbox: Any, shopify: Connection, order_id: int) -> Order:
    """The order, taken in by its webhook's body and by what the messages about its parts made us read."""
    apply_order(shopify, order_snapshot(body_of(sandbox, order_id)))
    outcome = read_and_apply(shopify, order_id)
    assert outcome is not None
    return outcome.order


def counts(run: SyncRun) -> tuple[int, int, int]:
    return run.drift_found, run.healed, run.failed


def test_an_order_that_never_arrived_is_read_whole(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 3}])
    run = reconcile.reconcile(shopify, by="test")
    order = Order.objects.get()
    assert (order.remote_id, order.lines.get().quantity) == (placed["id"], 3)
    assert (run.state, run.looked_at, *counts(run)) == ("done", 1, 1, 1, 0)
    drift = Drift.objects.get()
    assert (drift.order, drift.healed_by) == (order, "test")
    assert drift.healed_at is not None
    sources = set(JournalEntry.objects.filter(order__isnull=False).values_list("source", flat=True))
    assert sources == {shopify.public_id}


def test_every_kind_of_change_that_was_missed_is_healed(sandbox, shopify):
    ids = [sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"] for _ in range(6)]
    for pk in ids:
        heard_of(sandbox, shopify, pk)
    line = body_of(sandbox, ids[0])["line_items"][0]["id"]
    sandbox.press(ids[0], "refund", lines=[{"line_id": line, "quantity": 1}])
    sandbox.press(ids[1], "cancel")
    sandbox.press(ids[2], "fulfil")
    sandbox.press(ids[3], "edit", set=[{"sku": "FW-MUG", "quantity": 1}])
    sandbox.press(ids[4], "note", note="Ring twice")
    run = reconcile.reconcile(shopify, by="test")
    assert counts(run) == (5, 5, 0)
    assert run.facts["read"] == 5
    for pk in ids:
        order = Order.objects.get(remote_id=pk)
        snapshot = read_order(shopify, pk)
        assert snapshot is not None
        assert healing.comparing.note(shopify, order.pk, snapshot, by="check").what == "same"


def test_a_line_is_as_far_as_its_parcels(sandbox, shopify):
    """GraphQL has no word for it, webhooks have: one that was missed must not leave the old word behind."""
    order = heard_of(sandbox, shopify, sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"])
    for word in ("partial", "fulfilled"):
        line = body_of(sandbox, order.remote_id)["line_items"][0]
        sandbox.press(order.remote_id, "fulfil", lines=[{"line_id": line["id"], "quantity": 1}])
        reconcile.reconcile(shopify, by="test")
        theirs = body_of(sandbox, order.remote_id)["line_items"][0]["fulfillment_status"]
        assert order.lines.get(remote_id=line["id"]).fulfillment_status == word == theirs


def test_what_agrees_is_not_read_and_nothing_is_journaled(sandbox, shopify):
    for _ in range(3):
        heard_of(sandbox, shopify, sandbox.place()["id"])
    before = JournalEntry.objects.filter(order__isnull=False).count()
    run = reconcile.reconcile(shopify, by="test")
    assert (run.looked_at, run.total, "read" in run.facts) == (3, 3, False)
    assert counts(run) == (0, 0, 0)
    assert JournalEntry.objects.filter(order__isnull=False).count() == before


def test_a_deep_pass_reads_every_order_and_finds_what_no_head_shows(sandbox, shopify):
    order = heard_of(sandbox, shopify, sandbox.place()["id"])
    reconcile.reconcile(shopify, by="test")
    order.lines.update(vendor="Somebody else")
    assert counts(reconcile.reconcile(shopify, by="test")) == (0, 0, 0)
    assert counts(reconcile.reconcile(shopify, deep=True, by="test")) == (1, 1, 0)
    assert Drift.objects.get().fields[0]["field"].endswith(".vendor")


def test_what_no_message_ever_says_is_filled_in_and_no_drift(sandbox, shopify):
    """Whose payments, risk and returns nobody has told us of yet has lost nothing."""
    order = heard_of(sandbox, shopify, sandbox.place()["id"])
    work = read_order(shopify, order.remote_id)
    assert work is not None
    intake.apply_fulfillment_orders(order.shop, order.remote_id, work.fulfillment_orders or [], origin_of(shopify))
    assert counts(reconcile.reconcile(shopify, deep=True, by="test")) == (0, 0, 0)
    order.refresh_from_db()
    assert (order.risk, order.return_status, order.payments.count()) == ("accept", "no_return", 1)
    assert not Drift.objects.exists()


def test_a_second_change_of_the_same_second_is_found(sandbox, shopify):
    """Our copy bears the shop's own time and is not as the shop has it: the message about the second was lost."""
    order = heard_of(sandbox, shopify, sandbox.place()["id"])
    sandbox.press(order.remote_id, "address", address1="276 New Wharf")
    after = read_order(shopify, order.remote_id)
    assert after is not None
    Order.objects.filter(pk=order.pk).update(remote_updated_at=after.updated_at)
    assert counts(reconcile.reconcile(shopify, by="test")) == (1, 1, 0)
    order.refresh_from_db()
    assert order.shipping_address["address1"] == "276 New Wharf"


@pytest.mark.parametrize("missed", ["the whole payment", "that it has settled"])
def test_a_payment_is_seen_though_no_message_about_it_came(sandbox, shopify, missed):
    """No body of an order holds its payments: all else may have come and agree."""
    order = heard_of(sandbox, shopify, sandbox.place()["id"])
    if missed == "the whole payment":
        order.payments.all().delete()
    else:
        order.payments.update(status="pending")
    assert reconcile.reconcile(shopify, by="test").facts["read"] == 1
    assert [row.status for row in order.payments.all()] == ["success"]
    assert "read" not in reconcile.reconcile(shopify, by="test").facts


def test_a_payment_that_is_further_here_is_no_reason_to_read(sandbox, shopify):
    order = heard_of(sandbox, shopify, sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"])
    line = body_of(sandbox, order.remote_id)["line_items"][0]["id"]
    sandbox.press(order.remote_id, "refund", status="pending", lines=[{"line_id": line, "quantity": 1}])
    reconcile.reconcile(shopify, by="test")
    assert order.payments.filter(status="pending").update(status="success") == 1
    assert "read" not in reconcile.reconcile(shopify, by="test").facts


def test_goods_on_their_way_back_are_seen_though_no_message_about_them_came(sandbox, shopify):
    order = heard_of(sandbox, shopify, sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"])
    sandbox.press(order.remote_id, "fulfil")
    reconcile.reconcile(shopify, by="test")
    sandbox.press(order.remote_id, "return")
    after = read_order(shopify, order.remote_id)
    assert after is not None
    Order.objects.filter(pk=order.pk).update(remote_updated_at=after.updated_at)
    reconcile.reconcile(shopify, by="test")
    order.refresh_from_db()
    assert (order.return_status, order.returns.count()) == (after.return_status, 1)


def test_pages_are_walked_to_the_end(sandbox, shopify, monkeypatch):
    monkeypatch.setattr(healing.polling, "ORDER_HEADS", healing.polling.ORDER_HEADS.replace("first: 100", "first: 3"))
    for _ in range(8):
        sandbox.place()
    run = reconcile.reconcile(shopify, by="test")
    assert (run.looked_at, run.healed, Order.objects.count()) == (8, 8, 8)


def test_work_at_a_location_is_looked_at_by_its_own_time(sandbox, shopify):
    """A hold moves neither the order nor its parcels: only the fulfillment order's own time tells."""
    order = heard_of(sandbox, shopify, sandbox.place()["id"])
    reconcile.reconcile(shopify, by="test")
    work = order.fulfillment_orders.get()
    answer = sandbox.ask(
        'mutation($id: ID!) { fulfillmentOrderHold(id: $id, fulfillmentHold: {reason: OTHER, reasonNotes: "Wait"}) {'
        " userErrors { message } } }",
        id=f"gid://shopify/FulfillmentOrder/{work.remote_id}",
    )
    assert answer["data"]["fulfillmentOrderHold"]["userErrors"] == []
    run = reconcile.reconcile(shopify, by="test")
    work.refresh_from_db()
    assert (work.status, *counts(run)) == ("on_hold", 1, 1, 0)
    assert run.facts["fulfillment_orders"] == 1
    assert counts(reconcile.reconcile(shopify, by="test")) == (0, 0, 0)


def test_an_order_deleted_at_the_shop_is_marked(sandbox, shopify):
    order = heard_of(sandbox, shopify, sandbox.place()["id"])
    assert sandbox.post(f"/sandbox/orders/{order.remote_id}/delete.json").status_code == 200
    run = reconcile.reconcile(shopify, by="test")
    order.refresh_from_db()
    assert order.deleted_at is not None
    assert counts(run) == (1, 1, 0)
    assert JournalEntry.objects.filter(action="order.deleted").count() == 1
    assert counts(reconcile.reconcile(shopify, by="test")) == (0, 0, 0)


def test_an_order_that_the_shop_merely_does_not_show_is_not_deleted(sandbox, shopify):
    order = heard_of(sandbox, shopify, sandbox.place()["id"])
    Order.objects.filter(pk=order.pk).update(remote_id=1, name="#9")
    run = reconcile.reconcile(shopify, names=["#9"], by="test")
    order.refresh_from_db()
    assert (order.deleted_at, run.facts["hidden"], *counts(run)) == (None, 1, 0, 0, 0)


def test_named_orders_are_compared_whatever_their_time(sandbox, shopify):
    placed = sandbox.place()
    order = heard_of(sandbox, shopify, placed["id"])
    sandbox.place()
    Order.objects.filter(pk=order.pk).update(note="Typed over")
    run = reconcile.reconcile(shopify, names=[placed["name"]], by="test")
    assert (run.looked_at, *counts(run), Order.objects.count()) == (1, 1, 1, 0, 1)


def test_the_next_pass_begins_before_the_end_of_the_last(sandbox, shopify):
    first = reconcile.reconcile(shopify, by="test")
    second = reconcile.begin(shopify, by="test")
    assert first.until is not None
    assert second.since == first.until - timedelta(minutes=10)


def test_a_pass_over_an_old_window_does_not_move_the_next_one(sandbox, shopify):
    first = reconcile.reconcile(shopify, by="test")
    assert first.until is not None
    month = timedelta(days=30)
    reconcile.reconcile(shopify, since=first.until - month, until=first.until - month / 2, by="test")
    reconcile.reconcile(shopify, names=["#1001"], by="test")
    second = reconcile.begin(shopify, by="test")
    assert second.since == first.until - timedelta(minutes=10)


def test_what_is_newer_here_is_left_alone(sandbox, shopify):
    order = heard_of(sandbox, shopify, sandbox.place()["id"])
    later = order.remote_updated_at + timedelta(hours=1)
    Order.objects.filter(pk=order.pk).update(remote_updated_at=later, note="From a newer message")
    run = reconcile.reconcile(shopify, deep=True, by="test")
    order.refresh_from_db()
    assert (order.note, run.facts["newer_here"], *counts(run)) == ("From a newer message", 1, 0, 0, 0)


def test_what_a_waiting_message_will_tell_is_healed_and_not_counted(sandbox):
    shopify = connect(sandbox.shop, api_url=sandbox.url, token=sandbox.token)
    placed = sandbox.place()
    post(shopify, "orders/create", sandbox.get(f"/sandbox/orders/{placed['id']}.json")["order"])
    run = reconcile.reconcile(shopify, by="test")
    assert (Order.objects.count(), run.facts["on_its_way"], *counts(run)) == (1, 1, 0, 0, 0)
    assert not Drift.objects.exists()
    assert inbox.drain() == 1


def test_a_change_of_a_moment_ago_is_healed_and_not_counted(sandbox, shopify, settings):
    settings.DRIFT_GRACE_SECONDS = 60
    sandbox.place()
    run = reconcile.reconcile(shopify, by="test")
    assert (Order.objects.count(), run.facts["on_its_way"], *counts(run)) == (1, 1, 0, 0, 0)


def test_an_inbox_that_is_far_behind_comes_first(sandbox, shopify, monkeypatch):
    monkeypatch.setattr(healing.waiting, "MOST", 1)
    for _ in range(2):
        placed = sandbox.place()
        post(shopify, "orders/create", sandbox.get(f"/sandbox/orders/{placed['id']}.json")["order"])
    run = reconcile.begin(shopify, by="test")
    passes.carry_on(run, 5)
    assert (run.state, Order.objects.count()) == ("running", 0)
    assert "messages wait" in run.facts["waits_for"]
    inbox.drain()
    run.cursor.pop("waits_until")
    passes.keep(run)
    assert reconcile.finish(run).state == "done"


def test_one_pass_at_a_time_on_a_store(sandbox, shopify):
    run = reconcile.begin(shopify, by="first")
    with pytest.raises(passes.UnderWay):
        reconcile.begin(shopify, by="second")
    reconcile.begin_all()
    assert SyncRun.objects.count() == 1
    assert reconcile.reconcile(shopify, by="second").by == "second"
    run.refresh_from_db()
    assert run.state == "done"
