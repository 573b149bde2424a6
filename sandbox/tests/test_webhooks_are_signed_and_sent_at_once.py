"""What Shopify's webhooks look like on the wire, and what starts them."""

import base64
import hashlib
import hmac
import time

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox


def test_a_webhook_is_signed_over_its_raw_body(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_CREATE", receiver.url, name="orders_create_v1")
    order = shopify.place(protected=True)
    webhook = receiver.wait_for(1)[0]
    digest = hmac.new(shopify.secret.encode(), webhook.raw, hashlib.sha256).digest()
    assert webhook.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
    assert webhook.headers["x-shopify-topic"] == "orders/create"
    assert webhook.headers["x-shopify-shop-domain"] == shopify.shop
    assert webhook.headers["x-shopify-api-version"] == "2026-10"
    assert webhook.headers["x-shopify-name"] == "orders_create_v1"
    assert webhook.headers["content-type"] == "application/json"
    assert webhook.body["id"] == order["id"]


def test_an_order_is_announced_soon_after_it_is_placed(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.place()
    receiver.wait_for(1)
    began = time.monotonic()
    shopify.place()
    receiver.wait_for(2)
    # 20 ms is the aim, kept with room to spare on an idle computer; a test must also pass on a busy one.
    assert time.monotonic() - began < 0.5


def test_one_action_has_one_event_id_and_a_webhook_id_for_each_delivery(shopify: Sandbox, receiver: Receiver):
    for topic in ("ORDERS_CREATE", "ORDERS_PAID", "ORDERS_UPDATED"):
        shopify.subscribe(topic, receiver.url)
    shopify.place()
    webhooks = receiver.wait_for(3)
    assert {one.topic for one in webhooks} == {"orders/create", "orders/paid", "orders/updated"}
    assert len({one.headers["x-shopify-event-id"] for one in webhooks}) == 1
    assert len({one.headers["x-shopify-webhook-id"] for one in webhooks}) == 3


def test_each_button_announces_what_shopify_would(shopify: Sandbox, receiver: Receiver):
    topics = (
        "ORDERS_CREATE ORDERS_UPDATED ORDERS_PAID ORDERS_CANCELLED ORDERS_FULFILLED ORDERS_PARTIALLY_FULFILLED"
        " ORDERS_EDITED ORDERS_DELETE FULFILLMENTS_CREATE FULFILLMENTS_UPDATE FULFILLMENT_EVENTS_CREATE REFUNDS_CREATE"
    )
    for topic in topics.split():
        shopify.subscribe(topic, receiver.url)
    lines = [{"sku": "FW-MUG", "quantity": 2}, {"sku": "FW-LAMP", "quantity": 1}]
    order = shopify.place(lines=lines)["id"]
    expected = ["orders/create", "orders/paid", "orders/updated"]

    def pressed(button: str, *topics: str, **fields: object) -> None:
        shopify.press(order, button, **fields)
        expected.extend(topics)
        got = receiver.wait_for(len(expected))
        assert sorted(one.topic for one in got) == sorted(expected)

    pressed("edit", "orders/edited", "orders/updated", set=[{"sku": "FW-MUG", "quantity": 1}])
    part = [{"sku": "FW-MUG", "quantity": 1}]
    pressed("fulfil", "fulfillments/create", "orders/partially_fulfilled", "orders/updated", lines=part)
    pressed("fulfil", "fulfillments/create", "orders/fulfilled", "orders/updated")
    scanned = ("fulfillment_events/create", "fulfillments/update", "orders/updated")
    pressed("scan", *scanned, status="delivered")
    pressed("refund", "refunds/create", "orders/updated")
    pressed("address", "orders/updated")
    pressed("note", "orders/updated", note="Ring twice", tags=["vip"])
    pressed("delete", "orders/delete")
    assert receiver.webhooks[-1].body == {"id": order}


def test_only_the_included_fields_are_sent(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_CREATE", receiver.url, includeFields=["id", "updated_at"])
    shopify.place()
    assert set(receiver.wait_for(1)[0].body) == {"id", "updated_at"}


def test_the_same_address_cannot_have_a_topic_twice(shopify: Sandbox):
    shopify.subscribe("ORDERS_CREATE", "https://hooks.example.com/one", name="once")
    answer = shopify.ask(
        'mutation { webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: {name: "once",'
        ' uri: "https://hooks.example.com/one"}) { webhookSubscription { id } userErrors { message } } }'
    )
    assert answer["data"]["webhookSubscriptionCreate"] == {
        "webhookSubscription": None,
        "userErrors": [{"message": "Address for this topic has already been taken"}],
    }
