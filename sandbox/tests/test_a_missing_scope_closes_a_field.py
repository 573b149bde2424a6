"""Scopes are granted and revoked per shop; what they cover is closed without them, beside what stays open."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.installations import SCOPES
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

ORDER = "query($id: ID!) { order(id: $id) { id email customer { id } shippingAddress { city zip country } } }"
SUBSCRIBE = (
    "mutation($topic: WebhookSubscriptionTopic!) { webhookSubscriptionCreate(topic: $topic, webhookSubscription:"
    ' { uri: "https://app.example/hooks" }) { webhookSubscription { id } userErrors { field message } } }'
)
GRANTED = "query { currentAppInstallation { accessScopes { handle } } }"


@pytest.fixture(autouse=True)
def repaired(shopify: Sandbox) -> Iterator[None]:
    yield
    shopify.post("/sandbox/scopes.json", grant=list(SCOPES), protected_data=True)


def errors(answer: dict[str, Any]) -> list[tuple[Any, str]]:
    return [(error["path"], error["extensions"]["code"]) for error in answer.get("errors", [])]


def test_a_denied_field_is_null_beside_the_rest(shopify: Sandbox):
    order = shopify.place()
    shopify.post("/sandbox/scopes.json", revoke=["read_customers", "write_customers"])
    answer = shopify.ask(ORDER, id=order["admin_graphql_api_id"])
    assert answer["data"]["order"]["customer"] is None
    assert answer["data"]["order"]["id"] == order["admin_graphql_api_id"]
    assert errors(answer) == [(["order", "customer"], "ACCESS_DENIED")]
    assert "read_customers" in answer["errors"][0]["message"]


def test_a_denied_mutation_changes_nothing(shopify: Sandbox):
    order = shopify.place()
    shopify.post("/sandbox/scopes.json", revoke="write_orders")
    update = 'mutation($id: ID!) { orderUpdate(input: {id: $id, note: "x"}) { order { note } } }'
    answer = shopify.ask(update, id=order["admin_graphql_api_id"])
    assert answer["data"] == {"orderUpdate": None}
    assert errors(answer) == [(["orderUpdate"], "ACCESS_DENIED")]
    assert shopify.get(f"/sandbox/orders/{order['id']}.json")["order"]["note"] is None


def test_writing_includes_reading(shopify: Sandbox):
    order = shopify.place()
    shopify.post("/sandbox/scopes.json", revoke="read_orders")
    assert shopify.ask(ORDER, id=order["admin_graphql_api_id"])["data"]["order"]["id"]


def test_a_topic_without_its_scope_is_refused(shopify: Sandbox):
    shopify.post("/sandbox/scopes.json", revoke="read_locations")
    answer = shopify.ask(SUBSCRIBE, topic="LOCATIONS_CREATE")["data"]["webhookSubscriptionCreate"]
    assert answer["webhookSubscription"] is None
    assert "permission" in answer["userErrors"][0]["message"]
    allowed = shopify.ask(SUBSCRIBE, topic="SHOP_UPDATE")["data"]["webhookSubscriptionCreate"]
    assert allowed["userErrors"] == []


def test_a_change_of_scopes_is_shown_and_announced(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("APP_SCOPES_UPDATE", receiver.url)
    shopify.post("/sandbox/scopes.json", revoke="read_locations")
    body = receiver.wait_for(1, "app/scopes_update")[0].body
    assert set(body["previous"]) - set(body["current"]) == {"read_locations"}
    shown = {one["handle"] for one in shopify.ask(GRANTED)["data"]["currentAppInstallation"]["accessScopes"]}
    assert shown == set(body["current"])
    assert "read_locations" not in shopify.get("/sandbox/scopes.json")["scopes"]


def test_scopes_of_one_shop_are_not_those_of_another(shopify: Sandbox):
    shopify.post("/sandbox/shops.json", domain="second.myshopify.com", token="shpat_second", secret="s")
    shopify.post("/sandbox/scopes.json", revoke="read_products", shop="second.myshopify.com")
    assert "read_products" in shopify.get("/sandbox/scopes.json")["scopes"]
    assert "read_products" not in shopify.get("/sandbox/scopes.json", shop="second.myshopify.com")["scopes"]


def test_protected_data_is_blank_for_an_app_without_approval(shopify: Sandbox):
    order = shopify.place()
    shopify.post("/sandbox/scopes.json", protected_data=False)
    shown = shopify.ask(ORDER, id=order["admin_graphql_api_id"])["data"]["order"]
    assert (shown["email"], shown["shippingAddress"]["city"], shown["shippingAddress"]["zip"]) == (None, None, None)
    assert shown["shippingAddress"]["country"]
    name = "query($id: ID!) { order(id: $id) { id customer { displayName } } }"
    assert errors(shopify.ask(name, id=order["admin_graphql_api_id"])) == [
        (["order", "customer", "displayName"], "ACCESS_DENIED")
    ]
    refused = shopify.ask(SUBSCRIBE, topic="ORDERS_CREATE")["data"]["webhookSubscriptionCreate"]
    assert "protected customer data" in refused["userErrors"][0]["message"]
