"""``orderCreate`` as the connector uses it for replacements, and what it refuses."""

import uuid
from typing import Any

import pytest

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

CREATE = """
mutation($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput) {
  orderCreate(order: $order, options: $options) {
    order {
      id name email tags sourceIdentifier displayFinancialStatus requiresShipping discountCodes
      totalPriceSet { shopMoney { amount currencyCode } }
      shippingAddress { name country provinceCode }
      lineItems(first: 5) { nodes { title quantity sku requiresShipping variant { id inventoryQuantity }
        originalUnitPriceSet { shopMoney { amount } }
        discountedUnitPriceAfterAllDiscountsSet { shopMoney { amount } } } }
    }
    userErrors { field message code }
  }
}
"""
STOCK = "query($id: ID!) { productVariant(id: $id) { inventoryQuantity } }"
MUG, BLANKET = "gid://shopify/ProductVariant/45100000000003", "gid://shopify/ProductVariant/45100000000007"


def replacement(variant: str = MUG, quantity: int = 1, **more: Any) -> dict[str, Any]:
    claim = str(uuid.uuid4())
    line = {"variantId": variant, "quantity": quantity, "requiresShipping": True}
    discount = {"itemPercentageDiscountCode": {"code": "CLAIM", "percentage": 100}}
    metafield = {"namespace": "$app", "key": "claim_uuid", "type": "id", "value": claim}
    address = {"firstName": "Ada", "lastName": "Example", "address1": "1 Test Street", "city": "Springfield"}
    return {
        "lineItems": [line],
        "email": "ada@example.com",
        "discountCode": discount,
        "metafields": [metafield],
        "sourceIdentifier": claim,
        "shippingAddress": {**address, "countryCode": "US", "provinceCode": "IL", "zip": "62701"},
        "tags": ["replacement"],
        **more,
    }


def create(shopify: Sandbox, order: dict[str, Any], behaviour: str = "DECREMENT_OBEYING_POLICY") -> dict[str, Any]:
    answer = shopify.ask(CREATE, order=order, options={"inventoryBehaviour": behaviour})
    assert "errors" not in answer, answer
    return dict(answer["data"]["orderCreate"])


def on_shelf(shopify: Sandbox, variant: str) -> int:
    return int(shopify.ask(STOCK, id=variant)["data"]["productVariant"]["inventoryQuantity"])


def test_a_replacement_costs_nothing_and_takes_stock(shopify: Sandbox):
    before = on_shelf(shopify, MUG)
    made = create(shopify, replacement(quantity=2))
    order = made["order"]
    assert made["userErrors"] == []
    assert order["totalPriceSet"]["shopMoney"] == {"amount": "0.0", "currencyCode": "USD"}
    assert order["displayFinancialStatus"] == "PAID"
    assert order["discountCodes"] == ["CLAIM"]
    assert order["shippingAddress"] == {"name": "Ada Example", "country": "United States", "provinceCode": "IL"}
    line = order["lineItems"]["nodes"][0]
    assert (line["title"], line["sku"], line["quantity"]) == ("Enamel Camp Mug", "FW-MUG", 2)
    assert line["originalUnitPriceSet"]["shopMoney"]["amount"] == "16.0"
    assert line["discountedUnitPriceAfterAllDiscountsSet"]["shopMoney"]["amount"] == "0.0"
    assert on_shelf(shopify, MUG) == before - 2


def test_lines_need_no_shipping_unless_it_is_said(shopify: Sandbox):
    made = create(shopify, replacement(lineItems=[{"variantId": MUG, "quantity": 1}]))
    assert made["order"]["requiresShipping"] is False


def test_nothing_is_taken_from_the_shelf_by_default(shopify: Sandbox):
    before = on_shelf(shopify, MUG)
    assert create(shopify, replacement(), "BYPASS")["order"]
    assert on_shelf(shopify, MUG) == before


def test_a_custom_id_is_given_once(shopify: Sandbox):
    order = replacement()
    assert create(shopify, order)["userErrors"] == []
    before = on_shelf(shopify, MUG)
    again = create(shopify, order)
    assert again["order"] is None
    assert again["userErrors"][0]["field"] == ["order", "metafields", "0", "value"]
    assert on_shelf(shopify, MUG) == before


def test_what_is_out_of_stock_is_not_promised(shopify: Sandbox):
    refused = create(shopify, replacement(BLANKET))
    assert refused["order"] is None
    assert refused["userErrors"][0]["code"] == "INVENTORY_CLAIM_FAILED"
    assert create(shopify, replacement(BLANKET), "DECREMENT_IGNORING_POLICY")["order"]


@pytest.mark.parametrize(
    "lines, field",
    [
        ([], ["order", "lineItems"]),
        ([{"variantId": MUG, "quantity": 0}], ["order", "lineItems", "0", "quantity"]),
        ([{"variantId": "gid://shopify/ProductVariant/1", "quantity": 1}], ["order", "lineItems", "0", "variantId"]),
    ],
)
def test_what_is_wrong_is_named(shopify: Sandbox, lines: list[dict[str, Any]], field: list[str]):
    refused = create(shopify, replacement(lineItems=lines))
    assert (refused["order"], refused["userErrors"][0]["field"]) == (None, field)


def test_a_replacement_comes_home_as_a_webhook(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    order = replacement(customAttributes=[{"key": "claim", "value": "7"}])
    create(shopify, order)
    came = receiver.wait_for(1)[0].body
    assert came["source_identifier"] == order["sourceIdentifier"]
    assert came["note_attributes"] == [{"name": "claim", "value": "7"}]
    assert came["total_price"] == "0.00"


def test_a_price_in_one_currency_is_shown_in_both(shopify: Sandbox):
    price = {"shopMoney": {"amount": "10.00", "currencyCode": "USD"}}
    line = {"title": "Engraving", "quantity": 1, "priceSet": price}
    made = shopify.ask(
        """mutation($order: OrderCreateOrderInput!) { orderCreate(order: $order) { order {
          displayFinancialStatus
          totalPriceSet { shopMoney { amount } presentmentMoney { amount currencyCode } } } } }""",
        order={"lineItems": [line], "presentmentCurrency": "JPY"},
    )["data"]["orderCreate"]["order"]
    assert made["totalPriceSet"] == {
        "shopMoney": {"amount": "10.0"},
        "presentmentMoney": {"amount": "1510", "currencyCode": "JPY"},
    }
    # As recorded: an order that is neither paid nor said to be anything has no status at all.
    assert made["displayFinancialStatus"] is None
