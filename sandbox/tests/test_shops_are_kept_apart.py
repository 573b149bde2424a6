"""Several shops in one stand-in: each sees its own orders only, signs with its own secret."""

import base64
import hashlib
import hmac

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

READ = (
    "query($id: ID!) { order(id: $id) { id } shop { myshopifyDomain currencyCode } orders(first: 9) { nodes { id } } }"
)


def test_a_second_shop_has_its_own_token_secret_and_orders(shopify: Sandbox, receiver: Receiver):
    added = shopify.post("/sandbox/shops.json", domain="b.myshopify.com", token="tb", secret="sb", currency="EUR")
    assert added.status_code == 201
    create = (
        "mutation($uri: String!) { webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: {uri: $uri})"
        " { userErrors { message } } }"
    )
    shopify.ask(create, token="tb", uri=receiver.url)
    mine = shopify.place()
    theirs = shopify.place(shop="b.myshopify.com")
    assert theirs["name"] == "#1001"
    webhook = receiver.wait_for(1)[0]
    assert webhook.headers["x-shopify-shop-domain"] == "b.myshopify.com"
    assert webhook.body["currency"] == "EUR"
    digest = hmac.new(b"sb", webhook.raw, hashlib.sha256).digest()
    assert webhook.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()

    seen = shopify.ask(READ, token="tb", id=mine["admin_graphql_api_id"])["data"]
    assert seen["order"] is None
    assert [one["id"] for one in seen["orders"]["nodes"]] == [theirs["admin_graphql_api_id"]]
    assert seen["shop"] == {"myshopifyDomain": "b.myshopify.com", "currencyCode": "EUR"}


def test_credentials_can_be_changed(shopify: Sandbox):
    for token in ("first", "second"):
        shopify.post("/sandbox/shops.json", domain="c.myshopify.com", token=token, secret="s", currency="USD")
    question = "query { shop { myshopifyDomain } }"
    assert "errors" in shopify.ask(question, token="first")
    assert shopify.ask(question, token="second")["data"]["shop"]["myshopifyDomain"] == "c.myshopify.com"
