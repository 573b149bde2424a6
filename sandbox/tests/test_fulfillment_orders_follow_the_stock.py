"""Orders are routed to the locations that have their units, and what stock is promised follows."""

from typing import Any

from sandbox.tests.running import Sandbox

ORDER = """query($id: ID!) { order(id: $id) {
  updatedAt displayFulfillmentStatus lineItems(first: 9) { nodes { sku } }
  fulfillmentOrders(first: 9) { nodes {
    id status requestStatus updatedAt fulfillAt orderName
    assignedLocation { name location { id isActive } } deliveryMethod { methodType presentedName }
    destination { city countryCode email } supportedActions { action } fulfillmentHolds { id }
    lineItems(first: 9) { nodes { id totalQuantity remainingQuantity sku lineItem { id } } } } } } }"""
LOCATIONS = """{ locations(first: 5) { nodes { id name isActive address { city } } } locationsCount { count } }"""
LEVELS = """query($sku: String!) { productVariants(first: 1, query: $sku) { nodes { inventoryQuantity inventoryItem {
  id sku tracked variants(first: 1) { nodes { id } } inventoryLevels(first: 9) { nodes {
    id updatedAt location { name } quantities(names: ["available", "committed", "on_hand"]) { name quantity }
  } } } } } }"""


def order(shopify: Sandbox, gid: str) -> dict[str, Any]:
    answer = shopify.ask(ORDER, id=gid)
    assert "errors" not in answer, answer
    return dict(answer["data"]["order"])


def fulfillment_orders(shopify: Sandbox, gid: str) -> list[dict[str, Any]]:
    return list(order(shopify, gid)["fulfillmentOrders"]["nodes"])


def levels(shopify: Sandbox, sku: str) -> dict[str, dict[str, int]]:
    """Quantities by location."""
    [variant] = shopify.ask(LEVELS, sku=f"sku:{sku}")["data"]["productVariants"]["nodes"]
    return {
        one["location"]["name"]: {quantity["name"]: quantity["quantity"] for quantity in one["quantities"]}
        for one in variant["inventoryItem"]["inventoryLevels"]["nodes"]
    }


def test_a_shop_has_two_locations(shopify: Sandbox):
    data = shopify.ask(LOCATIONS)["data"]
    assert [one["name"] for one in data["locations"]["nodes"]] == ["East coast depot", "Main warehouse"]
    assert data["locationsCount"]["count"] == 2
    one = data["locations"]["nodes"][0]
    assert shopify.ask("query($id: ID!) { location(id: $id) { name } }", id=one["id"])["data"]["location"] == {
        "name": one["name"]
    }


def test_what_one_location_has_is_one_fulfillment_order(shopify: Sandbox):
    placed = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 2}, {"sku": "FW-LAMP", "quantity": 1}])
    [one] = fulfillment_orders(shopify, placed["admin_graphql_api_id"])
    assert (one["status"], one["requestStatus"], one["orderName"]) == ("OPEN", "UNSUBMITTED", placed["name"])
    assert one["assignedLocation"]["name"] == "Main warehouse"
    assert one["deliveryMethod"] == {"methodType": "SHIPPING", "presentedName": "Standard"}
    assert one["destination"]["city"]
    assert [(part["sku"], part["totalQuantity"], part["remainingQuantity"]) for part in one["lineItems"]["nodes"]] == [
        ("FW-MUG", 2, 2),
        ("FW-LAMP", 1, 1),
    ]
    # As recorded, in this order.
    assert [one["action"] for one in one["supportedActions"]] == [
        "CREATE_FULFILLMENT",
        "REPORT_PROGRESS",
        "MOVE",
        "HOLD",
        "SPLIT",
    ]


def test_what_needs_no_shipping_is_delivered_otherwise_and_nowhere(shopify: Sandbox):
    placed = shopify.place(protected=True, lines=[{"sku": "FW-MUG", "quantity": 1}])
    ships, fee = fulfillment_orders(shopify, placed["admin_graphql_api_id"])
    assert (ships["deliveryMethod"]["methodType"], fee["deliveryMethod"]["methodType"]) == ("SHIPPING", "NONE")
    assert fee["destination"] is None
    assert fee["assignedLocation"]["name"] == ships["assignedLocation"]["name"]


def test_an_order_without_an_address_has_no_destination(shopify: Sandbox):
    placed = shopify.place(shipping_address=False, lines=[{"sku": "FW-MUG", "quantity": 1}])
    [one] = fulfillment_orders(shopify, placed["admin_graphql_api_id"])
    assert one["destination"] is None


def test_the_first_location_that_has_everything_serves_everything(shopify: Sandbox):
    shopify.post("/sandbox/stock.json", sku="FW-SHOE-42", available=0)
    shopify.post("/sandbox/stock.json", sku="FW-SHOE-42", available=5, location="East coast depot")
    placed = shopify.place(lines=[{"sku": "FW-SHOE-42", "quantity": 1}, {"sku": "FW-MUG", "quantity": 1}])
    [one] = fulfillment_orders(shopify, placed["admin_graphql_api_id"])
    assert one["assignedLocation"]["name"] == "East coast depot"
    assert levels(shopify, "FW-SHOE-42")["East coast depot"] == {"available": 4, "committed": 1, "on_hand": 5}


def test_otherwise_each_line_goes_where_it_lies_and_a_line_may_be_parted(shopify: Sandbox):
    shopify.post("/sandbox/stock.json", sku="FW-BOTTLE", available=2)
    shopify.post("/sandbox/stock.json", sku="FW-BOTTLE", available=1, location="East coast depot")
    placed = shopify.place(lines=[{"sku": "FW-BOTTLE", "quantity": 3}])
    parted = fulfillment_orders(shopify, placed["admin_graphql_api_id"])
    assert [(one["assignedLocation"]["name"], one["lineItems"]["nodes"][0]["totalQuantity"]) for one in parted] == [
        ("Main warehouse", 2),
        ("East coast depot", 1),
    ]
    response = shopify.post("/sandbox/orders.json", lines=[{"sku": "FW-BOTTLE", "quantity": 1}])
    assert response.status_code == 422


def test_shipping_closes_the_fulfillment_order_and_empties_the_shelf(shopify: Sandbox):
    before = levels(shopify, "FW-JACKET-M")["Main warehouse"]
    placed = shopify.place(lines=[{"sku": "FW-JACKET-M", "quantity": 2}])
    promised = levels(shopify, "FW-JACKET-M")["Main warehouse"]
    assert promised["available"] == before["available"] - 2
    assert (promised["committed"], promised["on_hand"]) == (before["committed"] + 2, before["on_hand"])
    gid = placed["admin_graphql_api_id"]
    shopify.press(placed["id"], "fulfil", lines=[{"sku": "FW-JACKET-M", "quantity": 1}])
    assert order(shopify, gid)["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    [one] = fulfillment_orders(shopify, gid)
    assert (one["status"], one["lineItems"]["nodes"][0]["remainingQuantity"]) == ("IN_PROGRESS", 1)
    shopify.press(placed["id"], "fulfil")
    [one] = fulfillment_orders(shopify, gid)
    assert (one["status"], one["supportedActions"]) == ("CLOSED", [])
    part = one["lineItems"]["nodes"][0]
    assert (part["totalQuantity"], part["remainingQuantity"]) == (2, 0)
    left = levels(shopify, "FW-JACKET-M")["Main warehouse"]
    assert (left["committed"], left["on_hand"]) == (before["committed"], before["on_hand"] - 2)


def test_an_edit_shrinks_what_is_open_and_opens_more_for_what_is_new(shopify: Sandbox):
    placed = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 3}])
    gid = placed["admin_graphql_api_id"]
    shopify.press(placed["id"], "edit", set=[{"sku": "FW-MUG", "quantity": 1}], add=[{"sku": "FW-LAMP", "quantity": 2}])
    first, second = fulfillment_orders(shopify, gid)
    # As recorded for an edit from 3 to 1 with two units of another variant.
    assert [(one["totalQuantity"], one["remainingQuantity"]) for one in first["lineItems"]["nodes"]] == [(1, 1)]
    assert [(one["sku"], one["totalQuantity"]) for one in second["lineItems"]["nodes"]] == [("FW-LAMP", 2)]


def test_a_cancelled_order_leaves_closed_fulfillment_orders_with_nothing_in_them(shopify: Sandbox):
    before = levels(shopify, "FW-MERINO-L")
    placed = shopify.place(lines=[{"sku": "FW-MERINO-L", "quantity": 2}])
    shopify.press(placed["id"], "cancel")
    shown = order(shopify, placed["admin_graphql_api_id"])
    [one] = shown["fulfillmentOrders"]["nodes"]
    part = one["lineItems"]["nodes"][0]
    assert (one["status"], part["totalQuantity"], part["remainingQuantity"]) == ("CLOSED", 0, 0)
    # As recorded, though nothing is to be shipped.
    assert shown["displayFulfillmentStatus"] == "UNFULFILLED"
    assert levels(shopify, "FW-MERINO-L") == before


def test_a_partial_refund_before_shipping_takes_units_out(shopify: Sandbox):
    placed = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 3}])
    shopify.press(placed["id"], "refund", lines=[{"sku": "FW-MUG", "quantity": 1}], restock=True)
    [one] = fulfillment_orders(shopify, placed["admin_graphql_api_id"])
    assert one["lineItems"]["nodes"][0]["totalQuantity"] == 2


def test_deleting_an_order_keeps_no_promise(shopify: Sandbox):
    before = levels(shopify, "FW-LAMP")["Main warehouse"]["committed"]
    placed = shopify.place(lines=[{"sku": "FW-LAMP", "quantity": 4}])
    shopify.press(placed["id"], "delete")
    assert levels(shopify, "FW-LAMP")["Main warehouse"]["committed"] == before
