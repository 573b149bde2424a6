"""Questions about fulfillment orders, by their own id and by their own clock."""

import json
import sqlite3
from typing import Any

from sandbox import fulfillment_orders, kept_orders
from sandbox.connections import Place, page, page_size, read_cursor
from sandbox.order_documents import number_of
from sandbox.order_fields import fulfillment_order_with
from sandbox.search import Conditions, add_moment, terms
from sandbox.shops import Shop

Document = dict[str, Any]

COLUMNS = {"id": "id", "assigned_location_id": "location_id"}


def fields(connection: sqlite3.Connection, shop: Shop, _queries: Any) -> Document:
    """Resolvers by the name of the field of ``QueryRoot``."""
    return {
        "fulfillmentOrder": lambda info, id: shown(connection, shop, number_of(id)),
        "fulfillmentOrders": lambda info, **asked: _found(connection, shop, **asked),
    }


def shown(connection: sqlite3.Connection, shop: Shop, fulfillment_order_id: int | None) -> Document | None:
    """The fulfillment order with this id, as GraphQL sees it."""
    found = fulfillment_orders.find(connection, shop.domain, fulfillment_order_id)
    order = kept_orders.load(connection, found["order_id"]) if found else None
    return fulfillment_order_with(connection)(found, order) if found and order else None


def _found(
    connection: sqlite3.Connection,
    shop: Shop,
    first: int | None = None,
    after: str | None = None,
    query: str | None = None,
    includeClosed: bool = False,
    reverse: bool = False,
    sortKey: str = "ID",
) -> Document:
    size = page_size(first)
    wanted = _conditions(query)
    wanted.add("shop = ?", shop.domain)
    if not includeClosed:
        wanted.sql.append("status NOT IN ('closed', 'cancelled', 'incomplete')")
    column = "updated_at" if sortKey == "UPDATED_AT" else "id"
    way, beyond = ("DESC", "<") if reverse else ("ASC", ">")
    if after is not None:
        place = read_cursor(after)
        wanted.sql.append(f"({column}, id) {beyond} (?, ?)")
        wanted.values += [place.id if column == "id" else place.value, place.id]
    rows = connection.execute(
        f"SELECT id, order_id, {column} AS value, document FROM fulfillment_orders"  # noqa: S608
        f" WHERE {' AND '.join(wanted.sql)} ORDER BY {column} {way}, id {way} LIMIT ?",
        (*wanted.values, size + 1),
    ).fetchall()
    show = fulfillment_order_with(connection)
    found = []
    for row in rows[:size]:
        order = kept_orders.load(connection, row["order_id"])
        assert order is not None
        found.append((Place(row["id"], str(row["value"])), show(json.loads(row["document"]), order)))
    return page(found, has_next=len(rows) > size, has_previous=after is not None)


def _conditions(query: str | None) -> Conditions:
    wanted = Conditions()
    for term in terms(query):
        if term.name == "updated_at":
            add_moment(wanted, "updated_at", term.operator, term.value)
        elif term.name == "status":
            wanted.add("status = ?", term.value.lower())
        elif term.name in COLUMNS:
            wanted.add(f"{COLUMNS[term.name]} {term.operator} ?", number_of(term.value))
        else:
            wanted.ignored.append(term.name)
    return wanted
