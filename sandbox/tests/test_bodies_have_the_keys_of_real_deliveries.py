"""Every key of a recorded or documented delivery is in ours, at every depth where both have something."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "shopify" / "samples"
TOPICS = {
    "ORDERS_CREATE": "orders__create/3_hookdeck202410.json",
    "ORDERS_UPDATED": "orders__updated/3_hookdeck202410.json",
    "ORDERS_CANCELLED": "orders__cancelled/3_hookdeck202410.json",
    "ORDERS_EDITED": "orders__edited/3_hookdeck202410.json",
    "ORDERS_DELETE": "orders__delete/3_hookdeck202410.json",
    "CUSTOMERS_CREATE": "customers__create/3_hookdeck202410.json",
    "FULFILLMENTS_CREATE": "fulfillments__create/1_triggerdev.json",
    "FULFILLMENTS_UPDATE": "fulfillments__update/1_triggerdev.json",
    "FULFILLMENT_EVENTS_CREATE": "fulfillment_events__create/1_triggerdev.json",
    "REFUNDS_CREATE": "refunds__create/3_hookdeck202410.json",
    "ORDER_TRANSACTIONS_CREATE": "order_transactions__create/3_hookdeck202410.json",
}
# Facts of one shop or payment provider, not of Shopify's shape.
LEFT_OUT = {"payment_details"}


@pytest.fixture(scope="module")
def bodies(shopify: Sandbox) -> dict[str, dict[str, Any]]:
    with Receiver() as receiver:
        for topic in TOPICS:
            shopify.subscribe(topic, receiver.url)
        order = shopify.place(protected=True, lines=[{"sku": "FW-MUG", "quantity": 3}])["id"]
        shopify.press(order, "edit", set=[{"sku": "FW-MUG", "quantity": 2}])
        shopify.press(order, "fulfil")
        shopify.press(order, "scan", status="in_transit")
        shopify.press(order, "refund", shipping=True)
        cancelled = shopify.place()["id"]
        shopify.press(cancelled, "cancel")
        shopify.press(cancelled, "delete")
        for topic in TOPICS:
            receiver.wait_for(1, topic=topic_of(topic))
        # Of several the first: the order that was given its lines above.
        return {one.topic: one.body for one in reversed(receiver.webhooks)}


@pytest.mark.parametrize("topic", TOPICS)
def test_no_key_is_missing(topic: str, bodies: dict[str, dict[str, Any]]):
    path = SAMPLES / TOPICS[topic]
    if not path.exists():
        pytest.skip("the samples are not here")
    assert missing(json.loads(path.read_text()), bodies[topic_of(topic)]) == []


def test_money_is_written_with_two_digits(bodies: dict[str, dict[str, Any]]):
    order = bodies["orders/create"]
    assert order["line_items"][0]["price"] == "16.00"
    assert order["line_items"][0]["price_set"]["shop_money"] == {"amount": "16.00", "currency_code": "USD"}
    assert isinstance(bodies["refunds/create"]["refund_line_items"][0]["subtotal"], float)


def test_moments_carry_the_shops_offset_and_whole_seconds(bodies: dict[str, dict[str, Any]]):
    assert bodies["orders/create"]["created_at"].endswith("-05:00")
    assert "." not in bodies["orders/create"]["updated_at"]


def missing(sample: Any, ours: Any, at: str = "") -> list[str]:
    if isinstance(sample, list) and isinstance(ours, list):
        return missing(sample[0], ours[0], f"{at}[]") if sample and ours else []
    if not isinstance(sample, dict) or not isinstance(ours, dict):
        return []
    gone = [f"{at}.{key}" for key in sample if key not in ours and key not in LEFT_OUT]
    return gone + [one for key in sample if key in ours for one in missing(sample[key], ours[key], f"{at}.{key}")]


def topic_of(name: str) -> str:
    subject, _, verb = name.lower().rpartition("_")
    return f"{subject}/{verb}"
