"""Bulk operations in the store: asked for, found, counted on, finished. ``bulk_runs`` does the work."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox import clock
from sandbox.announcing import Announcement
from sandbox.order_documents import gid
from sandbox.store import Writing

Document = dict[str, Any]

IN_PARALLEL = 5
UNFINISHED = ("CREATED", "RUNNING", "CANCELING")


class InProgress(Exception):
    """As many operations of this shop run as may; ``gids`` are theirs."""

    def __init__(self, gids: list[str]) -> None:
        super().__init__(", ".join(gids))
        self.gids = gids


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One run of a bulk query; ``bytes`` is the size of the result so far."""

    id: int
    shop: str
    query: str
    grouped: bool
    version: str
    status: str
    error_code: str | None
    created_at: str
    completed_at: str | None
    objects: int
    roots: int
    bytes: int


def ask(writing: Writing, shop: str, query: str, *, grouped: bool, version: str) -> int:
    """Keep a new operation, to be run soon; raises InProgress. Returns its id."""
    running = [one for one in of_shop(writing.connection, shop) if one.status in UNFINISHED]
    if len(running) >= IN_PARALLEL:
        raise InProgress([gid("BulkOperation", one.id) for one in running])
    number = writing.new_id()
    writing.connection.execute(
        "INSERT INTO bulk_operations (id, shop, query, grouped, version, status, created_at)"
        " VALUES (?, ?, ?, ?, ?, 'CREATED', ?)",
        (number, shop, query, grouped, version, clock.now()),
    )
    return number


def by_id(connection: sqlite3.Connection, number: int | None) -> BulkOperation | None:
    """One operation of any shop."""
    row = connection.execute("SELECT * FROM bulk_operations WHERE id = ?", (number,)).fetchone()
    return _operation(row) if row else None


def of_shop(connection: sqlite3.Connection, shop: str) -> list[BulkOperation]:
    """All operations of a shop, oldest first."""
    rows = connection.execute("SELECT * FROM bulk_operations WHERE shop = ? ORDER BY created_at, id", (shop,))
    return [_operation(row) for row in rows]


def unfinished(connection: sqlite3.Connection) -> list[int]:
    """What is still to be run, or was interrupted with the process."""
    marks = ", ".join("?" for _ in UNFINISHED)
    sql = f"SELECT id FROM bulk_operations WHERE status IN ({marks}) ORDER BY created_at, id"  # noqa: S608
    return [row["id"] for row in connection.execute(sql, UNFINISHED)]


def move(writing: Writing, number: int, status: str, *earlier: str) -> bool:
    """Change the status, if it is still one of the earlier ones."""
    known = by_id(writing.connection, number)
    if known is None or known.status not in earlier:
        return False
    writing.connection.execute("UPDATE bulk_operations SET status = ? WHERE id = ?", (status, number))
    return True


def count(writing: Writing, number: int, *, objects: int, roots: int, size: int) -> str:
    """Keep how far it has come; returns the status, which may have become CANCELING."""
    row = writing.connection.execute(
        "UPDATE bulk_operations SET objects = ?, roots = ?, bytes = ? WHERE id = ? RETURNING status",
        (objects, roots, size, number),
    ).fetchone()
    return str(row["status"])


def finish(writing: Writing, number: int, status: str, error_code: str | None = None) -> None:
    """Its last status, and bulk_operations/finish for whoever wants to know."""
    completed_at = clock.now() if status == "COMPLETED" else None
    writing.connection.execute(
        "UPDATE bulk_operations SET status = ?, error_code = ?, completed_at = ? WHERE id = ?",
        (status, error_code, completed_at, number),
    )
    known = by_id(writing.connection, number)
    assert known is not None
    Announcement(writing, known.shop, None).add("bulk_operations/finish", lambda: _body(known))


def fields(one: BulkOperation, address: str) -> Document:
    """The fields of ``BulkOperation``; ``address`` is where the stand-in answers."""
    result = f"{address}/sandbox/bulk/{one.id}.jsonl" if one.bytes else None
    done = one.status == "COMPLETED"
    return {
        "id": gid("BulkOperation", one.id),
        "type": "QUERY",
        "status": one.status,
        "errorCode": one.error_code,
        "createdAt": clock.in_graphql(one.created_at),
        "completedAt": clock.in_graphql(one.completed_at),
        "objectCount": str(one.objects),
        "rootObjectCount": str(one.roots),
        "fileSize": str(one.bytes) if done and one.bytes else None,
        "url": result if done else None,
        "partialDataUrl": result if one.status == "FAILED" else None,
        "query": one.query,
    }


def _body(one: BulkOperation) -> Document:
    return {
        "admin_graphql_api_id": gid("BulkOperation", one.id),
        "completed_at": clock.in_webhooks(one.completed_at),
        "created_at": clock.in_webhooks(one.created_at),
        "error_code": one.error_code.lower() if one.error_code else None,
        "status": one.status.lower(),
        "type": "query",
    }


def _operation(row: sqlite3.Row) -> BulkOperation:
    named = {name: row[name] for name in BulkOperation.__dataclass_fields__}
    return BulkOperation(**{**named, "grouped": bool(row["grouped"])})
