"""What the app's developer sets in Shopify's dashboard: webhook version, compliance address, client secret."""

import random
import sqlite3
import time

from sandbox import versions
from sandbox.shops import Shop
from sandbox.store import Writing

WEBHOOK_VERSION = "webhook_version"
COMPLIANCE_URI = "compliance_uri"


def webhook_version(connection: sqlite3.Connection) -> str:
    """The API version of all webhooks' bodies: a setting of the app, not of a subscription."""
    return get(connection, WEBHOOK_VERSION) or versions.NEWEST


def get(connection: sqlite3.Connection, key: str) -> str | None:
    """One setting, or None when it was never made."""
    row = connection.execute("SELECT value FROM app_settings WHERE key = ?", (key,)).fetchone()
    return row["value"] if row else None


def put(writing: Writing, key: str, value: str) -> None:
    """Make one setting."""
    writing.connection.execute("INSERT OR REPLACE INTO app_settings VALUES (?, ?)", (key, value))


def rotate_secret(writing: Writing, shop: Shop, secret: str, *, share: float, until: float | None) -> None:
    """Give the app a new client secret; a share of the webhooks goes on being signed with the old one until then."""
    writing.connection.execute("UPDATE shops SET secret = ? WHERE domain = ?", (secret, shop.domain))
    writing.connection.execute(
        "INSERT OR REPLACE INTO rotations VALUES (?, ?, ?, ?)", (shop.domain, shop.secret, share, until)
    )


def end_rotation(writing: Writing, shop: Shop) -> None:
    """From now on every webhook is signed with the new secret."""
    writing.connection.execute("UPDATE rotations SET share = 0 WHERE shop = ?", (shop.domain,))


def signing_secret(connection: sqlite3.Connection, shop: Shop, dice: random.Random) -> str:
    """The secret this delivery is signed with: Shopify may use the old one for some time after a rotation."""
    row = connection.execute("SELECT * FROM rotations WHERE shop = ?", (shop.domain,)).fetchone()
    if row is None or (row["until"] is not None and row["until"] <= time.time()):
        return shop.secret
    return row["old_secret"] if dice.random() < row["share"] else shop.secret


def rotated(connection: sqlite3.Connection, domain: str, secret: str) -> str:
    """The secret a restarted stand-in goes on with: the one it was rotated to, when started with the old one again."""
    row = connection.execute(
        "SELECT s.secret FROM rotations r JOIN shops s ON s.domain = r.shop WHERE r.shop = ? AND r.old_secret = ?",
        (domain, secret),
    ).fetchone()
    return row["secret"] if row else secret
