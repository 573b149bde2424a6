"""The shop's regular customers, and those an order brings along."""

import json
import sqlite3
from typing import Any

from sandbox import clock
from sandbox.announcing import Announcement
from sandbox.bodies import customer_body
from sandbox.shops import Shop
from sandbox.store import Writing

Document = dict[str, Any]


def in_seat(connection: sqlite3.Connection, shop: Shop, turn: int) -> Document | None:
    """One of the regular customers, taken in turn; None when all of them were deleted."""
    rows = connection.execute(
        "SELECT document FROM customers WHERE shop = ? AND seat IS NOT NULL ORDER BY seat", (shop.domain,)
    ).fetchall()
    return dict(json.loads(rows[turn % len(rows)]["document"])) if rows else None


def regulars(connection: sqlite3.Connection, shop: str) -> list[Document]:
    """Id and name of the regular customers, for whoever has to choose one."""
    rows = connection.execute(
        "SELECT document FROM customers WHERE shop = ? AND seat IS NOT NULL ORDER BY seat", (shop,)
    )
    people = [json.loads(row["document"]) for row in rows]
    return [{"id": one["id"], "name": f"{one['first_name']} {one['last_name']}"} for one in people]


def by_id(connection: sqlite3.Connection, shop: str, customer_id: int | None) -> Document | None:
    """A customer of this shop."""
    row = connection.execute("SELECT document FROM customers WHERE id = ? AND shop = ?", (customer_id, shop)).fetchone()
    return dict(json.loads(row["document"])) if row else None


def every(connection: sqlite3.Connection, shop: str) -> list[Document]:
    """All customers of this shop, oldest first."""
    rows = connection.execute("SELECT document FROM customers WHERE shop = ? ORDER BY id", (shop,))
    return [json.loads(row["document"]) for row in rows]


def by_email(connection: sqlite3.Connection, shop: str, email: str) -> Document | None:
    """The customer of this shop with this e-mail address."""
    row = connection.execute(
        "SELECT document FROM customers WHERE shop = ? AND lower(json_extract(document, '$.email')) = ?",
        (shop, email.lower()),
    ).fetchone()
    return dict(json.loads(row["document"])) if row else None


def keep(writing: Writing, customer: Document) -> Document:
    """Keep a changed customer, on their orders as well, which show who they are now; returns them as kept."""
    changed = {**customer, "updated_at": clock.now_after(customer["updated_at"])}
    writing.connection.execute("UPDATE customers SET document = ? WHERE id = ?", (json.dumps(changed), customer["id"]))
    writing.connection.execute(
        "UPDATE orders SET document = json_set(document, '$.customer', json(?))"
        " WHERE json_extract(document, '$.customer.id') = ?",
        (json.dumps(changed), customer["id"]),
    )
    return changed


def bought(writing: Writing, shop: Shop, customer: Document, order: Document, announcement: Announcement) -> Document:
    """Count an order for its customer; regulars register with their first order, so that is when they are announced."""
    changed = {
        **customer,
        "orders": customer["orders"] + 1,
        "updated_at": clock.now_after(customer["updated_at"]),
        "last_order": {"id": order["id"], "name": order["name"]},
    }
    writing.connection.execute("UPDATE customers SET document = ? WHERE id = ?", (json.dumps(changed), customer["id"]))
    topic = "customers/update" if customer["orders"] else "customers/create"
    announcement.add(topic, lambda: customer_body(changed))
    return changed


def register(writing: Writing, shop: Shop, given: Document) -> Document:
    """A customer an order brings along (``given`` has email, firstName, lastName, phone)."""
    moment = clock.now()
    customer: Document = {
        "id": writing.new_id(),
        "first_name": given.get("firstName"),
        "last_name": given.get("lastName"),
        "email": given.get("email"),
        "phone": given.get("phone"),
        "address": None,
        "currency": shop.currency,
        "orders": 0,
        "created_at": moment,
        "updated_at": moment,
        "last_order": None,
    }
    writing.connection.execute(
        "INSERT INTO customers (id, shop, document) VALUES (?, ?, ?)",
        (customer["id"], shop.domain, json.dumps(customer)),
    )
    return customer
