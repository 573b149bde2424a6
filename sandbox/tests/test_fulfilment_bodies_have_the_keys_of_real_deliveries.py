"""Webhooks of fulfillment orders, holds, stock and locations carry what the collected samples carry."""

import json
from typing import Any

import pytest

from sandbox.subscriptions import enum_of
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox
from sandbox.tests.test_bodies_have_the_keys_of_real_deliveries import SAMPLES, missing

SAMPLE_OF = {
    "fulfillment_orders/order_routing_complete": "fulfillment_orders__order_routing_complete/1_triggerdev.json",
    "fulfillment_orders/placed_on_hold": "fulfillment_orders__placed_on_hold/3_hookdeck202410.json",
    "fulfillment_orders/hold_released": "fulfillment_orders__hold_released/1_triggerdev.json",
    "fulfillment_orders/moved": "fulfillment_orders__moved/1_triggerdev.json",
    "fulfillment_orders/split": "fulfillment_orders__split/1_hookdeck202410.json",
    "fulfillment_orders/cancelled": "fulfillment_orders__cancelled/1_triggerdev.json",
    "fulfillment_events/delete": "fulfillment_events__delete/1_triggerdev.json",
    "inventory_levels/update": "inventory_levels__update/1_triggerdev.json",
    "inventory_levels/connect": "inventory_levels__connect/1_triggerdev.json",
    "locations/create": "locations__create/1_triggerdev.json",
    "locations/update": "locations__update/1_triggerdev.json",
    "locations/deactivate": "locations__deactivate/1_triggerdev.json",
    "locations/activate": "locations__activate/1_triggerdev.json",
    "locations/delete": "locations__delete/1_triggerdev.json",
}
# Of these no sample was found.
WITHOUT_SAMPLE = (
    "fulfillment_orders/progress_reported",
    "fulfillment_orders/manually_reported_progress_stopped",
    "fulfillment_holds/added",
    "fulfillment_holds/released",
)


@pytest.fixture(scope="module")
def bodies(shopify: Sandbox) -> dict[str, dict[str, Any]]:
    with Receiver() as receiver:
        for topic in (*SAMPLE_OF, *WITHOUT_SAMPLE):
            shopify.subscribe(enum_of(topic), receiver.url)
        order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 3}])["id"]
        shopify.press(order, "hold", lines=[{"sku": "FW-MUG", "quantity": 1}], notes="example")
        shopify.press(order, "release")
        shopify.press(order, "move", lines=[{"sku": "FW-MUG", "quantity": 2}])
        shopify.press(order, "split")
        shopify.press(order, "progress")
        shopify.press(order, "progress", stop=True)
        shopify.press(order, "fulfil")
        shopify.press(order, "scan", status="in_transit")
        shopify.press(order, "withdraw-scan")
        shopify.press(shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])["id"], "cancel")
        place = shopify.post("/sandbox/locations.json", name="Kiosk").json()["location"]["id"]
        shopify.post("/sandbox/stock.json", sku="FW-MUG", location="Kiosk", available=3)
        for change in ({"name": "Shop"}, {"active": False}, {"active": True}, {"delete": True}):
            shopify.post("/sandbox/locations.json", id=place, **change)
        for topic in (*SAMPLE_OF, *WITHOUT_SAMPLE):
            receiver.wait_for(1, topic=topic)
        return {one.topic: one.body for one in reversed(receiver.webhooks)}


@pytest.mark.parametrize("topic", SAMPLE_OF)
def test_no_key_is_missing(topic: str, bodies: dict[str, dict[str, Any]]):
    path = SAMPLES / SAMPLE_OF[topic]
    if not path.exists():
        pytest.skip("the samples are not here")
    assert missing(json.loads(path.read_text()), bodies[topic]) == []


def test_ids_of_fulfillment_orders_are_gids_and_their_states_are_small(bodies: dict[str, dict[str, Any]]):
    held = bodies["fulfillment_orders/placed_on_hold"]
    assert held["fulfillment_order"]["id"].startswith("gid://shopify/FulfillmentOrder/")
    assert held["fulfillment_order"]["status"] == "on_hold"
    assert held["fulfillment_order"]["fulfillment_holds"][0]["reason_notes"] == "example"
    assert held["held_fulfillment_order_line_items"][0]["quantity"] == 1
    assert held["remaining_fulfillment_order"]["status"] == "open"
    assert bodies["fulfillment_holds/added"]["fulfillment_hold"]["reason"] == "other"


def test_a_stock_webhook_does_not_name_the_variant(bodies: dict[str, dict[str, Any]]):
    assert set(bodies["inventory_levels/update"]) == {
        "inventory_item_id",
        "location_id",
        "available",
        "updated_at",
        "admin_graphql_api_id",
    }
