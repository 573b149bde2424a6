"""Cost and throttling: what a query costs, and what happens when the points are used up."""

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from sandbox import schema
from sandbox.cost import BUCKET, Buckets, Cost
from sandbox.tests.running import Sandbox

SCHEMA = schema.read()
HUGE = (
    "query { orders(first: 250) { nodes { lineItems(first: 250) { nodes { variant { product { id } } product { id }"
    " customAttributes { key } taxLines { title } duties { id } lineItemGroup { id } } } } } }"
)
LARGE = "query { orders(first: 100) { nodes { lineItems(first: 50) { nodes { variant { product { id } } } } } } }"


def cost(query: str, **variables: object) -> Cost:
    document = parse(query)
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return Cost(SCHEMA, fragments, operation, variables)


@pytest.mark.parametrize(
    "query, points",
    [
        ("query { order(id: 1) { id closed cancelledAt } }", 1),
        ("query { order(id: 1) { id totalPriceSet { shopMoney { amount } } } }", 1),
        ("query { order(id: 1) { id } orders(first: 5) { nodes { id } } ordersCount { count } }", 16),
        ("query { orders(first: 20) { nodes { id } } }", 7),
        ("mutation { orderUpdate(input: {id: 1}) { order { id } userErrors { message } } }", 10),
        ("mutation { orderUpdate(input: {id: 1}) { order { id shippingAddress { city } } } }", 11),
        ("query($n: Int = 3) { webhookSubscriptions(first: $n) { nodes { id apiVersion { handle } } } }", 6),
        ("query { order(id: 1) { ...A id ...B } } fragment A on Order { customer { id } }"
         " fragment B on Order { customer { displayName } }", 2),
    ],
)  # fmt: skip
def test_a_query_costs_what_shopify_charges(query: str, points: int):
    assert cost(query).requested() == points


def test_an_answer_costs_what_it_holds():
    query = "query { orders(first: 100) { nodes { id customer { id } } } }"
    held = {"orders": {"nodes": [{"id": "1", "customer": None}, {"id": "2", "customer": {"id": "3"}}]}}
    assert cost(query).requested() == 20
    assert cost(query).actual(held) == 4
    assert cost(query).actual({"orders": {"nodes": []}}) == 2


def test_a_bucket_runs_dry_and_fills_again():
    buckets = Buckets()
    assert buckets.take("shop", BUCKET)
    assert not buckets.take("shop", 500)
    assert buckets.take("another", 500)
    buckets.give_back("shop", 500)
    assert buckets.take("shop", 500)


def test_a_query_that_is_too_large_is_refused(shopify: Sandbox):
    answer = shopify.ask(HUGE)
    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_a_shop_without_points_is_throttled_with_status_200(shopify: Sandbox):
    assert cost(LARGE).requested() > 100
    shopify.post("/sandbox/faults.json", throttle=True)
    try:
        answer = shopify.ask(LARGE)
    finally:
        shopify.post("/sandbox/faults.json", throttle=False)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answer["extensions"]["cost"]["actualQueryCost"] is None
    assert answer["extensions"]["cost"]["throttleStatus"]["restoreRate"] == 100


def test_what_was_not_used_is_given_back(shopify: Sandbox):
    answer = shopify.ask(LARGE)
    paid = answer["extensions"]["cost"]
    assert paid["requestedQueryCost"] > paid["actualQueryCost"]
    assert paid["throttleStatus"]["currentlyAvailable"] >= BUCKET - paid["actualQueryCost"] - 1


def test_a_query_nested_thousands_deep_is_refused(shopify: Sandbox):
    assert "deeply" in shopify.ask("{a" * 5_000 + "}" * 5_000)["errors"][0]["message"]


def test_a_wrong_token_opens_nothing(shopify: Sandbox):
    assert shopify.ask(LARGE, token="wrong") == {
        "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
    }
