"""app/uninstalled: nothing is sent or read, nothing is lost, and an old message does not stop a store that is back."""

import pytest

from integrations import connecting, inbox
from integrations.models import Connection
from integrations.tests.shopify import order_body, post, results
from orders.models import Order

pytestmark = pytest.mark.django_db


def leave(sandbox, connection) -> dict:
    sandbox.post("/sandbox/uninstall.json")
    return {"id": 1, "name": "Demo", "myshopify_domain": connection.shop.domain}


def test_a_store_that_took_the_app_away_is_paused_and_keeps_its_orders(sandbox, shopify):
    post(shopify, "orders/create", order_body())
    post(shopify, "app/uninstalled", leave(sandbox, shopify))
    inbox.drain()
    shopify.refresh_from_db()
    assert shopify.uninstalled_at is not None
    assert shopify.paused_because.startswith("The app was uninstalled")
    assert Order.objects.count() == 1
    assert results()[-1][1:] == ("handled", "the app is gone; what waits is kept")


def test_an_old_message_does_not_stop_a_store_that_is_back(sandbox, shopify):
    body = leave(sandbox, shopify)
    sandbox.post("/sandbox/install.json")
    connecting.connect_shop(sandbox.shop, api_url=sandbox.url, token=sandbox.token, secret="hush")
    post(shopify, "app/uninstalled", body)
    inbox.drain()
    assert Connection.objects.get().uninstalled_at is None
    assert results()[-1][1:] == ("ignored", "The app is installed: this is an old message.")
