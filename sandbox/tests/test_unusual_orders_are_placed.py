"""Tips, duties, fees, cash, gift cards, bundles, deleted products, many lines: the webhook and GraphQL say the same."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.tests.operations import MONEY, ORDER, shop
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

LINES = """query($id: ID!, $after: String) { order(id: $id) { lineItems(first: 250, after: $after) {
  nodes { id } pageInfo { hasNextPage endCursor } } } }"""
HEAD = (
    MONEY
    + """query($id: ID!) { order(id: $id) { name test sourceName email customer { id } shippingAddress { city }
    retailLocation { id } requiresShipping displayFinancialStatus displayFulfillmentStatus
    additionalFees { name price { ...M } } transactions(first: 5) { gateway amountSet { ...M }
      amountRoundingSet { ...M } }
    totalCashRoundingAdjustment { paymentSet { ...M } refundSet { ...M } } } }"""
)


def both(shopify: Sandbox, **odd: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order as the webhook carries it, and as GraphQL shows it."""
    placed = shopify.place(**odd)
    body = shopify.get(f"/sandbox/orders/{placed['id']}.json")["order"]
    answer = shopify.ask(ORDER, id=placed["admin_graphql_api_id"])
    assert "errors" not in answer, answer
    return body, answer["data"]["order"]


def head(shopify: Sandbox, body: dict[str, Any]) -> dict[str, Any]:
    answer = shopify.ask(HEAD, id=body["admin_graphql_api_id"])
    assert "errors" not in answer, answer
    return dict(answer["data"]["order"])


def amount(order: dict[str, Any], field: str) -> Decimal:
    return Decimal(shop(order[field]))


def of_set(bag: dict[str, Any]) -> Decimal:
    return Decimal(bag["shop_money"]["amount"])


@pytest.mark.parametrize(
    "odd",
    [
        {"tip": "3.00"},
        {"duties": True},
        {"fee": "0.28"},
        {"rounding": "1"},
        {"gift_card": True},
        {"bundle": True},
        {"deleted_product": True},
        {"tip": "3.00", "duties": True, "fee": "0.28", "presentment_currency": "KWD"},
    ],
    ids=lambda odd: "+".join(odd),
)
def test_the_parts_make_the_total_in_both(shopify: Sandbox, odd: dict[str, Any]):
    body, order = both(shopify, **odd)
    duties, fees = (body[f"original_total_{name}_set"] for name in ("duties", "additional_fees"))
    parts = [body["subtotal_price"], body["total_tax"], body["total_tip_received"]]
    parts += [bag["shop_money"]["amount"] for bag in (body["total_shipping_price_set"], duties, fees) if bag]
    assert sum(map(Decimal, parts)) == Decimal(body["total_price"])
    assert amount(order, "totalPriceSet") == Decimal(body["total_price"])
    assert amount(order, "subtotalPriceSet") == Decimal(body["subtotal_price"])
    assert amount(order, "totalOutstandingSet") == Decimal(body["total_outstanding"]) == 0
    assert len(body["line_items"]) == len(order["lineItems"]["nodes"])


def test_a_tip_is_a_line_without_a_product(shopify: Sandbox):
    body, order = both(shopify, tip="3.00")
    line, shown = body["line_items"][-1], order["lineItems"]["nodes"][-1]
    assert (line["title"], line["product_id"], line["variant_id"], line["requires_shipping"]) == (
        "Tip", None, None, False,
    )  # fmt: skip
    assert (line["fulfillment_status"], line["fulfillable_quantity"]) == ("not_eligible", 0)
    assert line["tip"]
    assert "tip" not in body["line_items"][0]
    assert (shown["title"], shown["product"], shown["variant"], shown["unfulfilledQuantity"]) == ("Tip", None, None, 0)
    assert Decimal(body["total_tip_received"]) == amount(order, "totalTipReceivedSet") == 3


def test_duties_are_on_their_lines(shopify: Sandbox):
    body, order = both(shopify, lines=[{"sku": "FW-MUG", "quantity": 2}], duties=True)
    duty, shown = body["line_items"][0]["duties"][0], order["lineItems"]["nodes"][0]["duties"][0]
    assert of_set(duty) == Decimal(shop(shown["price"])) == Decimal("3.20")
    assert of_set(body["current_total_duties_set"]) == amount(order, "currentTotalDutiesSet") == Decimal("3.20")


def test_fees_are_named(shopify: Sandbox):
    body, order = both(shopify, fee="0.28")
    fee = head(shopify, body)["additionalFees"][0]
    assert (fee["name"], shop(fee["price"])) == ("Retail delivery fee", "0.28")
    assert of_set(body["current_total_additional_fees_set"]) == amount(order, "currentTotalAdditionalFeesSet")


def test_cash_is_rounded_to_coins(shopify: Sandbox):
    body, order = both(shopify, lines=[{"sku": "FW-LAMP", "quantity": 1}], rounding="1", source_name="pos")
    off = of_set(body["total_cash_rounding_payment_adjustment_set"])
    assert Decimal(body["total_price"]) + off == Decimal(body["total_price"]).quantize(Decimal(1))
    assert off == Decimal("0.10")
    assert Decimal(shop(order["totalCashRoundingAdjustment"]["paymentSet"])) == off
    paid = head(shopify, body)["transactions"][0]
    assert (paid["gateway"], shop(paid["amountRoundingSet"])) == ("cash", "0.1")
    assert shop(paid["amountSet"]) == "49.9"


def test_gift_cards_are_sent_at_once(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("FULFILLMENTS_CREATE", receiver.url)
    body, order = both(shopify, gift_card=True)
    line = body["line_items"][-1]
    assert (line["gift_card"], line["requires_shipping"], line["fulfillable_quantity"]) == (True, False, 0)
    assert order["lineItems"]["nodes"][-1]["unfulfilledQuantity"] == 0
    assert body["fulfillment_status"] == "partial"
    sent = receiver.wait_for(1)[0].body
    assert [one["sku"] for one in sent["line_items"]] == ["GIFT-CARD"]
    assert sent["tracking_number"] is None


def test_parts_of_a_bundle_belong_together(shopify: Sandbox):
    body, order = both(shopify, lines=[{"sku": "FW-LAMP", "quantity": 1}], bundle=True)
    groups = [one["sales_line_item_group_id"] for one in body["line_items"]]
    assert groups[0] is None
    assert groups[1] == groups[2] is not None
    shown = [one["lineItemGroup"] for one in order["lineItems"]["nodes"]]
    assert shown[0] is None
    assert shown[1] == shown[2] == {
        "id": f"gid://shopify/LineItemGroup/{groups[1]}", "title": "Camp Set", "quantity": 1,
    }  # fmt: skip


def test_a_deleted_product_leaves_its_name(shopify: Sandbox):
    body, order = both(shopify, lines=[{"sku": "FW-MUG", "quantity": 1}], deleted_product=True)
    line, shown = body["line_items"][0], order["lineItems"]["nodes"][0]
    assert (line["product_id"], line["variant_id"], line["product_exists"]) == (None, None, False)
    assert (line["title"], line["sku"]) == ("Enamel Camp Mug", "FW-MUG")
    assert (shown["product"], shown["variant"], shown["sku"]) == (None, None, "FW-MUG")


def test_hundreds_of_lines_are_carried_and_paged(shopify: Sandbox):
    body, order = both(shopify, line_count=320)
    assert len(body["line_items"]) == 320
    pages, after = [], None
    while True:
        page = shopify.ask(LINES, id=order["id"], after=after)["data"]["order"]["lineItems"]
        pages += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert [one["id"] for one in pages] == [one["admin_graphql_api_id"] for one in body["line_items"]]


@pytest.mark.parametrize("name", ["EN1001", "1001-A", "1001/BE", "#١٠٠١"])
def test_names_are_odd(shopify: Sandbox, name: str):
    body, order = both(shopify, name=name)
    assert body["name"] == order["name"] == name


def test_what_is_sold_over_the_counter_has_no_name_and_no_address(shopify: Sandbox):
    body, _ = both(shopify, source_name="pos")
    shown = head(shopify, body)
    assert (body["customer"], body["email"], body["shipping_address"], body["source_name"]) == (None, None, None, "pos")
    assert (shown["customer"], shown["email"], shown["shippingAddress"]) == (None, None, None)
    assert shown["retailLocation"]["id"].endswith(str(body["location_id"]))
    assert shown["displayFulfillmentStatus"] == "FULFILLED"


def test_an_order_may_be_unpaid_until_it_is_marked(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_PAID", receiver.url)
    body, order = both(shopify, paid=False)
    assert (body["financial_status"], order["displayFinancialStatus"]) == ("pending", "PENDING")
    mark = "mutation($input: OrderMarkAsPaidInput!) { orderMarkAsPaid(input: $input) { userErrors { message } } }"
    assert shopify.ask(mark, input={"id": order["id"]})["data"]["orderMarkAsPaid"]["userErrors"] == []
    assert receiver.wait_for(1)[0].body["financial_status"] == "paid"
    assert shopify.ask(mark, input={"id": order["id"]})["data"]["orderMarkAsPaid"]["userErrors"]


@pytest.mark.parametrize("wrong", [{"tip": "-1"}, {"line_count": 501}, {"rounding": "much"}, {"fee": "NaN"}])
def test_nonsense_is_refused(shopify: Sandbox, wrong: dict[str, Any]):
    assert shopify.post("/sandbox/orders.json", **wrong).status_code == 422
