"""Privacy topics may come to one address for every store of an app: the right secret of the right store, or 401."""

import json
import uuid

import pytest
from django.test import Client

from integrations import inbox
from integrations.models import InboundMessage, PrivacyRequest
from integrations.shopify.webhooks import signature
from integrations.tests.shopify import SECRET, connect

pytestmark = pytest.mark.django_db
DOMAIN = "tests.myshopify.com"


def demand(domain: str = DOMAIN, **more) -> dict:
    return {"shop_id": 1, "shop_domain": domain, "customer": {"id": 5}, "orders_requested": [],
            "data_request": {"id": 9}, **more}  # fmt: skip


def send(body, *, topic="customers/data_request", domain=DOMAIN, secret=SECRET, method="post"):
    raw = json.dumps(body).encode()
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(secret.encode(), raw).decode(),
        "X-Shopify-Shop-Domain": domain,
        "X-Shopify-Webhook-Id": str(uuid.uuid4()),
    }
    return getattr(Client(), method)(
        "/webhooks/shopify/compliance/", raw, content_type="application/json", headers=headers
    )


def test_a_signed_demand_is_stored_for_the_store_it_names():
    connection = connect(DOMAIN)
    connect("other.myshopify.com")
    assert send(demand()).status_code == 200
    inbox.drain()
    request = PrivacyRequest.objects.get()
    assert (request.connection, request.kind, request.customer_remote_id) == (connection, "export", 5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "guessed"},
        {"domain": "unknown.myshopify.com"},
        {"domain": "other.myshopify.com"},  # signed with the same secret, but the body names another store
        {"body": {"customer": {"id": 5}}},  # names no store at all
    ],
)
def test_anything_else_is_401_and_nothing_is_stored(wrong):
    connect(DOMAIN)
    connect("other.myshopify.com")
    assert send(wrong.pop("body", demand()), **wrong).status_code == 401
    assert not InboundMessage.objects.exists()


def test_other_topics_have_no_business_there():
    connect(DOMAIN)
    assert send(demand(), topic="orders/create").status_code == 404
    assert send(demand(), method="put").status_code == 405
    assert not InboundMessage.objects.exists()
