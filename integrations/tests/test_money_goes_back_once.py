"""Refunds from a click to the shop and home again: the right money, each unit once, whatever gets lost on the way."""

from decimal import Decimal

import pytest

from integrations.tests.changing import arrived, home, outcome, sent, told
from orders import changes, entitlement
from orders.changes import ChangeRefused
from orders.models import Refund, UnitUse

pytestmark = pytest.mark.django_db

TWO = [{"sku": "TEAPOT", "quantity": 2}]


@pytest.fixture
def order(shop_of_module, store):
    return arrived(shop_of_module, store)


@pytest.fixture
def goods(order):
    return order.lines.filter(requires_shipping=True).order_by("-quantity").first()


def line(goods, quantity=1, **said):
    return {"line_item": goods.public_id, "quantity": quantity, **said}


def held(goods):
    """Who uses units of the line now, by unit."""
    uses = UnitUse.objects.filter(line=goods, released_at=None).order_by("unit")
    return list(uses.values_list("kind", "reference"))


def test_a_unit_is_refunded_by_one_mutation_and_used_once(store, door, order, goods):
    change = changes.refund(order, lines=[line(goods)], note="Broken", by="staff:ana")
    assert held(goods) == [("refund", change.public_id)]
    sent(store, change)
    assert (change.state, change.failure, door.mutations) == ("done", "", ["refundCreate"])
    refund = Refund.objects.get(order=order)
    assert change.result["refund"] == str(refund.remote_id)
    assert refund.note == f"Broken ({change.public_id})"
    assert held(goods) == [("refund", refund.public_id)]
    assert [part["quantity"] for part in refund.lines] == [1]
    moved = [t["amount"]["shop"]["amount"] for t in refund.transactions if t["status"] == "success"]
    assert sum(Decimal(amount) for amount in moved) > 0
    assert told(order, "entitlement.") == []
    assert told(order) == ["change.queued", "change.done"]


def test_the_webhook_may_come_before_the_answer(store, door, order, goods):
    """Shopify's refunds/create is here before its answer to refundCreate, which was lost."""
    change = changes.refund(order, lines=[line(goods)], by="staff:ana")
    door.lose("refundCreate")
    sent(store, change)
    assert change.state == "queued"
    home(store, order.remote_id)
    refund = Refund.objects.get(order=order)
    assert held(goods) == [("refund", refund.public_id)]
    sent(store, change)
    assert (change.state, door.mutations) == ("done", ["refundCreate", "refundCreate"])
    assert door.variables[0] == door.variables[1]  # the same key and the same input: the shop answers, and pays nothing
    assert Refund.objects.filter(order=order).count() == 1
    assert held(goods) == [("refund", refund.public_id)]


def test_while_the_shop_works_on_the_lost_try_nothing_is_refused(store, door, order, goods):
    change = changes.refund(order, lines=[line(goods)], by="staff:ana")
    door.lose("refundCreate")
    sent(store, change)
    busy = {"field": None, "message": "This request is currently in progress, please try again."}
    door.instead("Refund", {"data": {"refundCreate": {"refund": None, "userErrors": [busy]}}})
    sent(store, change)
    assert (change.state, held(goods)) == ("queued", [("refund", change.public_id)])
    sent(store, change)
    assert change.state == "done"
    assert Refund.objects.filter(order=order).count() == 1


def test_money_that_was_paid_stays_paid_though_the_shop_refuses_to_show_the_order(store, door, order, goods):
    change = changes.refund(order, lines=[line(goods)], by="staff:ana")
    denied = {"message": "Access denied", "path": ["order"], "extensions": {"code": "ACCESS_DENIED"}}
    door.instead("OrderRead", {"data": {"order": None}, "errors": [denied]})
    sent(store, change)
    assert door.answers == {}
    assert (change.state, change.failure, held(goods)) == ("done", "", [("refund", change.public_id)])
    home(store, order.remote_id)
    assert held(goods) == [("refund", Refund.objects.get(order=order).public_id)]


def test_an_amount_is_paid_back_without_any_line(store, door, order):
    change = changes.refund(order, amount="5.00", note="Sorry", by="staff:ana")
    sent(store, change)
    assert (change.state, change.failure) == ("done", "")
    refund = Refund.objects.get(order=order)
    assert sum(Decimal(t["amount"]["shop"]["amount"]) for t in refund.transactions) == Decimal("5.00")
    assert refund.lines == []
    assert not UnitUse.objects.filter(line__order=order).exists()


def test_shipping_is_paid_back_in_full(store, door, order):
    change = changes.refund(order, shipping=True, by="staff:ana")
    sent(store, change)
    assert (change.state, change.failure) == ("done", "")
    assert door.variables[0]["input"]["shipping"] == {"fullRefund": True}


def test_money_goes_back_in_the_currency_it_was_paid_in(shop_of_module, store, door):
    order = arrived(shop_of_module, store, currency="USD", presentment_currency="EUR")
    change = changes.refund(order, amount="3.00", by="staff:ana")
    sent(store, change)
    assert (change.state, change.failure) == ("done", "")
    assert door.variables[0]["input"]["currency"] == "EUR"


def test_more_than_was_paid_is_refused_before_anything_is_written(order):
    left = changes.refundable(order)
    with pytest.raises(ChangeRefused) as refusal:
        changes.refund(order, amount=str(left.amount + 1), by="staff:ana")
    assert (refusal.value.code, refusal.value.pointer) == ("too_much", "/amount")
    assert not order.changes.exists()


def test_a_unit_that_a_claim_has_replaced_is_not_refunded(order, goods):
    entitlement.use_units(goods, range(1, goods.quantity + 1), kind="replacement", reference="res_1")
    with pytest.raises(ChangeRefused, match="already replaced") as refusal:
        changes.refund(order, lines=[line(goods)], by="staff:ana")
    assert refusal.value.code == "unit_used"
    assert not order.changes.exists()


def test_the_units_of_the_remedy_it_carries_out_are_its_own(store, door, order, goods):
    entitlement.use_units(goods, [1], kind="credit", reference="res_1")
    change = changes.refund(order, lines=[line(goods)], by="staff:ana", reference="res_1")
    assert held(goods) == [("credit", "res_1")]
    sent(store, change)
    assert held(goods) == [("refund", Refund.objects.get(order=order).public_id)]


def test_a_refund_given_up_frees_its_units(store, door, order, goods):
    change = changes.refund(order, lines=[line(goods)], by="staff:ana")
    changes.withdraw(change, by="staff:ana")
    sent(store, change)
    assert (held(goods), door.mutations) == ([], [])


def test_what_the_shop_refuses_frees_its_units_and_may_be_asked_again(shop_of_module, store, door, order, goods):
    change = changes.refund(order, amount="1.00", lines=[line(goods)], by="staff:ana")
    first = change.uuid
    left = changes.refundable(order)
    shop_of_module.press(order.remote_id, "refund", lines=[{"line_id": one.remote_id, "quantity": one.quantity}
                         for one in order.lines.all()], shipping=True)  # fmt: skip
    sent(store, change)
    assert change.state == "failed"
    assert change.failure
    assert outcome(change).startswith("delivered: Refused: ")
    assert ("refund", change.public_id) not in held(goods)
    assert left.amount > 0
    home(store, order.remote_id)
    with pytest.raises(ChangeRefused, match="left to pay back"):
        changes.ask_again(change, by="staff:ana")
    change.refresh_from_db()
    assert (change.state, change.uuid) == ("failed", first)


def test_two_at_once_cannot_promise_the_same_unit(order, goods):
    changes.refund(order, lines=[line(goods, goods.quantity)], by="staff:ana")
    with pytest.raises(ChangeRefused) as refusal:
        changes.refund(order, lines=[line(goods)], by="staff:ben")
    assert (refusal.value.code, refusal.value.pointer) == ("unit_used", "/lines/0/quantity")
    assert order.changes.count() == 1


def test_what_is_restocked_goes_back_to_where_it_was_sent_from(shop_of_module, store, door, order, goods):
    with pytest.raises(ChangeRefused, match="was not sent") as refusal:
        changes.refund(order, lines=[line(goods, restock="return")], by="staff:ana")
    assert refusal.value.pointer == "/lines/0/restock"
    shop_of_module.press(order.remote_id, "fulfil")
    order = home(store, order.remote_id)
    place = order.fulfillments.get().location_id
    change = changes.refund(order, lines=[line(goods, restock="return")], by="staff:ana")
    sent(store, change)
    assert (change.state, change.failure) == ("done", "")
    [sent_line] = door.variables[0]["input"]["refundLineItems"]
    assert (sent_line["restockType"], sent_line["locationId"]) == ("RETURN", f"gid://shopify/Location/{place}")
    assert Refund.objects.get(order=order).lines[0]["restock_type"] == "return"


def test_what_was_not_sent_is_cancelled_and_restocked(store, door, order, goods):
    change = changes.refund(order, lines=[line(goods, restock="cancel")], by="staff:ana")
    sent(store, change)
    goods.refresh_from_db()
    assert (change.state, change.failure, goods.current_quantity) == ("done", "", goods.quantity - 1)
    assert "locationId" in door.variables[0]["input"]["refundLineItems"][0]
