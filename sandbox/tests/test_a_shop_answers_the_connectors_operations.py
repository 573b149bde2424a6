"""The documents the product's connector sends are answered without an error, word for word."""

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, print_ast, validate, visit
from graphql.language import FragmentSpreadNode, Visitor

from sandbox import schema
from sandbox.tests.running import Sandbox

PACKAGE = Path(__file__).resolve().parents[1]
REFERENCE = PACKAGE.parents[1] / "shared" / "reference"
SCHEMA = schema.read()
COSTS = {"OrderRead": 80, "OrderEvents": 27, "RefundRead": 46, "OrdersPoll": 11, "WebhookCreate": 11}

OWN = {
    "order": "query($id: ID!) { order(id: $id) { id name lineItems(first: 3) { nodes { id sku quantity } } } }",
    "poll": "query { orders(first: 2, sortKey: UPDATED_AT) { pageInfo { hasNextPage endCursor } nodes { id } } }",
    "events": "query($id: ID!) { order(id: $id) { fulfillments(first: 9) { id trackingInfo(first: 1) { number } }"
    " refunds(first: 9) { id } transactions(first: 9) { id kind } transactionsCount { count } } }",
    "hooks": "query { webhookSubscriptions(first: 100) { nodes { id topic uri apiVersion { handle } } } }",
    "shop": "query { currentAppInstallation { accessScopes { handle } } shop { myshopifyDomain currencyCode } }",
    "create": "mutation($order: OrderCreateOrderInput!) { orderCreate(order: $order) { order { id }"
    " userErrors { field message code } } }",
    "cancel": "mutation($id: ID!) { orderCancel(orderId: $id, reason: CUSTOMER, restock: true) { job { id }"
    " orderCancelUserErrors { message } } }",
}


@pytest.mark.parametrize("name", OWN)
def test_the_schema_knows_what_is_asked(name: str):
    assert validate(SCHEMA, parse(OWN[name])) == []


@pytest.mark.parametrize("name", ["order", "poll", "events", "hooks", "shop"])
def test_a_question_is_answered(shopify: Sandbox, name: str):
    order = shopify.place(protected=True)
    answer = shopify.ask(OWN[name], id=order["admin_graphql_api_id"])
    assert "errors" not in answer
    assert answer["extensions"]["cost"]["requestedQueryCost"] >= answer["extensions"]["cost"]["actualQueryCost"]


def test_every_shared_operation_runs_word_for_word(shopify: Sandbox):
    documents = shared_documents()
    variables = json.loads((REFERENCE / "shopify_variables.json").read_text())
    order = shopify.place(protected=True)
    fulfillment = shopify.press(order["id"], "fulfil")["fulfillment"]
    shopify.press(order["id"], "scan", status="in_transit")
    refund = shopify.press(order["id"], "refund")["refund"]

    def ask(name: str, **given: Any) -> dict[str, Any]:
        answer = shopify.ask(documents[name], **given)
        assert "errors" not in answer, (name, answer["errors"])
        assert answer["extensions"]["cost"]["requestedQueryCost"] == COSTS.get(
            name, answer["extensions"]["cost"]["requestedQueryCost"]
        )
        return dict(answer["data"])

    for name in ("OrderRead", "OrderEvents", "OrderLinesPage"):
        assert ask(name, id=order["admin_graphql_api_id"])["order"]["id"] == order["admin_graphql_api_id"]
    assert ask("FulfillmentRead", id=fulfillment["admin_graphql_api_id"])["fulfillment"]["events"]["nodes"]
    assert ask("RefundRead", id=refund["admin_graphql_api_id"])["refund"]["refundLineItems"]["nodes"]
    assert ask("OrdersPoll", **variables["OrdersPoll"])["orders"]["nodes"]
    assert ask("Installation")["currentAppInstallation"]["accessScopes"]

    customer = ask("OrderRead", id=order["admin_graphql_api_id"])["order"]["customer"]
    wanted = variables["CreateReplacement"]
    wanted["order"]["customer"]["toAssociate"]["id"] = customer["id"]
    wanted["order"]["lineItems"][0]["variantId"] = "gid://shopify/ProductVariant/45100000000003"
    created = ask("CreateReplacement", **wanted)["orderCreate"]
    assert created["userErrors"] == []
    found = [
        ask("FindReplacementBySource", **variables["FindReplacementBySource"])["orders"]["nodes"][0],
        ask("FindReplacementByCustomId", **variables["FindReplacementByCustomId"])["orderByIdentifier"],
    ]
    assert {one["id"] for one in found} == {created["order"]["id"]}

    made = ask("WebhookCreate", **variables["WebhookCreate"])["webhookSubscriptionCreate"]["webhookSubscription"]
    moved = ask("WebhookUpdate", id=made["id"], sub={"uri": "https://hooks.example.com/other"})
    assert moved["webhookSubscriptionUpdate"]["webhookSubscription"]["uri"] == "https://hooks.example.com/other"
    assert ask("WebhookList")["webhookSubscriptions"]["nodes"][0]["id"] == made["id"]
    gone = ask("WebhookDelete", id=made["id"])["webhookSubscriptionDelete"]
    assert gone["deletedWebhookSubscriptionId"] == made["id"]


def shared_documents() -> dict[str, str]:
    path = REFERENCE / "shopify_operations.graphql"
    if not path.exists():
        pytest.skip("the shared operations are not here")
    document = parse(path.read_text())
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    return {one.name.value: with_fragments(one, fragments) for one in operations if one.name}


def with_fragments(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> str:
    needed: dict[str, FragmentDefinitionNode] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
            if node.name.value not in needed:
                needed[node.name.value] = fragments[node.name.value]
                visit(fragments[node.name.value], Spreads())

    visit(operation, Spreads())
    return "\n".join(print_ast(one) for one in (operation, *needed.values()))
