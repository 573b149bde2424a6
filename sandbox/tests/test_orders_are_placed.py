"""The store front: carts, the protection line and its consent, currencies, stock."""

import json
from decimal import Decimal
from typing import Any

import pytest

from sandbox.tests.running import Sandbox

JACKET = [{"sku": "FW-JACKET-M", "quantity": 1}]


def body(shopify: Sandbox, **wanted: Any) -> dict[str, Any]:
    order = shopify.place(**wanted)
    return dict(shopify.get(f"/sandbox/orders/{order['id']}.json")["order"])


def test_a_protected_order_has_a_fee_line_and_the_customers_consent(shopify: Sandbox):
    order = body(shopify, protected=True, lines=[{"sku": "FW-JACKET-M", "quantity": 2}])
    fee = order["line_items"][-1]
    assert (fee["sku"], fee["title"], fee["requires_shipping"]) == ("PROTECT", "Delivery guarantee", False)
    # 2.5 % of 258.00
    assert fee["price"] == "6.45"
    consent = order["note_attributes"][0]
    assert consent["name"] == "protection_consent"
    given = json.loads(consent["value"])
    assert {key: given[key] for key in ("shown_text_version", "default_on", "how", "locale", "price")} == {
        "shown_text_version": "2026-11",
        "default_on": False,
        "how": "cart_widget",
        "locale": "en",
        "price": "6.45",
    }


def test_a_small_cart_pays_the_least_fee(shopify: Sandbox):
    order = body(shopify, protected=True, lines=[{"sku": "FW-MUG", "quantity": 1}])
    assert order["line_items"][-1]["price"] == "0.98"


def test_an_unprotected_order_has_neither(shopify: Sandbox):
    order = body(shopify, protected=False)
    assert "PROTECT" not in [line["sku"] for line in order["line_items"]]
    assert order["note_attributes"] == []


@pytest.mark.parametrize("currency, price", [("USD", "129.00"), ("JPY", "19479"), ("KWD", "39.603")])
def test_prices_are_written_in_the_currencys_own_digits(shopify: Sandbox, currency: str, price: str):
    order = body(shopify, lines=JACKET, currency=currency)
    assert (order["currency"], order["line_items"][0]["price"]) == (currency, price)


def test_what_the_customer_saw_may_be_in_another_currency(shopify: Sandbox):
    order = body(shopify, lines=JACKET, presentment_currency="JPY")
    assert order["total_price_set"]["shop_money"]["currency_code"] == "USD"
    assert order["line_items"][0]["price_set"]["presentment_money"] == {"amount": "19479", "currency_code": "JPY"}


def test_the_parts_add_up_to_the_total(shopify: Sandbox):
    for _ in range(12):
        order = body(shopify, protected=True)
        parts = ("subtotal_price", "total_tax")
        total = sum(Decimal(order[part]) for part in parts)
        total += Decimal(order["total_shipping_price_set"]["shop_money"]["amount"])
        assert Decimal(order["total_price"]) == total
        assert order["financial_status"] == "paid"


def test_an_order_may_have_no_customer_and_no_address(shopify: Sandbox):
    order = body(shopify, customer=False, shipping_address=False)
    assert (order["customer"], order["email"], order["shipping_address"]) == (None, None, None)


def test_many_orders_can_be_placed_at_once(shopify: Sandbox):
    placed = shopify.post("/sandbox/orders.json", count=30).json()["orders"]
    assert len({order["id"] for order in placed}) == 30
    assert any(order["id"] > 2**53 for order in placed)
    assert any(order["id"] < 2**53 for order in placed)


@pytest.mark.parametrize(
    "wanted",
    [{"lines": [{"sku": "FW-BLANKET"}]}, {"lines": [{"sku": "nothing"}]}, {"lines": "x"}, {"count": 0}, {"shop": "x"}],
)
def test_what_cannot_be_sold_is_refused_in_words(shopify: Sandbox, wanted: dict[str, Any]):
    before = shopify.get("/sandbox/orders.json", limit=1)
    answer = shopify.post("/sandbox/orders.json", **wanted)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert shopify.get("/sandbox/orders.json", limit=1) == before
