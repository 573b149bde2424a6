"""``/admin/oauth/authorize``: the page on which a merchant reads what an app asks for and installs it."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sandbox import installations
from sandbox.installations import with_reading
from sandbox.oauth import shop_of
from sandbox.program import running
from sandbox.shops import Shop

CODE_SECONDS = 60


def authorize(request: HttpRequest) -> HttpResponse:
    """GET: the page with the scopes. POST (its button): back to the app with a code."""
    asked = request.POST if request.method == "POST" else request.GET
    with running().store.read() as connection:
        shop = shop_of(connection, request, asked.get("shop"))
        known = installations.of(connection, shop.domain) if shop else None
    target = _address(asked.get("redirect_uri", ""))
    problem = None
    if shop is None or known is None:
        problem = "There is no such shop."
    elif asked.get("client_id") != running().client_id:
        problem = "Oauth error invalid_request: Could not find Shopify API application with this api_key."
    elif target is None:
        problem = "Oauth error invalid_request: The redirect_uri is not whitelisted."
    if problem or shop is None or known is None or target is None:
        return HttpResponse(problem, content_type="text/plain; charset=utf-8", status=400)
    scopes = with_reading([one.strip() for one in asked.get("scope", "").split(",") if one.strip()])
    online = "per-user" in asked.getlist("grant_options[]")
    if request.method == "POST":
        code = _new_code(shop, scopes or installations.SCOPES, "online" if online else "offline")
        return _back(shop, asked["redirect_uri"], code, asked.get("state", ""))
    nonce = secrets.token_urlsafe(16)
    shown = {
        "shop": shop,
        "scopes": scopes or installations.SCOPES,
        "installed": known.installed,
        "asked": [(name, value) for name, values in asked.lists() for value in values],
        "nonce": nonce,
    }
    response = render(request, "authorize.html", shown)
    # The button's answer leads to the app, which a browser forbids a form unless it is named here.
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; frame-ancestors 'none';"
        f" form-action 'self' {target.scheme}://{target.netloc}"
    )
    return response


def _address(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.netloc and text.isprintable() else None


def _new_code(shop: Shop, scopes: tuple[str, ...], mode: str) -> str:
    code = secrets.token_hex(16)
    with running().store.write() as writing:
        writing.connection.execute(
            "INSERT INTO codes VALUES (?, ?, ?, ?, ?)",
            (code, shop.domain, json.dumps(scopes), mode, time.time() + CODE_SECONDS),
        )
    return code


def _back(shop: Shop, redirect_uri: str, code: str, state: str) -> HttpResponse:
    host = base64.urlsafe_b64encode(f"admin.shopify.com/store/{shop.domain.split('.')[0]}".encode()).rstrip(b"=")
    query = {"code": code, "host": host.decode(), "shop": shop.domain, "state": state}
    query["timestamp"] = str(int(time.time()))
    query["hmac"] = signature(query, shop.secret)
    mark = "&" if urlsplit(redirect_uri).query else "?"
    response = HttpResponse(status=302)
    response["Location"] = f"{redirect_uri}{mark}{urlencode(query, quote_via=quote)}"
    return response


def signature(query: dict[str, str], secret: str) -> str:
    """The hex HMAC of a query as Shopify signs it: its pairs sorted, without ``hmac`` itself."""
    message = "&".join(f"{name}={value}" for name, value in sorted(query.items()) if name != "hmac")
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
