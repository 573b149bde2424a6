"""A new client secret counts for OAuth at once, while webhooks may be signed with the old one for a while."""

import base64
import hashlib
import hmac
from collections.abc import Callable

from sandbox.tests.receiving import Receiver, Webhook
from sandbox.tests.running import Sandbox
from sandbox.tests.test_apps_get_tokens_by_oauth import grant


def signed_with(webhook: Webhook, secret: str) -> bool:
    signature = base64.b64encode(hmac.new(secret.encode(), webhook.raw, hashlib.sha256).digest()).decode()
    return webhook.headers["x-shopify-hmac-sha256"] == signature


def credentials(shopify: Sandbox, secret: str) -> int:
    return grant(shopify, grant_type="client_credentials", client_secret=secret).status_code


def test_the_old_secret_signs_until_told_otherwise(start: Callable[..., Sandbox], receiver: Receiver):
    shopify = start()
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.post("/sandbox/secret.json", secret="new-secret")
    assert (credentials(shopify, shopify.secret), credentials(shopify, "new-secret")) == (401, 200)
    shopify.place()
    assert signed_with(receiver.wait_for(1)[0], shopify.secret)
    shopify.post("/sandbox/secret.json", end=True)
    shopify.place()
    assert signed_with(receiver.wait_for(2)[1], "new-secret")


def test_a_share_and_an_end_can_be_set(start: Callable[..., Sandbox], receiver: Receiver):
    shopify = start(speed=1_000)
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    assert shopify.post("/sandbox/secret.json", secret="new-secret", old_share=7).status_code == 422
    shopify.post("/sandbox/secret.json", secret="new-secret", old_seconds=0)
    shopify.place()
    assert signed_with(receiver.wait_for(1)[0], "new-secret")
    shopify.post("/sandbox/secret.json", secret="third", old_share=0.5)
    shopify.post("/sandbox/orders.json", count=20)
    secrets = {signed_with(one, "third") for one in receiver.wait_for(21)[1:]}
    assert secrets == {True, False}


def test_a_restart_with_the_old_secret_keeps_the_new_one(start: Callable[..., Sandbox]):
    shopify = start()
    shopify.post("/sandbox/secret.json", secret="new-secret")
    shopify.stop()
    again = start()
    assert credentials(again, "new-secret") == 200
