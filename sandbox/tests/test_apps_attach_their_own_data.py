"""Tags, metafields and their definitions, and what ``orderUpdate`` does not take."""

import uuid
from typing import Any

import pytest

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

TAGS = "mutation($id: ID!, $tags: [String!]!) { %s(id: $id, tags: $tags) { node { id } userErrors { field message } } }"
ADD, REMOVE = TAGS % "tagsAdd", TAGS % "tagsRemove"
SET = """mutation($metafields: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $metafields) {
  metafields { id key namespace value compareDigest } userErrors { field message code elementIndex } } }"""
DEFINE = """mutation($definition: MetafieldDefinitionInput!) { metafieldDefinitionCreate(definition: $definition) {
  createdDefinition { id key type { name } capabilities { uniqueValues { enabled } } }
  userErrors { field message code } } }"""
DEFINITIONS = """query($after: String) { metafieldDefinitions(first: 2, after: $after, ownerType: ORDER) {
  nodes { key } pageInfo { hasNextPage endCursor } } }"""
READ = """query($id: ID!) { order(id: $id) { tags phone shippingAddress { city }
  metafields(first: 10, namespace: "care") { nodes { key value } } } }"""
FIND = "query($q: String!) { orders(first: 5, query: $q) { nodes { id } } }"
UPDATE = """mutation($input: OrderInput!) { orderUpdate(input: $input) {
  order { phone shippingAddress { city } } userErrors { field message } } }"""


def call(shopify: Sandbox, document: str, **variables: Any) -> dict[str, Any]:
    answer = shopify.ask(document, **variables)
    assert "errors" not in answer, answer
    return dict(next(iter(answer["data"].values())))


@pytest.fixture
def order(shopify: Sandbox) -> str:
    return str(shopify.place()["admin_graphql_api_id"])


def test_tags_are_added_and_removed_one_by_one(shopify: Sandbox, receiver: Receiver, order: str):
    shopify.subscribe("ORDERS_UPDATED", receiver.url)
    assert call(shopify, ADD, id=order, tags=["claim", "VIP, urgent"]) == {"node": {"id": order}, "userErrors": []}
    call(shopify, ADD, id=order, tags=["vip"])
    assert call(shopify, READ, id=order)["tags"] == ["claim", "urgent", "VIP"]
    call(shopify, REMOVE, id=order, tags=["Claim"])
    assert call(shopify, READ, id=order)["tags"] == ["urgent", "VIP"]
    assert "urgent, VIP" in [one.body["tags"] for one in receiver.wait_for(3)]  # each on its own way
    assert order in [one["id"] for one in call(shopify, FIND, q="tag:urgent status:open")["nodes"]]


def test_nobody_elses_order_is_tagged(shopify: Sandbox):
    assert call(shopify, ADD, id="gid://shopify/Order/1", tags=["x"])["userErrors"][0]["field"] == ["id"]


def field(order: str, value: str, **more: Any) -> dict[str, Any]:
    return {"ownerId": order, "namespace": "care", "key": "state", "value": value, **more}


def test_a_value_is_set_and_compared(shopify: Sandbox, order: str):
    made = call(shopify, SET, metafields=[field(order, "new", type="single_line_text_field")])
    digest = made["metafields"][0]["compareDigest"]
    changed = call(shopify, SET, metafields=[field(order, "done", compareDigest=digest)])
    assert changed["metafields"][0]["value"] == "done"
    stale = call(shopify, SET, metafields=[field(order, "lost", compareDigest=digest)])
    assert (stale["metafields"], stale["userErrors"][0]["code"]) == ([], "STALE_OBJECT")
    fresh = call(shopify, SET, metafields=[field(order, "lost", compareDigest=None)])
    assert fresh["userErrors"][0]["code"] == "STALE_OBJECT"
    assert call(shopify, READ, id=order)["metafields"]["nodes"] == [{"key": "state", "value": "done"}]


def test_all_values_are_set_or_none(shopify: Sandbox, order: str):
    good = field(order, "new", type="single_line_text_field")
    refused = call(shopify, SET, metafields=[good, field("gid://shopify/Order/1", "x")])
    assert refused["userErrors"][0]["elementIndex"] == 1
    assert call(shopify, READ, id=order)["metafields"]["nodes"] == []


def test_an_id_is_given_once(shopify: Sandbox, order: str):
    definition = {"name": "Claim", "namespace": "care", "key": "claim", "type": "id", "ownerType": "ORDER"}
    made = call(shopify, DEFINE, definition=definition)["createdDefinition"]
    assert made["capabilities"]["uniqueValues"]["enabled"] is True
    assert call(shopify, DEFINE, definition=definition)["userErrors"][0]["code"] == "TAKEN"
    claim = {"ownerId": order, "namespace": "care", "key": "claim", "value": str(uuid.uuid4())}
    assert call(shopify, SET, metafields=[claim])["userErrors"] == []
    assert call(shopify, SET, metafields=[claim])["userErrors"] == []
    other = str(shopify.place()["admin_graphql_api_id"])
    assert call(shopify, SET, metafields=[{**claim, "ownerId": other}])["userErrors"][0]["code"] == "TAKEN"
    wrong = call(shopify, SET, metafields=[{**claim, "type": "boolean"}])
    assert wrong["userErrors"][0]["code"] == "INVALID_TYPE"


def test_definitions_page_by_cursor(shopify: Sandbox):
    for name in ("one", "two", "three"):
        definition = {"name": name, "namespace": "pages", "key": name, "type": "boolean", "ownerType": "ORDER"}
        call(shopify, DEFINE, definition=definition)
    first = call(shopify, DEFINITIONS)
    then = call(shopify, DEFINITIONS, after=first["pageInfo"]["endCursor"])
    assert len(first["nodes"]) == 2
    assert first["pageInfo"]["hasNextPage"] is True
    assert not {one["key"] for one in first["nodes"]} & {one["key"] for one in then["nodes"]}


def test_bad_input_is_named_in_the_recorded_words(shopify: Sandbox, order: str):
    before = call(shopify, READ, id=order)
    bad = {"address1": "3 Bad Province", "city": "Chicago", "countryCode": "US", "provinceCode": "ON"}
    refused = call(shopify, UPDATE, input={"id": order, "shippingAddress": bad})
    assert refused["userErrors"] == [
        {"field": ["shippingAddress", "lastName"], "message": "Enter a last name"},
        {"field": ["shippingAddress", "zip"], "message": "Enter a ZIP code"},
        {"field": ["shippingAddress", "province"], "message": "State is not a valid state in United States"},
    ]
    phone = call(shopify, UPDATE, input={"id": order, "phone": "not a phone"})
    assert phone["userErrors"] == [{"field": ["phone"], "message": "Phone is invalid"}]
    empty = call(shopify, UPDATE, input={"id": order})
    assert empty["userErrors"] == [{"field": None, "message": "No valid update parameters have been provided"}]
    assert call(shopify, READ, id=order) == before


def test_a_good_address_is_taken(shopify: Sandbox, order: str):
    good = {"lastName": "Lee", "address1": "1 Road", "city": "Chicago", "countryCode": "US", "provinceCode": "IL"}
    taken = call(shopify, UPDATE, input={"id": order, "shippingAddress": {**good, "zip": "60601"}})
    assert (taken["userErrors"], taken["order"]["shippingAddress"]["city"]) == ([], "Chicago")


def test_a_new_address_is_taxed_anew_until_something_is_shipped(shopify: Sandbox):
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    there = {"lastName": "Lee", "address1": "1 Road", "city": "Oakland", "countryCode": "US", "zip": "94601"}
    read = "query($id: ID!) { order(id: $id) { totalTaxSet { shopMoney { amount } } } }"

    def tax_in(state: str) -> str:
        given = {"id": order["admin_graphql_api_id"], "shippingAddress": {**there, "provinceCode": state}}
        assert call(shopify, UPDATE, input=given)["userErrors"] == []
        shown = call(shopify, read, id=order["admin_graphql_api_id"])
        return str(shown["totalTaxSet"]["shopMoney"]["amount"])

    assert (tax_in("CA"), tax_in("OR"), tax_in("NY")) == ("1.16", "0.0", "0.64")
    shopify.press(order["id"], "fulfil")
    assert tax_in("OR") == "0.64"


def test_five_orders_a_minute_when_the_shop_is_so(shopify: Sandbox):
    create = """mutation($order: OrderCreateOrderInput!) { orderCreate(order: $order) {
      order { id } userErrors { field message code } } }"""
    given = {"lineItems": [{"variantId": "gid://shopify/ProductVariant/45100000000003", "quantity": 1}]}
    shopify.post("/sandbox/faults.json", order_limit=True)
    answers = [call(shopify, create, order=given) for _ in range(6)]
    shopify.post("/sandbox/faults.json", order_limit=False)
    assert [one["order"] is not None for one in answers] == [True] * 5 + [False]
    assert answers[5]["userErrors"][0]["message"] == "Too many attempts. Please try again later."
    assert call(shopify, create, order=given)["order"]
