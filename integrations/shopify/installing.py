"""Connecting by the store's consent (OAuth's authorization code): we send its owner there, Shopify sends them back.

What comes back is a stranger's word until it is proven: the signature fits the app's secret, the state is one that we
made for this very store less than ten minutes ago and that nobody used, and the time is now. Only then the code is
exchanged. https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant
"""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from integrations import connecting
from integrations.models import Connection, Installation
from integrations.shopify import access, grants

SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com", re.ASCII)
LIFE = timedelta(minutes=10)
KEPT = timedelta(days=30)  # so long it is known who began what
SKEW_SECONDS = 90  # what Shopify's own library allows between its clock and ours


class Refused(Exception):
    """What came back is not believed. `code` is a stable name, the message says why in a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class App:
    """The app's own credentials: they are tried with the consent, and kept once it has worked."""

    client_id: str
    secret: str


def begin(domain: str, api_url: str, app: App, *, user: User | None) -> tuple[Connection, str]:
    """Prepare the connection and return it with the address where the store's owner agrees.

    A connection that works goes on working until then. Raises ValueError or GiveUp for what cannot be right.
    """
    domain = connecting.checked(domain, api_url, app.secret)
    if not SHOP.fullmatch(domain):
        raise ValueError(f"{domain} is not a myshopify.com domain. The store's admin shows it under Settings, Domains.")
    if not app.client_id:
        raise ValueError("Give the app's client id.")
    state = secrets.token_urlsafe(32)
    with transaction.atomic():
        connection = connecting.row_of(domain, api_url)
        connection.secrets = {**connection.secrets, "pending": {"client_id": app.client_id, "secret": app.secret}}
        connection.save(update_fields=["secrets"])
        Installation.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
        Installation.objects.create(state_digest=Installation.digest(state), connection=connection, user=user)
    query = {
        "client_id": app.client_id,
        "scope": ",".join(access.WANTED),
        "redirect_uri": callback_url(),
        "state": state,
    }
    if urlsplit(api_url).hostname != domain:
        query["shop"] = domain
    return connection, f"{api_url.rstrip('/')}/admin/oauth/authorize?{urlencode(query, quote_via=quote)}"


def callback_url() -> str:
    """Where the store sends its owner back; it must be among the redirect URLs of the app's configuration."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("shopify-callback")


def finish(query: str) -> Connection:
    """Believe or refuse what came back, and exchange its code for a token. Never inside a transaction.

    Raises Refused, and what the exchange raises: RetryLater or GiveUp. A state is used up once it was believed.
    """
    given = _once_each(query)
    installation = _begun(given)
    connection = installation.connection
    app = _app(connection)
    _believe(given, connection, app)
    used = Installation.objects.filter(pk=installation.pk, used_at=None).update(used_at=timezone.now())
    if not used:
        raise Refused(403, "state_used", "This consent was used already. Begin again in the console.")
    asking = Connection(url=connection.url, shop=connection.shop, client_id=app.client_id)
    asking.secrets = {"signing": [app.secret]}
    granted = grants.by_code(asking, given["code"])
    with transaction.atomic():
        row = Connection.objects.select_for_update(of=["self"]).get(pk=connection.pk)
        row.secrets = {name: value for name, value in row.secrets.items() if name != "pending"}
        grant = Connection.Grant.AUTHORIZATION_CODE if granted.refresh_token else Connection.Grant.STATIC
        connecting.connected(row, granted, grant=grant, client_id=app.client_id, secret=app.secret)
    return row


def signature(pairs: list[tuple[str, str]], secret: str) -> str:
    """The hex HMAC-SHA256 of a query without its `hmac`: pairs sorted, spaces as %20."""
    message = urlencode(sorted(pair for pair in pairs if pair[0] != "hmac"), quote_via=quote)
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def _once_each(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise Refused(400, "unreadable", "This address cannot be read.") from None
    given = dict(pairs)
    if len(given) != len(pairs):
        raise Refused(400, "repeated", "This address says something twice.")
    if absent := [name for name in ("code", "hmac", "shop", "state", "timestamp") if not given.get(name)]:
        raise Refused(400, "incomplete", f"This address lacks {', '.join(absent)}.")
    if not SHOP.fullmatch(given["shop"]):
        raise Refused(400, "bad_shop", "This is not a store's domain.")
    return given


def _begun(given: dict[str, str]) -> Installation:
    digest = Installation.digest(given["state"])
    found = Installation.objects.select_related("connection__shop").filter(state_digest=digest).first()
    if found is None:
        raise Refused(403, "unknown_state", "Nobody here began this. Begin in the console.")
    if found.used_at is not None:
        raise Refused(403, "state_used", "This consent was used already. Begin again in the console.")
    if timezone.now() - found.created_at > LIFE:
        raise Refused(403, "state_expired", "This consent was begun more than ten minutes ago. Begin again.")
    return found


def _app(connection: Connection) -> App:
    pending = connection.secrets.get("pending")
    if not pending:
        raise Refused(403, "state_used", "This consent was used already. Begin again in the console.")
    return App(pending["client_id"], pending["secret"])


def _believe(given: dict[str, str], connection: Connection, app: App) -> None:
    if connection.shop is None or given["shop"] != connection.shop.domain:
        raise Refused(403, "wrong_shop", "This consent was begun for another store.")
    expected = signature(list(given.items()), app.secret)
    if not hmac.compare_digest(given["hmac"].encode(), expected.encode()):
        raise Refused(403, "bad_signature", "The signature does not fit. Is the client secret the app's own?")
    sent_at = given["timestamp"]
    if not (sent_at.isascii() and sent_at.isdigit()) or abs(time.time() - int(sent_at[:12])) > SKEW_SECONDS:
        raise Refused(403, "stale", "This was sent too long ago, or a clock is wrong. Begin again in the console.")
