"""Connecting a shop with its Shopify; safe to repeat. A partner's endpoint is made in integrations.endpoints.

Three ways: a token that an old app of the store has; client credentials, which give one for a day; a code that the
store hands out when its owner agrees (shopify/installing.py). Whatever the way, the inbound address stays the same for
ever, and what stopped because the store was not connected goes on.
"""

import re

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from integrations import bells, outbox, passes, pausing, reconcile
from integrations.models import Connection, Delivery, InboundMessage
from integrations.shopify import grants, outbound, tokens
from integrations.shopify.grants import Granted
from integrations.transport import check_address
from orders.models import Shop

DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+", re.ASCII)
UNINSTALLED = "The app was uninstalled"
NOT_YET = "The store has not agreed yet"
BY = "system"
OURS = (UNINSTALLED, NOT_YET, tokens.CONNECT_AGAIN)  # pauses that end when the store is connected


def connect_shop(domain: str, *, api_url: str, secret: str, token: str = "", client_id: str = "") -> Connection:
    """Make or update the connection to a store, by a token it has, or with a `client_id` by client credentials.

    A new secret is put in front of the old one, which is still accepted: after a rotation Shopify signs with the old
    secret for up to an hour. Raises ValueError for what cannot be right, GiveUp for an address we may not call or a
    store that gives no token, RetryLater for one that does not answer; then nothing is stored.
    """
    domain = checked(domain, api_url, secret)
    if not token and not client_id:
        raise ValueError("Give the store's token, or the app's client id to ask for one.")
    if token:
        return _store(domain, api_url, secret, Connection.Grant.STATIC, client_id, Granted(token))
    draft = Connection(url=api_url, client_id=client_id, secrets={"signing": [secret]}, shop=Shop(domain=domain))
    granted = grants.by_client_credentials(draft)
    return _store(domain, api_url, secret, Connection.Grant.CLIENT_CREDENTIALS, client_id, granted)


def checked(domain: str, api_url: str, secret: str) -> str:
    """The domain in its one form; raises ValueError or GiveUp for what cannot be a store, its address or a secret."""
    domain = domain.strip().lower()
    if not DOMAIN.fullmatch(domain):
        raise ValueError(f"{domain!r} is not a store's domain, such as my-store.myshopify.com.")
    if not secret:
        raise ValueError("The secret must not be empty.")
    check_address(api_url)
    return domain


@transaction.atomic
def prepare(domain: str, *, api_url: str, secret: str, client_id: str) -> Connection:
    """Make the connection of a store that will prove itself by a session token; paused until it has.

    Raises ValueError for what cannot be right, GiveUp for an address we may not call.
    """
    domain = checked(domain, api_url, secret)
    if not client_id:
        raise ValueError("Give the app's client id.")
    connection = row_of(domain, api_url)
    if connection.secrets.get("token") and connection.client_id != client_id:
        raise ValueError(f"{domain} is connected by another app already.")
    signing = [secret, *(old for old in connection.secrets["signing"] if old != secret)][:2]
    connection.secrets, connection.client_id = {**connection.secrets, "signing": signing}, client_id
    connection.save(update_fields=["secrets", "client_id"])
    return connection


@transaction.atomic
def _store(domain: str, api_url: str, secret: str, grant: str, client_id: str, granted: Granted) -> Connection:
    connection = row_of(domain, api_url)
    connected(connection, granted, grant=grant, client_id=client_id, secret=secret)
    return connection


def row_of(domain: str, api_url: str) -> Connection:
    """The connection of a store, locked; a new one is paused until it has a token. Call it in a transaction."""
    shop, _ = Shop.objects.get_or_create(domain=domain)
    Shop.objects.select_for_update().get(pk=shop.pk)
    connection = Connection.objects.select_for_update(of=["self"]).filter(system="shopify", shop=shop).first()
    if connection is None:
        connection = Connection(system="shopify", shop=shop, label=f"Shopify {domain}")
        connection.secrets = {"signing": [], "token": ""}
        connection.paused_at, connection.paused_because = timezone.now(), f"{NOT_YET} ({BY})"
        connection.new_inbound_token()
    connection.url = api_url.rstrip("/")
    connection.events = outbound.EVENTS
    connection.save()
    return connection


def connected(connection: Connection, granted: Granted, *, grant: str, client_id: str, secret: str) -> None:
    """The store gave a token: keep it, and let go on what waited for it. Call it in a transaction, on a locked row."""
    signing = [secret, *(old for old in connection.secrets["signing"] if old != secret)][:2]
    was_connected = bool(connection.secrets.get("token"))
    connection.secrets = {**connection.secrets, "signing": signing}
    connection.grant, connection.client_id, connection.uninstalled_at = grant, client_id, None
    connection.save(update_fields=["secrets", "grant", "client_id", "uninstalled_at"])
    tokens.put(connection, granted)
    if connection.paused_because.startswith(OURS):
        pausing.resume(connection)
        connection.refresh_from_db(fields=["paused_at", "paused_because"])
        if was_connected:
            _catch_up(connection)
    outbox.send_all_again(connection, by=BY, because=Delivery.Parked.CONFIGURATION)
    if InboundMessage.objects.filter(connection=connection, state=InboundMessage.State.FAILED).update(due_at=Now()):
        bells.ring(bells.INBOX)


def _catch_up(connection: Connection) -> None:
    """What happened at the store while it was not connected is found by a pass; one that is under way will do."""
    try:
        reconcile.begin(connection, by=BY)
    except passes.UnderWay:
        return


def mark_uninstalled(connection: Connection) -> bool:
    """The shop took the app away: its token is dead, so nothing is sent or read. False when that was known.

    Nothing is deleted and the queue is kept: when the store is connected again, what waited is sent.
    """
    with transaction.atomic():
        changed = Connection.objects.filter(pk=connection.pk, uninstalled_at=None).update(uninstalled_at=Now())
        pausing.pause(connection, because=UNINSTALLED, by=BY)
    connection.refresh_from_db(fields=["uninstalled_at", "paused_at", "paused_because"])
    return bool(changed)


def webhook_url(connection: Connection) -> str:
    """Where the store must send its webhooks. The last part is a secret."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/webhooks/shopify/{connection.secrets['inbound_token']}/"
