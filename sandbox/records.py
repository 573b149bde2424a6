"""The smaller things a shop keeps: drafts, edits under way, store credit, gift cards, definitions.

Each is a JSON document with an ``id`` and of one kind; they are few, so they are searched by reading them.
"""

import json
import sqlite3
from typing import Any

from sandbox.store import Writing

Document = dict[str, Any]


def keep(writing: Writing, shop: str, kind: str, document: Document) -> None:
    """Put in a new one, or the new state of a known one."""
    writing.connection.execute(
        "INSERT INTO records (id, shop, kind, document) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET document = excluded.document",
        (document["id"], shop, kind, json.dumps(document)),
    )


def find(connection: sqlite3.Connection, shop: str, kind: str, number: int | None) -> Document | None:
    """The one of this shop and kind with this id."""
    row = connection.execute(
        "SELECT document FROM records WHERE id = ? AND shop = ? AND kind = ?", (number, shop, kind)
    ).fetchone()
    return dict(json.loads(row["document"])) if row else None


def every(connection: sqlite3.Connection, shop: str, kind: str) -> list[Document]:
    """All of this shop and kind, oldest first."""
    rows = connection.execute("SELECT document FROM records WHERE shop = ? AND kind = ? ORDER BY number", (shop, kind))
    return [json.loads(row["document"]) for row in rows]


def remove(writing: Writing, kind: str, number: int) -> None:
    """Forget one."""
    writing.connection.execute("DELETE FROM records WHERE id = ? AND kind = ?", (number, kind))
