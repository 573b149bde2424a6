"""A change of a fulfillment order does not touch the order's clock: whoever polls orders alone does not see it."""

from typing import Any

from sandbox.tests.asking import ask, of_order
from sandbox.tests.running import Sandbox

POLL = """query($q: String, $closed: Boolean, $key: FulfillmentOrderSortKeys, $first: Int, $after: String) {
  fulfillmentOrders(first: $first, query: $q, includeClosed: $closed, sortKey: $key, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { id orderId status updatedAt } } }"""
ORDERS = "query($q: String!) { orders(first: 9, query: $q, sortKey: UPDATED_AT) { nodes { id updatedAt } } }"
ONE = "query($id: ID!) { fulfillmentOrder(id: $id) { id status orderId order { name } } }"


def poll(shopify: Sandbox, query: str | None = None, **given: Any) -> list[dict[str, Any]]:
    variables = {"q": query, "closed": True, "key": "UPDATED_AT", "first": 100, **given}
    return list(ask(shopify, POLL, **variables)["fulfillmentOrders"]["nodes"])


def test_a_hold_is_seen_by_the_fulfillment_orders_clock_only(shopify: Sandbox):
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    [one] = of_order(shopify, order)
    seen = ask(shopify, ORDERS, q=f"id:{order['id']}")["orders"]["nodes"]
    shopify.press(order["id"], "hold")
    assert ask(shopify, ORDERS, q=f"id:{order['id']}")["orders"]["nodes"] == seen
    found = poll(shopify, f"updated_at:>='{one['updatedAt']}'")
    assert {"ON_HOLD"} == {known["status"] for known in found if known["id"] == one["id"]}
    assert poll(shopify, "updated_at:>='2999-01-01T00:00:00Z'") == []
    assert [known["id"] for known in poll(shopify)][-1] == one["id"]


def test_closed_ones_are_shown_only_when_asked_for(shopify: Sandbox):
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    [one] = of_order(shopify, order)
    shopify.press(order["id"], "fulfil")
    query = f"id:{one['id'].rsplit('/')[-1]}"
    assert poll(shopify, query, closed=False) == []
    assert [known["status"] for known in poll(shopify, query)] == ["CLOSED"]
    assert one["id"] in {known["id"] for known in poll(shopify, "status:closed")}


def test_pages_follow_the_clock_without_a_gap(shopify: Sandbox):
    for _ in range(3):
        shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    everything = [known["id"] for known in poll(shopify)]
    found: list[str] = []
    after = None
    while True:
        variables = {"q": None, "closed": True, "key": "UPDATED_AT", "first": 2, "after": after}
        page = ask(shopify, POLL, **variables)["fulfillmentOrders"]
        found += [known["id"] for known in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == everything


def test_one_is_read_by_its_id_and_no_other_shops(shopify: Sandbox):
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    [one] = of_order(shopify, order)
    read = ask(shopify, ONE, id=one["id"])["fulfillmentOrder"]
    assert (read["orderId"], read["order"]["name"]) == (order["admin_graphql_api_id"], order["name"])
    shopify.post("/sandbox/shops.json", domain="c.myshopify.com", token="tc", secret="sc")
    assert shopify.ask(ONE, token="tc", id=one["id"])["data"] == {"fulfillmentOrder": None}
    assert shopify.ask(POLL, token="tc", first=9)["data"]["fulfillmentOrders"]["nodes"] == []
