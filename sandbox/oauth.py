"""``POST /admin/oauth/access_token``: the grants with which an app gets its tokens, and Shopify's words of refusal.

https://shopify.dev/docs/apps/build/authentication-authorization: client credentials, authorization code, refresh
token and token exchange. Paths and bodies are Shopify's. The stand-in plays every shop on one address, so the shop
is the one the Host names, else the one of the form field ``shop`` or the header ``X-Sandbox-Shop``, else the first.
"""

import hmac
import json
import sqlite3
import time
from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox import installations, session_tokens, shops, tokens
from sandbox.program import running
from sandbox.shops import Shop

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the name of a grant
SUBJECT = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"

Given = dict[str, Any]


class Refused(Exception):
    """An OAuth error: its code, the words beside it, the status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.shown = {"error": error, "error_description": description}
        self.status = status


def access_token(request: HttpRequest) -> HttpResponse:
    """Answer one request for a token."""
    if request.method != "POST":
        return HttpResponse(status=405)
    try:
        return _json(_granted(request, _given(request)), 200)
    except Refused as refusal:
        return _json(refusal.shown, refusal.status)


def shop_of(connection: sqlite3.Connection, request: HttpRequest, named: str | None) -> Shop | None:
    """The shop a request is for; None when it names one that does not exist."""
    host = request.get_host().partition(":")[0]
    found = shops.by_domain(connection, host)
    if found is not None:
        return found
    asked = named or request.headers.get("X-Sandbox-Shop")
    return shops.by_domain(connection, asked) if asked else shops.first(connection)


def _given(request: HttpRequest) -> Given:
    if request.content_type != "application/json":
        return dict(request.POST.items())
    try:
        given = json.loads(request.body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refused("invalid_request", "The body is not a JSON object")
    return given


def _granted(request: HttpRequest, given: Given) -> tokens.Answer:
    program = running()
    with program.store.read() as connection:
        shop = shop_of(connection, request, _text(given, "shop"))
        if shop is None:
            raise Refused("invalid_request", "There is no such shop")
        installed = installations.of(connection, shop.domain).installed
    _identify(given, shop)
    # An authorization code comes without a grant type: so it was before the others existed.
    grant = _text(given, "grant_type") or ("authorization_code" if given.get("code") else None)
    if grant == "authorization_code":
        return _for_code(shop, given)
    if grant not in ("client_credentials", "refresh_token", TOKEN_EXCHANGE):
        raise Refused("unsupported_grant_type", f"The grant type {grant} is not supported")
    if not installed:
        raise Refused("app_not_installed", "The app is not installed on this shop")
    if grant == "client_credentials":
        with program.store.write() as writing:
            return tokens.for_a_day(writing, shop, program.speed)
    return _refreshed(shop, given) if grant == "refresh_token" else _exchanged(shop, given)


def _identify(given: Given, shop: Shop) -> None:
    client_id, secret = _text(given, "client_id"), _text(given, "client_secret")
    if not client_id or not secret:
        raise Refused("invalid_request", "client_id and client_secret are required")
    right = hmac.compare_digest(secret.encode(), shop.secret.encode())
    if client_id != running().client_id or not right:
        raise Refused("invalid_client", "The client id or the client secret is wrong", 401)


def _for_code(shop: Shop, given: Given) -> tokens.Answer:
    program = running()
    with program.store.write() as writing:
        row = writing.connection.execute(
            "DELETE FROM codes WHERE code = ? AND shop = ? RETURNING *", (_text(given, "code"), shop.domain)
        ).fetchone()
        if row is not None and row["expires_at"] > time.time():
            installations.install(writing, shop, tuple(json.loads(row["scopes"])))
            if row["mode"] == "online":
                return tokens.for_a_user(writing, shop, session_tokens.USER_ID, program.speed)
            if _wants_expiry(given):
                return tokens.for_an_hour(writing, shop, program.speed)
            return tokens.for_ever(writing, shop)
    raise Refused("invalid_request", "The authorization code was not found or was already used")


def _refreshed(shop: Shop, given: Given) -> tokens.Answer:
    program = running()
    refresh_token = _text(given, "refresh_token")
    if not refresh_token:
        raise Refused("invalid_request", "refresh_token is required")
    try:
        with program.store.write() as writing:
            return tokens.refresh(writing, shop, refresh_token, program.speed)
    except tokens.NotRefreshed:
        raise Refused("invalid_grant", "The refresh token is expired, revoked or was replaced") from None


def _exchanged(shop: Shop, given: Given) -> tokens.Answer:
    program = running()
    wanted = _text(given, "requested_token_type") or OFFLINE
    if wanted not in (OFFLINE, ONLINE):
        raise Refused("invalid_request", "requested_token_type is not known")
    if _text(given, "subject_token_type") != SUBJECT:
        raise Refused("invalid_request", f"subject_token_type must be {SUBJECT}")
    try:
        claims = session_tokens.read(_text(given, "subject_token") or "", shop.domain, program.client_id, shop.secret)
    except session_tokens.Unacceptable as problem:
        raise Refused("invalid_subject_token", str(problem)) from None
    with program.store.write() as writing:
        if wanted == ONLINE:
            return tokens.for_a_user(writing, shop, int(claims["sub"]), program.speed)
        if _wants_expiry(given):
            return tokens.for_an_hour(writing, shop, program.speed)
        return tokens.for_ever(writing, shop)


def _wants_expiry(given: Given) -> bool:
    return str(given.get("expiring", "")).lower() in ("1", "true")


def _text(given: Given, name: str) -> str | None:
    value = given.get(name)
    # What cannot be printed (half a character, a line's end) is in no token, secret or name.
    return value if isinstance(value, str) and value and value.isprintable() else None


def _json(payload: Given, status: int) -> HttpResponse:
    return HttpResponse(json.dumps(payload), content_type="application/json; charset=utf-8", status=status)
