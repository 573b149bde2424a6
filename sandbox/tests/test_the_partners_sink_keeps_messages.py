"""The demo partner's receiver: keeps every message, verifies it, and fails when told to."""

import base64
import time
from datetime import UTC, datetime

import requests
from standardwebhooks.webhooks import Webhook

from sandbox.tests.running import Sandbox

SECRET = "whsec_" + base64.b64encode(b"a secret of the partner's own").decode()


def send(shopify: Sandbox, name: str, body: str, secret: str = SECRET) -> requests.Response:
    moment = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", moment, body),
        "content-type": "application/json",
    }
    return requests.post(f"{shopify.url}/sink/{name}", data=body.encode(), headers=headers, timeout=10)


def test_messages_are_kept_in_order_with_their_verdict(shopify: Sandbox):
    shopify.post("/sandbox/sinks/acme.json", secrets=["whsec_" + base64.b64encode(b"old").decode(), SECRET])
    send(shopify, "acme", '{"n": 1, "name": "Zoë"}')
    send(shopify, "acme", '{"n": 2}', secret="whsec_" + base64.b64encode(b"forged").decode())
    messages = shopify.get("/sink/acme.json")["messages"]
    assert [one["verified"] for one in messages] == ["true", "false"]
    assert messages[0]["body"] == '{"n": 1, "name": "Zoë"}'
    assert messages[0]["headers"]["webhook-id"] == "msg_1"
    assert shopify.get("/sink/acme.json", after=messages[0]["id"])["messages"] == messages[1:]


def test_without_a_secret_nothing_is_claimed(shopify: Sandbox):
    send(shopify, "open", "{}")
    assert shopify.get("/sink/open.json")["messages"][0]["verified"] == "unknown"


def test_it_fails_and_dawdles_when_told_to(shopify: Sandbox):
    shopify.post("/sandbox/sinks/broken.json", status=503, delay_ms=80)
    began = time.monotonic()
    assert send(shopify, "broken", "{}").status_code == 503
    assert time.monotonic() - began >= 0.08
    shopify.post("/sandbox/sinks/broken.json", status=200, delay_ms=0)
    assert send(shopify, "broken", "{}").status_code == 200
