"""Forged, unsigned, truncated or foreign messages get 401 and leave nothing; signed ones get 200 and are stored."""

import json

import pytest
from django.test import Client

from integrations import inbox
from integrations.connecting import connect_shop, webhook_url
from integrations.models import InboundMessage
from integrations.shopify import webhooks
from integrations.shopify.webhooks import signature
from integrations.tests.shopify import SECRET, SHARED, connect, order_body, post

pytestmark = pytest.mark.django_db


def stored() -> int:
    return InboundMessage.objects.count()


def test_a_signed_message_is_stored_byte_for_byte():
    raw = json.dumps(order_body(), indent=3, ensure_ascii=False).encode()
    response = post(connect(), "orders/create", raw)
    assert (response.status_code, response.content) == (200, b"")
    message = InboundMessage.objects.get()
    assert (message.body, message.topic, message.state) == (raw, "orders/create", "received")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Shopify-Hmac-Sha256": ""},
        {"X-Shopify-Hmac-Sha256": "not base64 at all ✗".encode().decode("latin-1")},
        {"X-Shopify-Hmac-Sha256": signature(b"another secret", b"{}").decode()},
        {"X-Shopify-Shop-Domain": "other.myshopify.com"},
    ],
)
def test_a_wrong_signature_or_shop_is_refused(headers):
    response = post(connect(), "orders/create", b"{}", **headers)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert stored() == 0


def test_a_changed_or_truncated_body_is_refused():
    connection = connect()
    raw = json.dumps(order_body()).encode()
    signed = signature(SECRET.encode(), raw).decode()
    for body in (raw[:-1], raw + b" ", raw.replace(b"40.00", b"00.01"), b""):
        assert post(connection, "orders/create", body, **{"X-Shopify-Hmac-Sha256": signed}).status_code == 401
    assert stored() == 0


def test_a_message_signed_by_another_shop_is_refused():
    here = connect()
    connect_shop("there.myshopify.com", api_url="http://127.0.0.1:9", token="t", secret="their secret")
    assert post(here, "orders/create", b"{}", secret="their secret").status_code == 401
    assert stored() == 0


def test_a_body_that_names_another_shop_is_refused_even_with_the_shared_app_secret():
    body = {"shop_id": 1, "shop_domain": "there.myshopify.com"}
    assert post(connect(), "shop/redact", body).status_code == 401
    assert post(connect(), "shop/update", {"myshopify_domain": "there.myshopify.com"}).status_code == 401
    assert stored() == 0


def test_a_body_that_names_this_shop_is_stored():
    assert post(connect(), "shop/redact", {"shop_domain": "tests.myshopify.com"}).status_code == 200
    assert stored() == 1


def test_during_a_rotation_both_secrets_are_accepted():
    connection = connect()
    connect_shop("tests.myshopify.com", api_url="http://127.0.0.1:9", token="t", secret="new secret")
    webhooks._known.clear()  # five seconds pass
    assert post(connection, "orders/create", b"{}", secret="new secret").status_code == 200
    assert post(connection, "orders/create", b'{"id": 2}', secret=SECRET).status_code == 200
    assert post(connection, "orders/create", b'{"id": 3}', secret="a third").status_code == 401
    assert stored() == 2


def test_an_unknown_address_is_404_and_a_get_is_405():
    assert Client().post("/webhooks/shopify/guessed/", b"{}", content_type="application/json").status_code == 404
    path = "/" + webhook_url(connect()).split("/", 3)[-1]
    for method in ("get", "put", "delete", "patch"):
        assert getattr(Client(), method)(path).status_code == 405
    assert stored() == 0


def test_a_body_over_ten_megabytes_is_413():
    assert post(connect(), "orders/create", b" " * (10 * 1024 * 1024 + 1)).status_code == 413
    assert stored() == 0


@pytest.mark.parametrize("body", [b"\xff\xfe not JSON", b"", b"[]", b'"text"', b"NaN", b'{"id":', b"[" * 100_000])
def test_a_signed_message_that_is_not_an_object_is_stored_and_parked_where_staff_see_it(body):
    assert post(connect(), "orders/create", body).status_code == 200
    inbox.drain()
    message = InboundMessage.objects.get()
    assert message.state == "parked"
    assert message.result
    assert message.traceback
    assert message.body == body


def test_without_an_id_the_body_is_the_key():
    connection = connect()
    for _ in range(2):
        assert post(connection, "orders/create", b"{}", **{"X-Shopify-Webhook-Id": ""}).status_code == 200
    assert stored() == 1


@pytest.mark.skipif(not SHARED.exists(), reason="public test vectors are not here")
def test_the_signature_agrees_with_public_vectors():
    vectors = json.loads((SHARED / "hmac_vectors.json").read_text())["webhook"]
    with_body = [v for v in vectors if isinstance(v.get("body"), str)]
    assert len(with_body) >= 3
    for vector in with_body:
        assert signature(vector["secret"].encode(), vector["body"].encode()).decode() == vector["expected_base64"]
