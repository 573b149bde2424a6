"""Scheduled fulfillment orders, and items that are counted or not."""

from typing import Any

from sandbox.tests.asking import FIELDS, actions, ask, of_order
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

OPEN = f"""mutation($id: ID!) {{ fulfillmentOrderOpen(id: $id) {{
  fulfillmentOrder {{ ...F }} userErrors {{ message }} }} }} {FIELDS}"""
RESCHEDULE = f"""mutation($id: ID!, $at: DateTime!) {{ fulfillmentOrderReschedule(id: $id, fulfillAt: $at) {{
  fulfillmentOrder {{ ...F fulfillAt }} userErrors {{ message code }} }} }} {FIELDS}"""
TRACK = """mutation($id: ID!, $tracked: Boolean!) { inventoryItemUpdate(id: $id, input: {tracked: $tracked}) {
  inventoryItem { tracked locationsCount { count } } userErrors { message } } }"""
ITEM = '{ inventoryItems(first: 1, query: "sku:FW-LAMP") { nodes { id } } }'
LATER = "2030-01-01T09:00:00Z"


def placed(shopify: Sandbox) -> tuple[dict[str, Any], dict[str, Any]]:
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    [one] = of_order(shopify, order)
    return order, one


def test_what_is_scheduled_cannot_be_shipped_before_it_is_ready(shopify: Sandbox, receiver: Receiver):
    for topic in ("FULFILLMENT_ORDERS_RESCHEDULED", "FULFILLMENT_ORDERS_SCHEDULED_FULFILLMENT_ORDER_READY"):
        shopify.subscribe(topic, receiver.url)
    order, one = placed(shopify)
    shopify.press(order["id"], "schedule", fulfill_at=LATER)
    [waits] = of_order(shopify, order)
    assert (waits["status"], actions(waits)[0]) == ("SCHEDULED", "MARK_AS_OPEN")
    assert shopify.post(f"/sandbox/orders/{order['id']}/fulfil.json").status_code == 422
    status = "query($id: ID!) { order(id: $id) { displayFulfillmentStatus } }"
    shown = ask(shopify, status, id=order["admin_graphql_api_id"])["order"]
    assert shown["displayFulfillmentStatus"] == "SCHEDULED"
    put_off = ask(shopify, RESCHEDULE, id=one["id"], at="2031-01-01T09:00:00Z")["fulfillmentOrderReschedule"]
    assert put_off["fulfillmentOrder"]["fulfillAt"] == "2031-01-01T09:00:00Z"
    assert ask(shopify, OPEN, id=one["id"])["fulfillmentOrderOpen"]["fulfillmentOrder"]["status"] == "OPEN"
    told = [one.body["fulfillment_order"] for one in receiver.wait_for(2, topic="fulfillment_orders/rescheduled")]
    assert {(one["status"], one["fulfill_at"]) for one in told} == {  # either may come first
        ("scheduled", "2030-01-01T04:00:00-05:00"), ("scheduled", "2031-01-01T04:00:00-05:00"),
    }  # fmt: skip
    receiver.wait_for(1, topic="fulfillment_orders/scheduled_fulfillment_order_ready")
    shopify.press(order["id"], "fulfil")


def test_what_is_not_scheduled_cannot_be_put_off_by_an_app(shopify: Sandbox):
    _, one = placed(shopify)
    refused = ask(shopify, RESCHEDULE, id=one["id"], at=LATER)["fulfillmentOrderReschedule"]
    assert refused["userErrors"] == [{"message": "Fulfillment order must be scheduled.", "code": None}]


def test_an_item_that_is_not_tracked_never_runs_out(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("INVENTORY_ITEMS_UPDATE", receiver.url)
    [item] = ask(shopify, ITEM)["inventoryItems"]["nodes"]
    off = ask(shopify, TRACK, id=item["id"], tracked=False)["inventoryItemUpdate"]["inventoryItem"]
    assert off == {"tracked": False, "locationsCount": {"count": 0}}
    told = receiver.wait_for(1, topic="inventory_items/update")[0].body
    assert (told["sku"], told["tracked"], told["admin_graphql_api_id"]) == ("FW-LAMP", False, item["id"])
    # Twice the most there ever were.
    order = shopify.place(lines=[{"sku": "FW-LAMP", "quantity": 2_000_100}])
    [one] = of_order(shopify, order)
    assert one["assignedLocation"]["name"] == "Main warehouse"
    on = ask(shopify, TRACK, id=item["id"], tracked=True)["inventoryItemUpdate"]["inventoryItem"]
    assert on == {"tracked": True, "locationsCount": {"count": 2}}
    assert shopify.post("/sandbox/orders.json", lines=[{"sku": "FW-LAMP", "quantity": 1}]).status_code == 422
    read = "query($id: ID!) { inventoryItem(id: $id) { inventoryLevels(first: 2) { nodes { location { name } "
    read += 'quantities(names: ["committed"]) { quantity } } } } }'
    levels = ask(shopify, read, id=item["id"])["inventoryItem"]["inventoryLevels"]["nodes"]
    assert {one["location"]["name"]: one["quantities"][0]["quantity"] for one in levels}["Main warehouse"] == 2_000_100
