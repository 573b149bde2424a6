"""Uninstalling ends everything at once; installing again, by OAuth or the old way, begins anew."""

from collections.abc import Callable

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox
from sandbox.tests.test_apps_get_tokens_by_oauth import authorize, grant, opens


def test_uninstalling_kills_tokens_and_subscriptions_and_says_so(start: Callable[..., Sandbox], receiver: Receiver):
    shopify = start()
    daily = grant(shopify, grant_type="client_credentials").json()["access_token"]
    shopify.subscribe("APP_UNINSTALLED", receiver.url)
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    assert shopify.post("/sandbox/uninstall.json").json()["installed"] is False
    body = receiver.wait_for(1, "app/uninstalled")[0].body
    assert (body["myshopify_domain"], body["currency"]) == (shopify.shop, "USD")
    assert not opens(shopify, daily)
    assert not opens(shopify, shopify.token)
    assert shopify.get("/sandbox/subscriptions.json")["subscriptions"] == []
    shopify.place()
    assert [one.topic for one in receiver.webhooks] == ["app/uninstalled"]
    assert grant(shopify, grant_type="client_credentials").json()["error"] == "app_not_installed"


def test_it_is_installed_again_by_oauth(start: Callable[..., Sandbox]):
    shopify = start()
    shopify.post("/sandbox/uninstall.json")
    token = grant(shopify, code=authorize(shopify)["code"]).json()["access_token"]
    assert opens(shopify, token)
    assert not opens(shopify, shopify.token)
    assert shopify.get("/sandbox/scopes.json")["scopes"] == ["write_orders", "read_products", "read_orders"]


def test_the_static_token_is_restored_by_hand_and_stays_dead_over_a_restart(start: Callable[..., Sandbox]):
    shopify = start()
    shopify.post("/sandbox/uninstall.json")
    shopify.stop()
    again = start()
    assert not opens(again, again.token)
    again.post("/sandbox/install.json")
    assert opens(again, again.token)
