"""Orders in the store: put in, found again, changed under the writer's lock."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox import clock, fulfillment_orders
from sandbox.store import Store, Writing

Document = dict[str, Any]


class NoSuchOrder(Exception):
    """There is no order with this id."""


def insert(writing: Writing, order: Document) -> None:
    """Keep a new order."""
    writing.connection.execute(
        "INSERT INTO orders (id, shop, name, created_at, updated_at, source_identifier, email, tags, test, status,"
        " document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (order["id"], order["shop"], order["name"], order["created_at"], *_columns(order)),
    )
    fulfillment_orders.refit(writing, order)


def load(connection: sqlite3.Connection, order_id: int | None) -> Document | None:
    """The order with this id."""
    row = connection.execute("SELECT document FROM orders WHERE id = ?", (order_id,)).fetchone()
    return json.loads(row["document"]) if row else None


def with_part(connection: sqlite3.Connection, part_id: int | None) -> Document | None:
    """The order that has the fulfillment or refund with this id."""
    row = connection.execute("SELECT order_id FROM parts WHERE id = ?", (part_id,)).fetchone()
    return load(connection, row["order_id"]) if row else None


def newest(connection: sqlite3.Connection, limit: int) -> list[Document]:
    """The orders placed last, newest first."""
    rows = connection.execute("SELECT document FROM orders ORDER BY created_at DESC, id DESC LIMIT ?", (limit,))
    return [json.loads(row["document"]) for row in rows]


@contextmanager
def changing(store: Store, order_id: int) -> Iterator[tuple[Writing, Document]]:
    """Load an order under the lock and keep it again, with a later ``updated_at``, when the block ends well."""
    with store.write() as writing, within(writing, order_id) as order:
        yield writing, order


@contextmanager
def within(writing: Writing, order_id: int) -> Iterator[Document]:
    """The same inside a transaction that also changes something else; raises NoSuchOrder."""
    order = load(writing.connection, order_id)
    if order is None:
        raise NoSuchOrder(f"There is no order {order_id}")
    order["updated_at"] = clock.now_after(order["updated_at"])
    yield order
    writing.connection.execute(
        "UPDATE orders SET updated_at = ?, source_identifier = ?, email = ?, tags = ?, test = ?, status = ?,"
        " document = ? WHERE id = ?",
        (*_columns(order), order_id),
    )
    fulfillment_orders.refit(writing, order)


def add_part(writing: Writing, order: Document, part_id: int) -> None:
    """Remember to which order a fulfillment or refund belongs."""
    writing.connection.execute("INSERT INTO parts (id, order_id) VALUES (?, ?)", (part_id, order["id"]))


def remove(writing: Writing, order: Document) -> None:
    """Delete an order for good; that it was deleted is remembered, as in the shop's event log."""
    fulfillment_orders.forget(writing, order["id"])
    for table, column in (("orders", "id"), ("parts", "order_id"), ("metafields", "order_id")):
        writing.connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (order["id"],))  # noqa: S608
    writing.connection.execute(
        "INSERT INTO deletions (id, shop, order_id, name, created_at) VALUES (?, ?, ?, ?, ?)",
        (writing.new_id(), order["shop"], order["id"], order["name"], clock.now()),
    )


def _columns(order: Document) -> tuple[Any, ...]:
    status = "cancelled" if order["cancelled_at"] else "closed" if order["closed_at"] else "open"
    # Commas on both sides, so that a search for one tag does not find another that contains it.
    tags = f",{','.join(order['tags'])},".lower()
    return (
        order["updated_at"],
        order["source_identifier"],
        order["email"],
        tags,
        order["test"],
        status,
        json.dumps(order, separators=(",", ":")),
    )
