"""Cancelling is a job of the shop's: asked for once and followed until the order is cancelled, whatever comes first."""

import pytest
from django.utils import timezone

from integrations.models import Delivery, Health
from integrations.tests.changing import arrived, home, outcome, sent, told
from orders import changes, entitlement
from orders.changes import ChangeRefused
from orders.models import UnitUse

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop_of_module, store):
    return arrived(shop_of_module, store)


@pytest.fixture
def slow(shop_of_module):
    """Jobs of the shop take a minute."""
    shop_of_module.post("/sandbox/faults.json", job_seconds=60)
    yield
    shop_of_module.post("/sandbox/faults.json", job_seconds=0.3)


def until(shopify, change, state, tries=40):
    for _ in range(tries):
        sent(shopify, change)
        if change.state == state:
            return
    pytest.fail(f"{change.state}: {change.failure}")


def test_an_order_is_cancelled_by_one_mutation(store, door, order):
    change = changes.cancel(order, reason="customer", note="Changed their mind", by="staff:ana")
    until(store, change, "done")
    order.refresh_from_db()
    assert order.cancelled_at
    assert door.mutations == ["orderCancel"]
    assert change.result["job"].startswith("gid://shopify/Job/")
    assert told(order) == ["change.queued", "change.running", "change.done"]
    assert Delivery.objects.get(entry__subject=change.public_id).state in ("delivered", "retrying")
    sent(store, change)
    assert outcome(change).startswith("delivered")


def uses(order, **which):
    return UnitUse.objects.filter(line__order=order, released_at=None, **which)


def test_every_unit_is_paid_back_once(store, door, order):
    """Its units are used from the moment it is asked for; the refund that the shop makes takes them over."""
    bought = sum(line.quantity for line in order.lines.all())
    change = changes.cancel(order, by="staff:ana")
    assert uses(order, reference=change.public_id).count() == bought
    with pytest.raises(ChangeRefused) as refusal:
        changes.refund(order, lines=[{"line_item": order.lines.first().public_id, "quantity": 1}], by="staff:ben")
    assert refusal.value.code == "unit_used"
    until(store, change, "done")
    refund = order.refunds.get()
    assert uses(order).count() == bought
    assert uses(order, reference=refund.public_id).count() == sum(part["quantity"] for part in refund.lines) > 0
    assert told(order, "entitlement.") == []


def test_what_a_claim_has_replaced_is_not_paid_back_too(store, order):
    goods = order.lines.first()
    entitlement.use_units(goods, [1], kind="replacement", reference="res_1")
    with pytest.raises(ChangeRefused, match="already replaced") as refusal:
        changes.cancel(order, by="staff:ana")
    assert (refusal.value.code, refusal.value.pointer) == ("unit_used", "/refund")
    assert not order.changes.exists()
    assert changes.cancel(order, refund="none", by="staff:ana").state == "queued"
    assert uses(order).count() == 1


def test_a_refused_cancellation_frees_its_units_and_takes_them_again(shop_of_module, store, door, order):
    change = changes.cancel(order, by="staff:ana")
    held = uses(order).count()
    shop_of_module.press(order.remote_id, "fulfil")
    sent(store, change)
    assert (change.state, uses(order).count()) == ("failed", 0)
    changes.ask_again(change, by="staff:ana")
    assert uses(order, reference=change.public_id).count() == held
    changes.withdraw(change, by="staff:ana")
    assert uses(order).count() == 0


def test_while_the_job_runs_the_orders_later_changes_wait_and_nothing_is_amiss(store, door, order, slow):
    change = changes.cancel(order, by="staff:ana")
    note = changes.change_note(order, "Cancelled by phone", by="staff:ana")
    sent(store, change, tries=12)
    note.refresh_from_db()
    assert (change.state, note.state) == ("running", "queued")
    assert door.mutations == ["orderCancel"]
    assert Health.objects.get(connection=store).failures == 0
    with pytest.raises(ChangeRefused) as refusal:
        changes.withdraw(change, by="staff:ana")
    assert refusal.value.code == "change_under_way"


def test_an_order_that_comes_home_cancelled_ends_it(shop_of_module, store, door, order, slow):
    change = changes.cancel(order, by="staff:ana")
    sent(store, change)
    assert change.state == "running"
    shop_of_module.press(order.remote_id, "cancel")
    home(store, order.remote_id)  # by orders/cancelled
    change.refresh_from_db()
    assert change.state == "done"
    sent(store, change)
    assert outcome(change).startswith("delivered: Nothing to do")


def test_a_lost_answer_is_not_asked_for_in_vain(store, door, order):
    change = changes.cancel(order, by="staff:ana")
    door.lose("orderCancel")
    until(store, change, "done")
    order.refresh_from_db()
    assert order.cancelled_at
    assert change.failure == ""


def test_an_order_cancelled_at_the_shop_meanwhile_is_done(shop_of_module, store, door, order):
    change = changes.cancel(order, by="staff:ana")
    shop_of_module.press(order.remote_id, "cancel")
    sent(store, change)
    order.refresh_from_db()
    assert (change.state, door.mutations) == ("done", [])
    assert order.cancelled_at


def test_what_was_sent_in_part_is_refused_here_when_we_know(shop_of_module, store, order):
    shop_of_module.press(order.remote_id, "fulfil")
    order = home(store, order.remote_id)
    with pytest.raises(ChangeRefused, match="open a return") as refusal:
        changes.cancel(order, by="staff:ana")
    assert refusal.value.code == "order_sent"


def test_what_was_sent_in_part_is_refused_by_the_shop_when_we_do_not(shop_of_module, store, door, order):
    change = changes.cancel(order, by="staff:ana")
    shop_of_module.press(order.remote_id, "fulfil")
    sent(store, change)
    assert change.state == "failed"
    assert "Open a return" in change.failure
    assert outcome(change).startswith("delivered: Refused")


def test_cancelling_twice_is_refused_by_name(store, order):
    changes.cancel(order, by="staff:ana")
    with pytest.raises(ChangeRefused, match="ana's change") as refusal:
        changes.cancel(order, by="staff:ben")
    assert refusal.value.code == "change_waiting"
    type(order).objects.filter(pk=order.pk).update(cancelled_at=timezone.now())
    with pytest.raises(ChangeRefused) as refusal:
        changes.cancel(order, by="staff:ben")
    assert refusal.value.code == "order_cancelled"


def test_a_bad_wish_is_refused_by_name(order):
    for bad, pointer in (
        ({"reason": "boredom"}, "/reason"), ({"refund": "cash"}, "/refund"), ({"restock": "yes"}, "/restock"),
        ({"notify": 1}, "/notify"), ({"note": "x" * 256}, "/note"),
    ):  # fmt: skip
        with pytest.raises(ChangeRefused) as refusal:
            changes.cancel(order, by="staff:ana", **bad)
        assert refusal.value.pointer == pointer
    assert not order.changes.exists()
