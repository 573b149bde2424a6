"""Edge case 5: two currencies. Both sides of every amount are kept as the shop says them; none is computed."""

import pytest

from integrations.tests.arrivals import body_of, read_in, receive
from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def sides(bag: dict) -> set[str]:
    return {bag[side]["currency"] for side in ("shop", "presentment")}


def test_a_refund_that_is_named_in_one_currency_is_known_in_both(sandbox, shopify):
    placed = sandbox.place(currency="USD", presentment_currency="EUR", lines=[{"sku": "FW-MUG", "quantity": 3}])["id"]
    receive(shopify, "orders/create", body_of(sandbox, placed))
    sandbox.press(placed, "refund", lines=[{"sku": "FW-MUG", "quantity": 1}])
    body = body_of(sandbox, placed)
    refund = body["refunds"][0]
    assert "currency_code" not in refund["transactions"][0]
    receive(shopify, "refunds/create", refund)
    order = Order.objects.get()
    movement = order.refunds.get().transactions[0]
    assert sides(movement["amount"]) == {"USD", "EUR"}
    assert movement["amount"]["presentment"]["amount"] == refund["transactions"][0]["amount"]
    assert movement["amount"]["shop"]["amount"] != movement["amount"]["presentment"]["amount"]
    receive(shopify, "orders/updated", body)  # names one side only, and takes the other from nobody
    assert sides(order.refunds.get().transactions[0]["amount"]) == {"USD", "EUR"}


def test_a_payment_of_two_currencies_is_read_for_its_other_half(sandbox, shopify):
    placed = sandbox.place(currency="USD", presentment_currency="EUR")["id"]
    receive(shopify, "orders/create", body_of(sandbox, placed))
    body = {"id": 1, "order_id": placed, "kind": "sale", "status": "success", "amount": "1.00", "currency": "EUR"}
    assert receive(shopify, "order_transactions/create", body).result == "read again: changed"
    order = Order.objects.get()
    assert sides(order.payments.get().amount) == {"USD", "EUR"}
    assert order.payments.get().amount == order.amounts["total"]


def test_three_decimals_and_none_are_kept(sandbox, shopify):
    order = read_in(shopify, sandbox.place(currency="JPY", presentment_currency="KWD")["id"])
    total = order.amounts["total"]
    assert "." not in total["shop"]["amount"]
    assert len(total["presentment"]["amount"].partition(".")[2]) == 3
