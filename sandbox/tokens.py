"""Access tokens: minted, found, refreshed, expired. Their lives run on the stand-in's clock (``speed``).

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens: an expiring offline token lives 60
minutes, its refresh token 90 days and is replaced at each use; since August 2026 the replaced one goes on working
until the new one is used, 30 days at most.
"""

import secrets
import sqlite3
import time
from typing import Any

from sandbox import clock, installations, shops
from sandbox.installations import Installation
from sandbox.shops import Shop
from sandbox.store import Writing

DAY = 86_400
DAY_TOKEN_SECONDS = 86_399
HOUR_TOKEN_SECONDS = 3_600
REFRESH_SECONDS = 90 * DAY
REPLACED_SECONDS = 30 * DAY

Answer = dict[str, Any]


class NotRefreshed(Exception):
    """The refresh token is unknown, replaced or too old."""


def opened(connection: sqlite3.Connection, token: str) -> tuple[Shop, Installation] | None:
    """The shop a token opens and what it may do there; None for a token that is unknown, expired or revoked."""
    row = connection.execute("SELECT shop, expires_at FROM tokens WHERE access_token = ?", (token,)).fetchone()
    if row is not None:
        shop = shops.by_domain(connection, row["shop"])
        alive = row["expires_at"] is None or row["expires_at"] > time.time()
        return (shop, installations.of(connection, shop.domain)) if shop and alive else None
    shop = shops.by_token(connection, token)
    if shop is None:
        return None
    installation = installations.of(connection, shop.domain)
    return (shop, installation) if installation.static_token else None


def for_a_day(writing: Writing, shop: Shop, speed: float) -> Answer:
    """Client credentials: 24 hours, no refresh token; the answer to the request."""
    token = _mint(writing, shop, "offline", "shpat", DAY_TOKEN_SECONDS / speed)
    return {"access_token": token, "scope": _scope(writing, shop), "expires_in": DAY_TOKEN_SECONDS}


def for_ever(writing: Writing, shop: Shop) -> Answer:
    """An offline token that does not expire."""
    return {"access_token": _mint(writing, shop, "offline", "shpat", None), "scope": _scope(writing, shop)}


def for_a_user(writing: Writing, shop: Shop, user_id: int, speed: float) -> Answer:
    """An online token: it acts for one member of the shop's staff, for 24 hours."""
    token = _mint(writing, shop, "online", "shpua", DAY_TOKEN_SECONDS / speed)
    scope = _scope(writing, shop)
    user = {
        "id": user_id,
        "first_name": "Robin",
        "last_name": "Fernweg",
        "email": f"owner@{shop.domain}",
        "account_owner": True,
        "locale": "en",
        "collaborator": False,
        "email_verified": True,
    }
    return {
        "access_token": token,
        "scope": scope,
        "expires_in": DAY_TOKEN_SECONDS,
        "associated_user_scope": scope,
        "associated_user": user,
    }


def for_an_hour(
    writing: Writing, shop: Shop, speed: float, *, replaces: int | None = None, refresh_until: float | None = None
) -> Answer:
    """An expiring offline token with its refresh token."""
    token = _mint(writing, shop, "offline", "shpat", HOUR_TOKEN_SECONDS / speed)
    refresh_token = f"shprt_{secrets.token_hex(16)}"
    until = time.time() + REFRESH_SECONDS / speed if refresh_until is None else refresh_until
    writing.connection.execute(
        "UPDATE tokens SET refresh_token = ?, refresh_until = ?, replaces = ? WHERE access_token = ?",
        (refresh_token, until, replaces, token),
    )
    return {
        "access_token": token,
        "scope": _scope(writing, shop),
        "expires_in": HOUR_TOKEN_SECONDS,
        "refresh_token": refresh_token,
        "refresh_token_expires_in": REFRESH_SECONDS,
    }


def refresh(writing: Writing, shop: Shop, refresh_token: str, speed: float) -> Answer:
    """A new pair for a refresh token; the tokens before it end now, it ends itself with the new one's first use."""
    row = writing.connection.execute(
        "SELECT * FROM tokens WHERE refresh_token = ? AND shop = ?", (refresh_token, shop.domain)
    ).fetchone()
    moment = time.time()
    if row is None or row["refresh_until"] <= moment:
        raise NotRefreshed
    if row["first_used_at"] is None:
        until = min(row["refresh_until"], moment + REPLACED_SECONDS / speed)
        writing.connection.execute(
            "UPDATE tokens SET first_used_at = ?, refresh_until = ? WHERE id = ?", (moment, until, row["id"])
        )
    writing.connection.execute(
        "UPDATE tokens SET refresh_token = NULL WHERE id = ? OR (replaces = ? AND id <> ?)",
        (row["replaces"], row["replaces"], row["id"]),
    )
    return for_an_hour(writing, shop, speed, replaces=row["id"])


def expire(writing: Writing, shop: Shop, access_token: str | None) -> int:
    """End one token, or all of the shop that can expire, now; refresh tokens live on. Returns how many ended."""
    return writing.connection.execute(
        "UPDATE tokens SET expires_at = 0"
        " WHERE shop = ?1 AND (access_token = ?2 OR (?2 IS NULL AND expires_at IS NOT NULL))",
        (shop.domain, access_token),
    ).rowcount


def every(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """All minted tokens, newest first, with the seconds of the compressed clock they still have."""
    rows = connection.execute("SELECT * FROM tokens ORDER BY id DESC")
    return [
        {
            "shop": row["shop"],
            "mode": row["mode"],
            "access_token": row["access_token"],
            "refresh_token": row["refresh_token"],
            "created_at": row["created_at"],
            "seconds_left": None if row["expires_at"] is None else max(0.0, row["expires_at"] - time.time()),
        }
        for row in rows
    ]


def _mint(writing: Writing, shop: Shop, mode: str, prefix: str, seconds: float | None) -> str:
    token = f"{prefix}_{secrets.token_hex(16)}"
    writing.connection.execute(
        "INSERT INTO tokens (shop, mode, access_token, expires_at, created_at) VALUES (?, ?, ?, ?, ?)",
        (shop.domain, mode, token, None if seconds is None else time.time() + seconds, clock.now()),
    )
    return token


def _scope(writing: Writing, shop: Shop) -> str:
    return ",".join(installations.of(writing.connection, shop.domain).scopes)
