"""Edge case 6: refunds. That one is recorded does not say that money moved; its parts make the sum."""

from decimal import Decimal

import pytest

from integrations.tests.arrivals import body_of, read_in, receive
from orders.admin.order_facts import refund_rows
from orders.models import Order, Refund, UnitUse
from orders.tests.builders import story

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def moved(order: Order) -> bool:
    return bool(refund_rows(order.refunds.all(), order.lines.all())[0]["moved"])


def test_money_moves_when_its_transaction_succeeds_and_not_before(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    order = read_in(shopify, placed)
    sandbox.press(placed, "refund", lines=[{"sku": "FW-MUG", "quantity": 1}], status="pending")
    pending = body_of(sandbox, placed)["refunds"][0]
    receive(shopify, "refunds/create", pending)
    assert not moved(order)
    assert UnitUse.objects.filter(kind="refund").count() == 1
    sandbox.press(placed, "settle", status="success")
    settled = body_of(sandbox, placed)["refunds"][0]["transactions"][0]
    receive(shopify, "order_transactions/create", settled)  # sent again when the status changes
    assert moved(order)
    assert order.payments.get(remote_id=settled["id"]).status == "success"
    assert story(order)[-1] == ("refund.updated", {"changed": ["transactions"]})
    receive(shopify, "refunds/create", pending | {"note": "late"})
    receive(shopify, "order_transactions/create", pending["transactions"][0] | {"gateway": "late"})
    assert moved(order)
    assert order.payments.get(remote_id=settled["id"]).status == "success"


def total_of(refund: Refund) -> Decimal:
    """Lines, shipping, duties, less what was not paid of them: as Shopify records it."""
    lines = [Decimal(part["amounts"][name]["shop"]["amount"]) for part in refund.lines for name in ("subtotal", "tax")]
    beside = refund.adjustments or []
    added = [Decimal(part["amount"]["shop"]["amount"]) for part in beside if part["kind"] != "adjustment"]
    missing = [Decimal(part["amount"]["shop"]["amount"]) for part in beside if part["kind"] == "adjustment"]
    return sum(lines + added, Decimal(0)) - sum(missing, Decimal(0))


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "fields",
    [
        {"amount": "5.00"},
        {"lines": [{"sku": "FW-MUG", "quantity": 1}]},
        {"lines": [{"sku": "FW-MUG", "quantity": 1}], "shipping": True},
        {"lines": [{"sku": "FW-MUG", "quantity": 1}], "amount": "3.00"},
    ],
)
def test_its_parts_make_the_sum_that_moved(sandbox, shopify, fields, whole):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    receive(shopify, "orders/create", body_of(sandbox, placed))
    sandbox.press(placed, "refund", **fields)
    if whole:
        read_in(shopify, placed)
    else:
        receive(shopify, "refunds/create", body_of(sandbox, placed)["refunds"][0])
    refund = Refund.objects.get()
    paid = [Decimal(part["amount"]["shop"]["amount"]) for part in refund.transactions]
    assert total_of(refund) == sum(paid, Decimal(0))


def test_shipping_that_stands_twice_in_a_body_is_counted_once(sandbox, shopify):
    """Old bodies have it among the adjustments, as a negative amount; newer ones in a list of its own too."""
    placed = sandbox.place()["id"]
    receive(shopify, "orders/create", body_of(sandbox, placed))
    given = {"id": 1, "kind": "shipping_refund", "reason": "Shipping refund", "amount": "-6.90", "tax_amount": "0.00"}
    new = {"id": 2, "subtotal_amount": "6.90", "tax_amount": "0.00"}
    old_body = {"id": 71, "order_id": placed, "refund_line_items": [], "order_adjustments": [given]}
    for body in (old_body, {**old_body, "id": 72, "refund_shipping_lines": [new]}):
        receive(shopify, "refunds/create", body)
    for refund in Refund.objects.all():
        assert [(part["kind"], part["amount"]["shop"]["amount"]) for part in refund.adjustments] == [
            ("shipping", "6.90")
        ]
    receive(shopify, "refunds/create", {"id": 73, "order_id": placed, "refund_line_items": []})
    assert Refund.objects.get(remote_id=73).adjustments is None  # not said, so not known
