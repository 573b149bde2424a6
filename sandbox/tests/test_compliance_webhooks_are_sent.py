"""Data requests and redactions come signed to the app's compliance address, without any subscription."""

import pytest

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox
from sandbox.tests.test_the_client_secret_is_rotated import signed_with


@pytest.fixture(autouse=True)
def address(shopify: Sandbox, receiver: Receiver):
    assert shopify.post("/sandbox/compliance_uri.json", uri=receiver.url).status_code == 200


@pytest.mark.parametrize(
    "topic, listed", [("customers/data_request", "orders_requested"), ("customers/redact", "orders_to_redact")]
)
def test_a_customers_request_names_their_orders(shopify: Sandbox, receiver: Receiver, topic: str, listed: str):
    order = shopify.place()
    customer = shopify.get(f"/sandbox/orders/{order['id']}.json")["order"]["customer"]
    answer = shopify.post("/sandbox/compliance.json", topic=topic, customer_id=customer["id"])
    assert answer.status_code == 201
    webhook = receiver.wait_for(1, topic)[0]
    assert signed_with(webhook, shopify.secret)
    assert webhook.body["shop_domain"] == shopify.shop
    assert webhook.body["customer"] == {"id": customer["id"], "email": customer["email"], "phone": customer["phone"]}
    assert order["id"] in webhook.body[listed]
    assert ("data_request" in webhook.body) == (topic == "customers/data_request")


def test_a_customer_may_be_known_by_email_alone(shopify: Sandbox, receiver: Receiver):
    order = shopify.place()
    email = shopify.get(f"/sandbox/orders/{order['id']}.json")["order"]["email"]
    shopify.post("/sandbox/compliance.json", topic="customers/redact", email=email.upper())
    body = receiver.wait_for(1)[0].body
    assert "id" not in body["customer"]
    assert order["id"] in body["orders_to_redact"]


def test_a_shop_is_redacted_after_the_app_is_gone(shopify: Sandbox, receiver: Receiver):
    shopify.post("/sandbox/uninstall.json")
    try:
        shopify.post("/sandbox/compliance.json", topic="shop/redact")
        body = receiver.wait_for(1)[0].body
        assert set(body) == {"shop_id", "shop_domain"}
    finally:
        shopify.post("/sandbox/install.json")


def test_a_failed_one_is_tried_again(shopify: Sandbox, receiver: Receiver):
    receiver.statuses.append(500)
    shopify.post("/sandbox/compliance.json", topic="shop/redact")
    first, second = receiver.wait_for(2)
    assert first.headers["x-shopify-webhook-id"] == second.headers["x-shopify-webhook-id"]


@pytest.mark.parametrize("fields", [{}, {"topic": "orders/create"}, {"topic": "customers/redact"},
                                    {"topic": "customers/redact", "customer_id": 1}])  # fmt: skip
def test_what_makes_no_sense_is_refused(shopify: Sandbox, fields: dict[str, object]):
    assert shopify.post("/sandbox/compliance.json", **fields).status_code == 422
