"""Polling by ``updated_at``, page after page, and what changes an order."""

from sandbox.tests.running import Sandbox

POLL = """
query($q: String!, $after: String) {
  orders(first: 4, after: $after, query: $q, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor } nodes { id updatedAt }
  }
}
"""
READ = """
query($id: ID!) { order(id: $id) { displayFinancialStatus displayFulfillmentStatus cancelReason edited note tags
  currentTotalPriceSet { shopMoney { amount } } totalRefundedSet { shopMoney { amount } } shippingAddress { address1 }
  lineItems(first: 9) { nodes { sku quantity currentQuantity unfulfilledQuantity } } } }
"""
LINES = [{"sku": "FW-SHOE-42", "quantity": 2}, {"sku": "FW-MUG", "quantity": 1}]


def test_pages_hold_every_order_once_in_the_order_of_change(shopify: Sandbox):
    placed = [shopify.place() for _ in range(9)]
    shopify.press(placed[0]["id"], "note", note="changed last")
    expected = [order["admin_graphql_api_id"] for order in (*placed[1:], placed[0])]
    found, after = [], None
    while True:
        answer = shopify.ask(POLL, q="updated_at:>='2026-01-01T00:00:00Z'", after=after)
        page = answer["data"]["orders"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert [one["id"] for one in found][-9:] == expected
    assert [one["updatedAt"] for one in found] == sorted(one["updatedAt"] for one in found)


def test_what_changed_before_is_not_found(shopify: Sandbox):
    shopify.place()
    assert shopify.ask(POLL, q="updated_at:>='2999-01-01T00:00:00Z'")["data"]["orders"]["nodes"] == []


def test_a_page_needs_a_size(shopify: Sandbox):
    answer = shopify.ask("query { orders { nodes { id } } }")
    assert "first or last" in answer["errors"][0]["message"]


def test_a_refund_takes_units_off_and_pays_back(shopify: Sandbox):
    order = shopify.place(lines=LINES, customer=False, shipping_address=False)
    shopify.press(order["id"], "refund", lines=[{"sku": "FW-SHOE-42", "quantity": 1}])
    read = shopify.ask(READ, id=order["admin_graphql_api_id"])["data"]["order"]
    assert read["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert read["totalRefundedSet"]["shopMoney"]["amount"] == "139.95"
    assert read["currentTotalPriceSet"]["shopMoney"]["amount"] == "155.95"
    assert (read["lineItems"]["nodes"][0]["quantity"], read["lineItems"]["nodes"][0]["currentQuantity"]) == (2, 1)
    too_many = [{"sku": "FW-SHOE-42", "quantity": 2}]
    assert shopify.post(f"/sandbox/orders/{order['id']}/refund.json", lines=too_many).status_code == 422


def test_a_cancelled_order_is_refunded_and_keeps_its_lines(shopify: Sandbox):
    order = shopify.place(lines=LINES)
    shopify.press(order["id"], "cancel", reason="fraud")
    read = shopify.ask(READ, id=order["admin_graphql_api_id"])["data"]["order"]
    assert (read["cancelReason"], read["displayFinancialStatus"]) == ("FRAUD", "REFUNDED")
    assert read["displayFulfillmentStatus"] == "UNFULFILLED"
    assert read["currentTotalPriceSet"]["shopMoney"]["amount"] == "0.0"
    assert [line["currentQuantity"] for line in read["lineItems"]["nodes"]] == [0, 0]
    assert shopify.post(f"/sandbox/orders/{order['id']}/cancel.json").status_code == 422


def test_a_shipped_order_cannot_be_cancelled(shopify: Sandbox):
    order = shopify.place()
    shopify.press(order["id"], "fulfil")
    assert shopify.post(f"/sandbox/orders/{order['id']}/cancel.json").status_code == 422


def test_parts_of_an_order_are_shipped_and_scanned(shopify: Sandbox):
    order = shopify.place(lines=LINES)
    made = shopify.press(
        order["id"], "fulfil", lines=[{"sku": "FW-MUG"}], tracking_company="DHL Express", tracking_number="77"
    )
    shopify.press(order["id"], "scan", status="delivered", happened_at="2026-11-20T10:00:00+01:00")
    read = shopify.ask(
        "query($id: ID!) { fulfillment(id: $id) { displayStatus deliveredAt trackingInfo(first: 1) { company number }"
        " events(first: 5) { nodes { status happenedAt } } order { displayFulfillmentStatus } } }",
        id=made["fulfillment"]["admin_graphql_api_id"],
    )["data"]["fulfillment"]
    assert read["displayStatus"] == "DELIVERED"
    assert read["deliveredAt"] == "2026-11-20T09:00:00Z"
    assert read["trackingInfo"] == [{"company": "DHL Express", "number": "77"}]
    assert read["order"]["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"


def test_a_removed_line_stays_with_what_was_ordered(shopify: Sandbox):
    order = shopify.place(lines=LINES)
    shopify.press(order["id"], "edit", set=[{"sku": "FW-MUG", "quantity": 0}], add=[{"sku": "FW-LAMP", "quantity": 1}])
    read = shopify.ask(READ, id=order["admin_graphql_api_id"])["data"]["order"]
    quantities = [(line["sku"], line["quantity"], line["currentQuantity"]) for line in read["lineItems"]["nodes"]]
    assert quantities == [("FW-SHOE-42", 2, 2), ("FW-MUG", 1, 0), ("FW-LAMP", 1, 1)]
    assert read["edited"] is True


def test_address_note_and_tags_change(shopify: Sandbox):
    order = shopify.place()
    shopify.press(order["id"], "address", address1="9 Other Road")
    shopify.press(order["id"], "note", note="Ring twice", tags="vip, fragile")
    read = shopify.ask(READ, id=order["admin_graphql_api_id"])["data"]["order"]
    assert read["shippingAddress"]["address1"] == "9 Other Road"
    assert (read["note"], read["tags"]) == ("Ring twice", ["fragile", "vip"])


def test_a_deleted_order_is_gone_and_remembered(shopify: Sandbox):
    order = shopify.place()
    shopify.press(order["id"], "delete")
    assert shopify.ask(READ, id=order["admin_graphql_api_id"])["data"]["order"] is None
    question = "query($q: String!) { events(first: 250, query: $q) { nodes { action message } } }"
    found = shopify.ask(question, q="subject_type:ORDER action:destroy created_at:>='2026-01-01T00:00:00Z'")
    assert order["admin_graphql_api_id"] in found["data"]["events"]["nodes"][-1]["message"]
