"""How a token is come by: the four grants of Shopify's OAuth, each one POST to the store.

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens. A store of one's own gives by client
credentials for a day; any other by a code or a session token, for an hour, with a refresh token of 90 days that is
replaced at each use. A refresh token that was replaced goes on working until the new one is used: an answer that was
lost is no harm.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from integrations import transport
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 the name of a grant
SESSION_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 the name of a type
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
TRY_AGAIN = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class Granted:
    """What the store gave. A token without an end never expires; without a refresh token it is asked for anew."""

    token: str
    scopes: list[str] = field(default_factory=list)
    expires_at: datetime | None = None
    refresh_token: str = ""
    refresh_expires_at: datetime | None = None


def by_client_credentials(connection: Connection) -> Granted:
    """For a store of the app's own organisation; raises RetryLater or GiveUp, as all of these do."""
    return _ask(connection, {"grant_type": "client_credentials"})


def by_code(connection: Connection, code: str) -> Granted:
    """For the code that the store's callback brought."""
    return _ask(connection, {"code": code, "expiring": "1"})


def by_session_token(connection: Connection, session_token: str) -> Granted:
    """For the verified session token of an embedded page."""
    fields = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": session_token,
        "subject_token_type": SESSION_TOKEN,
        "requested_token_type": OFFLINE,
        "expiring": "1",
    }
    return _ask(connection, fields)


def by_refresh_token(connection: Connection) -> Granted:
    """For the refresh token that the connection keeps."""
    refresh_token = connection.secrets.get("refresh_token")
    if not refresh_token:
        raise GiveUp("There is no refresh token.", parked="configuration")
    return _ask(connection, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def _ask(connection: Connection, fields: dict[str, str]) -> Granted:
    fields = {**fields, "client_id": connection.client_id, "client_secret": connection.secrets["signing"][0]}
    domain = connection.shop.domain if connection.shop else ""
    if urlsplit(connection.url).hostname != domain:
        fields["shop"] = domain  # behind a gateway the address does not say which store is meant
    asked_at = timezone.now()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    url = f"{connection.url.rstrip('/')}/admin/oauth/access_token"
    answer = transport.post(url, json.dumps(fields).encode(), headers)
    if answer.status >= 500 or answer.status in TRY_AGAIN:
        after = transport.retry_after(answer)
        raise RetryLater(f"Shopify answered {answer.status} when asked for a token.", after=after, status=answer.status)
    given = _object(answer.body)
    if answer.status != 200:
        why = given.get("error_description") or given.get("error") or f"status {answer.status}"
        raise GiveUp(f"Shopify gives no token: {why}"[:200], parked="configuration", status=answer.status)
    if not isinstance(given.get("access_token"), str) or not given["access_token"]:
        raise RetryLater("Shopify's answer has no token.", status=200)
    return Granted(
        token=given["access_token"],
        scopes=listed(given.get("scope")),
        expires_at=_after(asked_at, given.get("expires_in")),
        refresh_token=str(given.get("refresh_token") or ""),
        refresh_expires_at=_after(asked_at, given.get("refresh_token_expires_in")),
    )


def listed(scope: Any) -> list[str]:
    """The scopes of a comma-separated list, sorted."""
    return sorted({one.strip() for one in str(scope or "").split(",") if one.strip()})


def _after(moment: datetime, seconds: Any) -> datetime | None:
    try:
        return moment + timedelta(seconds=int(seconds)) if seconds else None
    except (TypeError, ValueError, OverflowError):
        return None


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}
