"""Session tokens: with these short-lived JWTs a page embedded in Shopify's admin proves which store is looking.

HS256 with the app's secret, for our client id, a minute's life.
https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens
"""

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

STORE = re.compile(r"https://[a-z0-9][a-z0-9-]*\.myshopify\.com", re.ASCII)
SKEW_SECONDS = 10
MOST_LENGTH = 4096


class Unacceptable(Exception):
    """It is no session token, is wrongly signed, over, or meant for somebody else. The message says which."""


def shop_of(token: str) -> str:
    """The store a token says it is from, before anything is verified: only to find whose secret to verify it with."""
    destination = str(_claims(token).get("dest", ""))
    if not STORE.fullmatch(destination):
        raise Unacceptable("It names no store.")
    return destination.removeprefix("https://")


def verify(token: str, *, shop: str, client_id: str, secrets: list[str]) -> dict[str, Any]:
    """The claims of a token for this store and app, signed with one of the secrets; raises Unacceptable."""
    claims = _claims(token)
    signed, _, given = token.rpartition(".")
    if not any(hmac.compare_digest(given.encode(), _signature(signed, secret)) for secret in secrets):
        raise Unacceptable("The signature does not fit.")
    if claims.get("aud") != client_id:
        raise Unacceptable("It is meant for another app.")
    if claims.get("dest") != f"https://{shop}" or claims.get("iss") != f"https://{shop}/admin":
        raise Unacceptable("It is from another store.")
    now, begins, ends = time.time(), claims.get("nbf"), claims.get("exp")
    if not isinstance(begins, int) or not isinstance(ends, int):
        raise Unacceptable("It does not say from when to when it counts.")
    if now < begins - SKEW_SECONDS or now >= ends + SKEW_SECONDS:
        raise Unacceptable("It does not count now.")
    return claims


def _claims(token: str) -> dict[str, Any]:
    """The claims as they stand in it; only HS256 is read, so that no token chooses how it is verified."""
    if len(token) > MOST_LENGTH or not token.isascii() or token.count(".") != 2:
        raise Unacceptable("It is not a session token.")
    try:
        header, claims = (json.loads(_bytes(part)) for part in token.split(".")[:2])
    except (ValueError, RecursionError):
        raise Unacceptable("It is not a session token.") from None
    if not isinstance(header, dict) or not isinstance(claims, dict) or header.get("alg") != "HS256":
        raise Unacceptable("It is not a session token.")
    return claims


def _bytes(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _signature(signed: str, secret: str) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)).rstrip(b"=")
