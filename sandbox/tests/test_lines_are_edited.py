"""``orderEdit…`` from begin to commit: what is staged, what the order becomes, what is refused."""

from typing import Any

import pytest

from sandbox.tests.operations import MONEY, ORDER, shop
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

STATE = """calculatedOrder { id originalOrder { id name } totalPriceSet { ...M } totalOutstandingSet { ...M }
    lineItems(first: 50) { nodes { id title quantity editableQuantity variant { id } } }
    addedLineItems(first: 10) { nodes { id title quantity originalUnitPriceSet { ...M } } } }
  userErrors { field message }"""
BEGIN = f"{MONEY}mutation($id: ID!) {{ orderEditBegin(id: $id) {{ orderEditSession {{ id }} {STATE} }} }}"
SET = f"""{MONEY}mutation($id: ID!, $line: ID!, $quantity: Int!, $restock: Boolean) {{
  orderEditSetQuantity(id: $id, lineItemId: $line, quantity: $quantity, restock: $restock) {{
    calculatedLineItem {{ id quantity }} {STATE} }} }}"""
ADD = f"""{MONEY}mutation($id: ID!, $variant: ID!, $quantity: Int!) {{
  orderEditAddVariant(id: $id, variantId: $variant, quantity: $quantity, allowDuplicates: false) {{
    calculatedLineItem {{ id title quantity }} {STATE} }} }}"""
CUSTOM = f"""{MONEY}mutation($id: ID!, $price: MoneyInput!) {{
  orderEditAddCustomItem(id: $id, title: "Engraving", price: $price, quantity: 1, requiresShipping: false) {{
    calculatedLineItem {{ id title quantity }} {STATE} }} }}"""
COMMIT = """mutation($id: ID!, $note: String) { orderEditCommit(id: $id, notifyCustomer: false, staffNote: $note) {
  order { id updatedAt } successMessages userErrors { field message } } }"""
STOCK = "query($id: ID!) { productVariant(id: $id) { inventoryQuantity } }"
MUG, LAMP = "gid://shopify/ProductVariant/45100000000003", "gid://shopify/ProductVariant/45100000000006"


def call(shopify: Sandbox, document: str, **variables: Any) -> dict[str, Any]:
    answer = shopify.ask(document, **variables)
    assert "errors" not in answer, answer
    return dict(next(iter(answer["data"].values())))


def read(shopify: Sandbox, gid: str) -> dict[str, Any]:
    return call(shopify, ORDER, id=gid)


@pytest.fixture
def order(shopify: Sandbox) -> str:
    """Three mugs at 16.00."""
    return str(shopify.place(lines=[{"sku": "FW-MUG", "quantity": 3}])["admin_graphql_api_id"])


def begun(shopify: Sandbox, order: str) -> tuple[str, str]:
    """An edit's gid and that of the order's first line in it."""
    made = call(shopify, BEGIN, id=order)
    assert made["userErrors"] == []
    return made["calculatedOrder"]["id"], made["calculatedOrder"]["lineItems"]["nodes"][0]["id"]


def test_nothing_changes_before_the_commit(shopify: Sandbox, order: str):
    before = read(shopify, order)
    edit, line = begun(shopify, order)
    staged = call(shopify, SET, id=edit, line=line, quantity=1)
    assert staged["calculatedLineItem"]["quantity"] == 1
    was, would = (float(shop(one["totalPriceSet"])) for one in (before, staged["calculatedOrder"]))
    assert was - would == pytest.approx(32, abs=5)  # two mugs, and the tax some addresses pay
    assert read(shopify, order) == before


def test_fewer_and_more_lines_are_committed(shopify: Sandbox, receiver: Receiver, order: str):
    for topic in ("ORDERS_EDITED", "ORDERS_UPDATED"):
        shopify.subscribe(topic, receiver.url)
    edit, line = begun(shopify, order)
    call(shopify, SET, id=edit, line=line, quantity=1)
    added = call(shopify, ADD, id=edit, variant=LAMP, quantity=2)
    assert added["calculatedOrder"]["addedLineItems"]["nodes"][0]["quantity"] == 2
    done = call(shopify, COMMIT, id=edit, note="By telephone")
    assert (done["userErrors"], done["successMessages"]) == ([], ["Order updated"])
    after = read(shopify, order)
    mugs, lamps = after["lineItems"]["nodes"]
    assert (mugs["quantity"], mugs["currentQuantity"], mugs["unfulfilledQuantity"]) == (3, 1, 1)
    assert (lamps["title"], lamps["quantity"], lamps["currentQuantity"]) == ("Headlamp 400 lm", 2, 2)
    assert after["edited"] is True
    assert after["displayFinancialStatus"] == "PARTIALLY_PAID"
    assert float(shop(after["totalOutstandingSet"])) > 0
    told = receiver.wait_for(1, "orders/edited")[0].body["order_edit"]
    assert told["order_id"] == int(order.rsplit("/")[-1])
    assert told["staff_note"] == "By telephone"
    assert [one["delta"] for one in told["line_items"]["removals"]] == [2]
    assert [one["delta"] for one in told["line_items"]["additions"]] == [2]
    body = receiver.wait_for(1, "orders/updated")[0].body
    assert [one["current_quantity"] for one in body["line_items"]] == [1, 2]


def test_a_removed_line_stays_with_nothing_on_it(shopify: Sandbox, order: str):
    edit, line = begun(shopify, order)
    before = call(shopify, STOCK, id=MUG)["inventoryQuantity"]
    call(shopify, SET, id=edit, line=line, quantity=0, restock=True)
    call(shopify, COMMIT, id=edit)
    line = read(shopify, order)["lineItems"]["nodes"][0]
    assert (line["quantity"], line["currentQuantity"]) == (3, 0)
    assert call(shopify, STOCK, id=MUG)["inventoryQuantity"] == before + 3


def test_a_custom_item_is_added(shopify: Sandbox, order: str):
    edit, _ = begun(shopify, order)
    call(shopify, CUSTOM, id=edit, price={"amount": "4.50", "currencyCode": "USD"})
    call(shopify, COMMIT, id=edit)
    line = read(shopify, order)["lineItems"]["nodes"][1]
    assert (line["title"], line["variant"], line["product"]) == ("Engraving", None, None)


def test_an_empty_edit_is_refused(shopify: Sandbox, order: str):
    edit, line = begun(shopify, order)
    refusal = [{"field": ["id"], "message": "There must be at least one change to be made."}]
    assert call(shopify, COMMIT, id=edit) == {"order": None, "successMessages": [], "userErrors": refusal}
    call(shopify, SET, id=edit, line=line, quantity=2)
    call(shopify, SET, id=edit, line=line, quantity=3)
    assert call(shopify, COMMIT, id=edit)["userErrors"] == refusal


def test_what_is_shipped_is_not_edited_away(shopify: Sandbox, order: str):
    edit, line = begun(shopify, order)
    call(shopify, SET, id=edit, line=line, quantity=0)
    shopify.press(int(order.rsplit("/")[-1]), "fulfil", lines=[{"sku": "FW-MUG", "quantity": 2}])
    assert call(shopify, COMMIT, id=edit)["userErrors"][0]["message"].startswith("Only units that are not fulfilled")
    edit, line = begun(shopify, order)
    assert call(shopify, SET, id=edit, line=line, quantity=1)["userErrors"][0]["field"] == ["quantity"]
    assert call(shopify, SET, id=edit, line=line, quantity=2)["userErrors"] == []


def test_a_committed_edit_is_over(shopify: Sandbox, order: str):
    edit, line = begun(shopify, order)
    call(shopify, SET, id=edit, line=line, quantity=2)
    assert call(shopify, COMMIT, id=edit)["userErrors"] == []
    assert call(shopify, COMMIT, id=edit)["userErrors"][0]["field"] == ["id"]


def test_a_variant_is_not_added_twice(shopify: Sandbox, order: str):
    edit, _ = begun(shopify, order)
    assert call(shopify, ADD, id=edit, variant=MUG, quantity=1)["userErrors"][0]["field"] == ["variantId"]


def test_cancelled_orders_are_not_edited(shopify: Sandbox, order: str):
    shopify.press(int(order.rsplit("/")[-1]), "cancel")
    assert call(shopify, BEGIN, id=order)["userErrors"][0]["field"] == ["id"]


def test_both_currencies_change(shopify: Sandbox):
    placed = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 3}], presentment_currency="JPY")
    edit, line = begun(shopify, placed["admin_graphql_api_id"])
    call(shopify, SET, id=edit, line=line, quantity=0)
    call(shopify, COMMIT, id=edit)
    after = read(shopify, placed["admin_graphql_api_id"])
    owed = after["totalOutstandingSet"]
    assert owed["presentmentMoney"]["currencyCode"] == "JPY"
    assert float(owed["shopMoney"]["amount"]) < 0
    assert float(owed["presentmentMoney"]["amount"]) < 0
    assert "." not in owed["presentmentMoney"]["amount"]
