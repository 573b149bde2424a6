"""The demo partner's webhook receiver: keeps every message, says whether its signature is right, fails when told to."""

import json
import sqlite3
import time
from typing import Any

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from sandbox import clock
from sandbox.store import Store

Document = dict[str, Any]
SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def configure(
    store: Store, name: str, *, secrets: list[str] | None, status: int | None, delay_ms: int | None
) -> Document:
    """Set what is given: secrets (``whsec_…``) to verify with, status to answer, milliseconds to wait before it."""
    with store.write() as writing:
        now = _settings(writing.connection, name)
        new = {
            "secrets": now["secrets"] if secrets is None else secrets,
            "status": now["status"] if status is None else status,
            "delay_ms": now["delay_ms"] if delay_ms is None else delay_ms,
        }
        writing.connection.execute(
            "INSERT OR REPLACE INTO sinks (name, secrets, status, delay_ms) VALUES (?, ?, ?, ?)",
            (name, json.dumps(new["secrets"]), new["status"], new["delay_ms"]),
        )
    return {"name": name, **new}


def receive(store: Store, name: str, headers: dict[str, str], body: bytes) -> int:
    """Keep one message (``headers`` in lower case) and return the status to answer."""
    with store.read() as connection:
        settings = _settings(connection, name)
    if settings["delay_ms"]:
        time.sleep(settings["delay_ms"] / 1000)
    signed = {header: headers.get(header, "") for header in SIGNED_HEADERS}
    with store.write() as writing:
        writing.connection.execute(
            "INSERT INTO messages (sink, received_at, webhook_id, timestamp, signature, body, verified, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name,
                clock.now(),
                *signed.values(),
                body.decode(errors="replace"),
                _verified(settings["secrets"], signed, body),
                settings["status"],
            ),
        )
    return int(settings["status"])


def messages(connection: sqlite3.Connection, name: str, *, after: int, limit: int) -> list[Document]:
    """The messages of a sink in order of arrival, those with a rowid above ``after``."""
    rows = connection.execute(
        "SELECT * FROM messages WHERE sink = ? AND id > ? ORDER BY id LIMIT ?", (name, after, limit)
    )
    return [_message(row) for row in rows]


def newest(connection: sqlite3.Connection, limit: int) -> list[Document]:
    """The newest messages of all sinks, newest first."""
    return [_message(row) for row in connection.execute("SELECT * FROM messages ORDER BY id DESC LIMIT ?", (limit,))]


def _settings(connection: sqlite3.Connection, name: str) -> Document:
    row = connection.execute("SELECT * FROM sinks WHERE name = ?", (name,)).fetchone()
    if row is None:
        return {"secrets": [], "status": 200, "delay_ms": 0}
    return {"secrets": json.loads(row["secrets"]), "status": row["status"], "delay_ms": row["delay_ms"]}


def _verified(secrets: list[str], signed: dict[str, str], body: bytes) -> str:
    if not secrets:
        return "unknown"
    return "true" if any(_signed_with(secret, signed, body) for secret in secrets) else "false"


def _signed_with(secret: str, signed: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, signed, json_parse=False)
    # The library decodes secret, body and signature before it judges them; what cannot be decoded is not signed.
    except (WebhookVerificationError, EmptyWebhookSecretError, ValueError):
        return False
    return True


def _message(row: sqlite3.Row) -> Document:
    return {
        "id": row["id"],
        "sink": row["sink"],
        "received_at": row["received_at"],
        "headers": {
            "webhook-id": row["webhook_id"],
            "webhook-timestamp": row["timestamp"],
            "webhook-signature": row["signature"],
        },
        "body": row["body"],
        "verified": row["verified"],
        "status": row["status"],
    }
