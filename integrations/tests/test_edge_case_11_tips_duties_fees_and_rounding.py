"""Edge case 11: a tip is no goods; duties, fees and rounding are in the total; what does not add up is told."""

from decimal import Decimal

import pytest
from django.urls import reverse

from integrations.shopify.translate import order_snapshot
from integrations.tests.arrivals import body_of, parsed, read_in, receive
from integrations.tests.shopify import connect, line_body, money, order_body
from orders.models import Order
from orders.tests.builders import story
from orders.tests.console import reader_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"protected": True, "currency": "JPY"},
        {"currency": "USD", "presentment_currency": "EUR"},
        {"tip": "3.00"},
        {"duties": True},
        {"fee": "2.50"},
        {"rounding": "1", "source_name": "pos"},
        {"gift_card": True},
        {"bundle": True},
        {"tip": "3.00", "duties": True, "fee": "2.50"},
    ],
)
def test_every_kind_of_order_adds_up(sandbox, shopify, fields):
    """Each false alarm would be looked at by somebody."""
    placed = sandbox.place(**fields)["id"]
    said = order_snapshot(parsed(body_of(sandbox, placed))).discrepancy
    assert said == 0
    assert read_in(shopify, placed).discrepancy is None


def test_a_tip_is_known_and_never_sent(sandbox, shopify):
    order = read_in(shopify, sandbox.place(tip="3.00")["id"])
    tips = [line for line in order.lines.all() if line.tip]
    assert len(tips) == 1
    assert not tips[0].requires_shipping
    sent = {part["line"] for work in order.fulfillment_orders.all() for part in work.lines}
    assert tips[0].remote_id not in sent


def off_by(amount: str, **fields) -> dict:
    body = order_body(
        line_body(price="40.00"), taxes_included=False, total_discounts="0.00", total_tax="0.00", shipping_lines=[],
        total_shipping_price_set=money("0.00"), **fields,
    )  # fmt: skip
    total = str(Decimal("40.00") + Decimal(amount))
    return body | {"total_price": total, "total_price_set": money(total)}


def test_what_does_not_add_up_is_told_once_and_shown():
    shop, body = connect(), off_by("1.50")
    receive(shop, "orders/create", body)
    order = Order.objects.get()
    assert (order.discrepancy, order.lines.count()) == (Decimal("1.5"), 1)
    assert story(order)[1] == ("order.unbalanced", {"difference": "1.50", "currency": "USD"})
    receive(shop, "orders/updated", body | {"note": "x", "updated_at": "2026-11-20T13:00:00-05:00"})
    assert [action for action, _ in story(order)].count("order.unbalanced") == 1
    page = reader_client("orders.view_order").get(reverse("admin:orders_order_change", args=[order.pk]))
    assert "The total does not add up by 1.50 USD; look before anything is booked" in page.content.decode()


def test_it_is_taken_back_when_it_adds_up_again():
    shop, body = connect(), off_by("1.50")
    receive(shop, "orders/create", body)
    right = off_by("0") | {name: body[name] for name in ("id", "line_items")}
    receive(shop, "orders/updated", right | {"updated_at": "2026-11-20T13:00:00-05:00"})
    assert Order.objects.get().discrepancy is None


@pytest.mark.parametrize(
    "unsaid", [{"taxes_included": None}, {"shipping_lines": None}, {"total_tax": None}, {"refunds": [{"id": 1}]}]
)
def test_an_order_of_which_a_part_is_not_said_is_not_judged(unsaid):
    body = off_by("1.50") | unsaid
    assert order_snapshot(parsed(body)).discrepancy is None


def test_prices_that_hold_the_tax_already_add_up_without_it():
    body = off_by("0") | {"taxes_included": True, "total_tax": "6.39"}
    assert order_snapshot(parsed(body)).discrepancy == 0
    assert order_snapshot(parsed(body | {"taxes_included": False})).discrepancy == Decimal("-6.39")
