"""Connecting a shop with its Shopify; safe to repeat. A partner's endpoint is made in integrations.endpoints."""

import re

from django.conf import settings
from django.db import transaction

from integrations.models import Connection
from integrations.shopify import inbound, outbound, queries
from integrations.shopify.client import Shopify
from integrations.transport import check_address
from orders.models import Shop

DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+", re.ASCII)


@transaction.atomic
def connect_shop(domain: str, *, api_url: str, token: str, secret: str) -> Connection:
    """Make or update the connection to a store; its inbound address stays the same for ever.

    A new secret is put in front of the old one, which is still accepted: after a rotation Shopify signs with the old
    secret for up to an hour. Raises ValueError for a bad domain, GiveUp for an address we may not call.
    """
    domain = domain.strip().lower()
    if not DOMAIN.fullmatch(domain):
        raise ValueError(f"{domain!r} is not a store's domain, such as my-store.myshopify.com.")
    if not token or not secret:
        raise ValueError("The token and the secret must not be empty.")
    check_address(api_url)
    shop, _ = Shop.objects.get_or_create(domain=domain)
    Shop.objects.select_for_update().get(pk=shop.pk)
    connection = Connection.objects.filter(system="shopify", shop=shop).first()
    if connection is None:
        connection = Connection(system="shopify", shop=shop, label=f"Shopify {domain}", secrets={"signing": []})
        connection.new_inbound_token()
    signing = [secret, *(old for old in connection.secrets["signing"] if old != secret)][:2]
    connection.secrets = {**connection.secrets, "token": token, "signing": signing}
    connection.url = api_url.rstrip("/")
    connection.events = outbound.EVENTS
    connection.save()
    return connection


def webhook_url(connection: Connection) -> str:
    """Where the store must send its webhooks. The last part is a secret."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/webhooks/shopify/{connection.secrets['inbound_token']}/"


def subscribe(connection: Connection) -> dict[str, str]:
    """Subscribe every topic we handle; returns topic → "subscribed" or Shopify's reason why not.

    One refused topic (a scope is missing) does not stop the others.
    """
    shopify, address = Shopify(connection), webhook_url(connection)
    results = {}
    for topic in inbound.HANDLERS:
        variables = {"topic": topic.upper().replace("/", "_"), "sub": {"uri": address, "format": "JSON"}}
        errors = shopify.run(queries.WEBHOOK_CREATE, variables)["webhookSubscriptionCreate"]["userErrors"]
        messages = [error["message"] for error in errors if "already been taken" not in error["message"]]
        results[topic] = " ".join(messages) or "subscribed"
    return results
