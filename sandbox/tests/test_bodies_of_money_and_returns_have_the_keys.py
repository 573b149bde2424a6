"""Returns, drafts, disputes, customers, products, risk, the shop: no key of a real delivery is missing."""

import json
from typing import Any

import pytest

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox
from sandbox.tests.test_bodies_have_the_keys_of_real_deliveries import SAMPLES, missing

TOPICS = {
    "returns/request": "1_hookdeck202410",
    "returns/approve": "1_hookdeck202410",
    "returns/decline": "1_hookdeck202410",
    "returns/cancel": "1_hookdeck202410",
    "returns/close": "1_hookdeck202410",
    "returns/reopen": "1_hookdeck202410",
    "returns/update": "1_hookdeck202410",
    "disputes/create": "1_triggerdev",
    "disputes/update": "1_triggerdev",
    "draft_orders/create": "3_hookdeck202410",
    "draft_orders/update": "1_triggerdev",
    "draft_orders/delete": "2_hookdeck202410",
    "customers/update": "3_hookdeck202410",
    "customers/delete": "1_triggerdev",
    "customers/merge": "1_triggerdev",
    "products/update": "1_triggerdev",
    "variants/in_stock": "1_hookdeck202410",
    "variants/out_of_stock": "1_hookdeck202410",
    "orders/risk_assessment_changed": "1_hookdeck202410",
    "orders/edited": "1_triggerdev",
    "refunds/create": "1_triggerdev",
    "order_transactions/create": "1_triggerdev",
    "shop/update": "1_triggerdev",
}
MUG = "gid://shopify/ProductVariant/45100000000003"


def move(shopify: Sandbox, name: str, arguments: str, **variables: Any) -> dict[str, Any]:
    answer = shopify.ask(f"mutation({arguments}) {{ {name} }}", **variables)
    assert "errors" not in answer, answer
    return dict(next(iter(answer["data"].values())))


@pytest.fixture(scope="module")
def bodies(shopify: Sandbox) -> dict[str, dict[str, Any]]:
    """The first body of each topic, after a day in the shop on which everything happens once."""
    with Receiver() as receiver:
        for topic in TOPICS:
            shopify.subscribe(topic.upper().replace("/", "_"), receiver.url)
        _let_it_happen(shopify)
        for topic in TOPICS:
            receiver.wait_for(1, topic)
        return {one.topic: one.body for one in reversed(receiver.webhooks)}


def _let_it_happen(shopify: Sandbox) -> None:
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 5}])["id"]
    shopify.press(order, "edit", set=[{"sku": "FW-MUG", "quantity": 4}], add=[{"sku": "FW-LAMP"}])
    shopify.press(order, "fulfil")
    shopify.press(order, "risk", level="medium")
    shopify.press(order, "dispute")
    shopify.press(order, "dispute", status="won")
    asked, declined, closed = (
        shopify.press(order, "return", state=state)["return"]["admin_graphql_api_id"]
        for state in ("requested", "requested", "open")
    )
    result = "return { id returnLineItems(first: 1) { nodes { id } } } userErrors { message }"
    move(
        shopify,
        f'returnDeclineRequest(input: {{id: $id, declineReason: OTHER, declineNote: "No"}}) {{ {result} }}',
        "$id: ID!",
        id=declined,
    )
    approved = move(shopify, f"returnApproveRequest(input: {{id: $id}}) {{ {result} }}", "$id: ID!", id=asked)
    for name in ("returnClose", "returnReopen"):
        move(shopify, f"{name}(id: $id) {{ {result} }}", "$id: ID!", id=closed)
    line = approved["return"]["returnLineItems"]["nodes"][0]["id"]
    move(
        shopify,
        f"removeFromReturn(returnId: $id, returnLineItems: [{{returnLineItemId: $line, quantity: 1}}]) {{ {result} }}",
        "$id: ID!, $line: ID!",
        id=asked,
        line=line,
    )
    move(shopify, f"returnCancel(id: $id) {{ {result} }}", "$id: ID!", id=closed)
    shopify.press(order, "refund", amount="3.00")
    address = {"lastName": "Lee", "address1": "1 Road", "city": "Oakland", "countryCode": "US", "provinceCode": "CA"}
    draft = move(
        shopify,
        "draftOrderCreate(input: $input) { draftOrder { id } userErrors { message } }",
        "$input: DraftOrderInput!",
        input={
            "lineItems": [{"variantId": MUG, "quantity": 1}],
            "shippingAddress": {**address, "zip": "94601"},
            "shippingLine": {"title": "Post", "priceWithCurrency": {"amount": "5", "currencyCode": "USD"}},
        },
    )["draftOrder"]["id"]
    move(shopify, "draftOrderComplete(id: $id) { userErrors { message } }", "$id: ID!", id=draft)
    move(shopify, "draftOrderDelete(input: {id: $id}) { deletedId }", "$id: ID!", id=draft)
    people = shopify.get("/sandbox/customers.json")["customers"]
    buyers = [one["id"] for one in people if one["orders"]]
    free = [one["id"] for one in people if not one["orders"]]
    shopify.post(f"/sandbox/customers/{buyers[0]}/change.json", note="Loves mugs")
    shopify.post(f"/sandbox/customers/{free[0]}/delete.json")
    shopify.post(f"/sandbox/customers/{buyers[0]}/merge.json", other=free[1])
    for event in ("update", "in_stock", "out_of_stock"):
        shopify.post("/sandbox/products.json", sku="FW-MUG", event=event)
    shopify.post("/sandbox/shop.json")


@pytest.mark.parametrize("topic", TOPICS)
def test_no_key_is_missing(topic: str, bodies: dict[str, dict[str, Any]]):
    path = SAMPLES / topic.replace("/", "__") / f"{TOPICS[topic]}.json"
    if not path.exists():
        pytest.skip("the samples are not here")
    assert missing(json.loads(path.read_text()), bodies[topic]) == []


def test_amounts_beside_orders_are_texts_too(bodies: dict[str, dict[str, Any]]):
    assert bodies["disputes/create"]["amount"].partition(".")[2].isdigit()
    assert bodies["draft_orders/create"]["line_items"][0]["price"] == "16.00"
    adjustment = bodies["refunds/create"]["order_adjustments"][0]
    assert (adjustment["kind"], adjustment["amount"]) == ("refund_discrepancy", "-3.00")
