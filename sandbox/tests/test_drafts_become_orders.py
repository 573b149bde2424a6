"""Drafts: made, changed, completed into an order with an id of its own, deleted; their webhooks."""

from typing import Any

import pytest

from sandbox.tests.operations import MONEY, shop
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

DRAFT = """draftOrder { id name status email tags totalPriceSet { ...M } subtotalPriceSet { ...M } totalTaxSet { ...M }
  totalQuantityOfLineItems order { id name }
  lineItems(first: 5) { nodes { title quantity discountedTotalSet { ...M } } } }
  userErrors { field message }"""
CREATE = f"{MONEY}mutation($input: DraftOrderInput!) {{ draftOrderCreate(input: $input) {{ {DRAFT} }} }}"
UPDATE = f"""{MONEY}mutation($id: ID!, $input: DraftOrderInput!) {{
  draftOrderUpdate(id: $id, input: $input) {{ {DRAFT} }} }}"""
COMPLETE = f"""{MONEY}mutation($id: ID!, $pending: Boolean) {{
  draftOrderComplete(id: $id, paymentPending: $pending) {{ {DRAFT} }} }}"""
DELETE = """mutation($id: ID!) { draftOrderDelete(input: { id: $id }) { deletedId userErrors { field message } } }"""
READ = "query($id: ID!) { draftOrder(id: $id) { id status completedAt order { id } } }"
PAGE = """query($after: String) { draftOrders(first: 2, after: $after) { nodes { id }
  pageInfo { hasNextPage endCursor } } }"""
ORDER = f"""{MONEY}query($id: ID!) {{ order(id: $id) {{ sourceName displayFinancialStatus totalPriceSet {{ ...M }}
  lineItems(first: 5) {{ nodes {{ sku quantity unfulfilledQuantity }} }} }} }}"""
MUG = "gid://shopify/ProductVariant/45100000000003"


def call(shopify: Sandbox, document: str, **variables: Any) -> Any:
    answer = shopify.ask(document, **variables)
    assert "errors" not in answer, answer
    return next(iter(answer["data"].values()))


def draft(shopify: Sandbox, **more: Any) -> dict[str, Any]:
    made = call(shopify, CREATE, input={"lineItems": [{"variantId": MUG, "quantity": 2}], **more})
    assert made["userErrors"] == []
    return dict(made["draftOrder"])


def test_a_draft_is_completed_into_an_order(shopify: Sandbox, receiver: Receiver):
    for topic in ("DRAFT_ORDERS_CREATE", "DRAFT_ORDERS_UPDATE", "ORDERS_CREATE"):
        shopify.subscribe(topic, receiver.url)
    made = draft(shopify, email="ada@example.com", tags=["replacement"])
    assert (made["name"][:2], made["status"], shop(made["totalPriceSet"])) == ("#D", "OPEN", "32.0")
    done = call(shopify, COMPLETE, id=made["id"])["draftOrder"]
    order = call(shopify, ORDER, id=done["order"]["id"])
    assert (done["status"], order["sourceName"], order["displayFinancialStatus"]) == (
        "COMPLETED", "shopify_draft_order", "PAID",
    )  # fmt: skip
    assert order["lineItems"]["nodes"] == [{"sku": "FW-MUG", "quantity": 2, "unfulfilledQuantity": 2}]
    assert call(shopify, READ, id=made["id"])["order"] == {"id": done["order"]["id"]}
    assert receiver.wait_for(1, "draft_orders/create")[0].body["order_id"] is None
    told = receiver.wait_for(1, "draft_orders/update")[0].body
    assert told["order_id"] == receiver.wait_for(1, "orders/create")[0].body["id"]
    assert told["status"] == "completed"


def test_a_draft_may_be_paid_later(shopify: Sandbox):
    done = call(shopify, COMPLETE, id=draft(shopify)["id"], pending=True)["draftOrder"]
    assert call(shopify, ORDER, id=done["order"]["id"])["displayFinancialStatus"] == "PENDING"


def test_a_draft_is_completed_once(shopify: Sandbox):
    made = draft(shopify)
    first = call(shopify, COMPLETE, id=made["id"])["draftOrder"]["order"]
    again = call(shopify, COMPLETE, id=made["id"])
    assert again["userErrors"]
    assert again["draftOrder"]["order"] == first
    assert call(shopify, UPDATE, id=made["id"], input={"note": "Late"})["userErrors"]


def test_discounts_and_taxes_are_reckoned(shopify: Sandbox):
    address = {"lastName": "Lee", "address1": "1 Road", "city": "Oakland", "countryCode": "US", "provinceCode": "CA"}
    whole = {"value": 50.0, "valueType": "PERCENTAGE"}
    made = draft(shopify, appliedDiscount=whole, shippingAddress={**address, "zip": "94601"})
    assert shop(made["subtotalPriceSet"]) == "16.0"
    assert shop(made["totalTaxSet"]) == "1.16"
    off = {"value": 1.0, "valueType": "FIXED_AMOUNT"}
    lines = [{"variantId": MUG, "quantity": 2, "appliedDiscount": off}]
    assert shop(draft(shopify, lineItems=lines)["subtotalPriceSet"]) == "30.0"


def test_a_draft_is_changed(shopify: Sandbox):
    made = draft(shopify)
    price = {"amount": "4.50", "currencyCode": "USD"}
    lines = [{"title": "Engraving", "quantity": 1, "originalUnitPriceWithCurrency": price}]
    changed = call(shopify, UPDATE, id=made["id"], input={"lineItems": lines, "tags": ["b", "a"]})["draftOrder"]
    assert (changed["tags"], shop(changed["totalPriceSet"])) == (["a", "b"], "4.5")


def test_a_deleted_draft_is_gone(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("DRAFT_ORDERS_DELETE", receiver.url)
    made = draft(shopify)
    assert call(shopify, DELETE, id=made["id"])["deletedId"] == made["id"]
    assert call(shopify, READ, id=made["id"]) is None
    assert receiver.wait_for(1)[0].body == {"id": int(made["id"].rsplit("/")[-1])}
    assert call(shopify, DELETE, id=made["id"])["userErrors"]


def test_drafts_page_by_cursor(shopify: Sandbox):
    for _ in range(3):
        draft(shopify)
    first = call(shopify, PAGE)
    then = call(shopify, PAGE, after=first["pageInfo"]["endCursor"])
    assert len(first["nodes"]) == 2
    assert first["pageInfo"]["hasNextPage"] is True
    assert not {one["id"] for one in first["nodes"]} & {one["id"] for one in then["nodes"]}


@pytest.mark.parametrize(
    "lines, message",
    [
        ([], "Add at least 1 product"),
        ([{"quantity": 1, "title": " "}], "Merchandise title is empty."),
        ([{"quantity": 1, "variantId": "gid://shopify/ProductVariant/1"}], "Product with ID 1 is no longer available."),
        ([{"variantId": MUG, "quantity": 1}] * 500, "Line items can't be more than 499"),
    ],
)
def test_what_is_no_draft_is_refused(shopify: Sandbox, lines: list[dict[str, Any]], message: str):
    refused = call(shopify, CREATE, input={"lineItems": lines})
    assert (refused["draftOrder"], refused["userErrors"][0]["message"]) == (None, message)
