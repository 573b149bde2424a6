"""Fulfillment orders: which location has to ship which units of an order, and how far it has come.

They are kept beside the order, each with an ``updated_at`` of its own, because at Shopify their changes do not touch
the order's. Over the active ones, the remaining units of a line always add up to what the line still has to ship;
``refit`` sees to that whenever an order is kept.
"""

import json
import sqlite3
from collections.abc import Iterable
from functools import partial
from typing import Any

from sandbox import clock, locations, shelves
from sandbox.announcing import Announcement
from sandbox.store import Writing
from sandbox.totals import fulfillable_quantity, fulfillment_status

Document = dict[str, Any]

INACTIVE = ("closed", "cancelled", "incomplete")
# What the order's display says when all that is active is in one state.
SHOWN = {"on_hold": "ON_HOLD", "in_progress": "IN_PROGRESS", "scheduled": "SCHEDULED"}
FULFILLED = {"partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED"}


def find(connection: sqlite3.Connection, shop: str, fulfillment_order_id: int | None) -> Document | None:
    """One fulfillment order of a shop."""
    row = connection.execute(
        "SELECT document FROM fulfillment_orders WHERE id = ? AND shop = ?", (fulfillment_order_id, shop)
    ).fetchone()
    return json.loads(row["document"]) if row else None


def of_order(connection: sqlite3.Connection, order_id: int) -> list[Document]:
    """All of an order, oldest first, the closed ones included."""
    rows = connection.execute(
        "SELECT document FROM fulfillment_orders WHERE order_id = ? ORDER BY created_at, id", (order_id,)
    )
    return [json.loads(row["document"]) for row in rows]


def is_active(fulfillment_order: Document) -> bool:
    """Whether there is still something to do for it."""
    return fulfillment_order["status"] not in INACTIVE


def remaining(fulfillment_order: Document) -> int:
    """Units it has still to ship."""
    return sum(part["remaining"] for part in fulfillment_order["lines"])


def can_merge(one: Document, other: Document) -> bool:
    """Whether two of an order can become one: both open, at one location, shipped the same way."""
    alike = all(one[name] == other[name] for name in ("order_id", "location_id", "ships"))
    return alike and one["id"] != other["id"] and one["status"] == other["status"] == "open"


def display_status(order: Document, found: list[Document]) -> str:
    """``displayFulfillmentStatus``: only for show, the truth is in the fulfillment orders."""
    said = fulfillment_status(order)
    states = {one["status"] for one in found if is_active(one)}
    if states == {"on_hold"} or (said is None and len(states) == 1):
        return SHOWN.get(next(iter(states)), "UNFULFILLED")
    return FULFILLED.get(said or "", "UNFULFILLED")


def new(
    writing: Writing, order: Document, location_id: int, ships: bool, parts: Iterable[tuple[Document, int]]
) -> Document:
    """An open fulfillment order for units of lines, kept at once."""
    moment = clock.now()
    made: Document = {
        "id": writing.new_id(),
        "shop": order["shop"],
        "order_id": order["id"],
        "location_id": location_id,
        "ships": ships,
        "status": "open",
        "request_status": "unsubmitted",
        "created_at": moment,
        "updated_at": moment,
        "fulfill_at": f"{moment[:13]}:00:00.000000Z",
        "progress_reported": False,
        # The fulfillment order a hold or a split took this one from.
        "taken_from": None,
        "holds": [],
        "lines": [new_part(writing, line["id"], line["variant_id"], quantity) for line, quantity in parts],
    }
    keep(writing, made)
    return made


def new_part(writing: Writing, line_id: int, variant_id: int | None, quantity: int) -> Document:
    """A line of a fulfillment order."""
    number = writing.new_id()
    return {"id": number, "line_id": line_id, "variant_id": variant_id, "total": quantity, "remaining": quantity}


def keep(writing: Writing, fulfillment_order: Document) -> None:
    """Put in a new one or the new state of a known one; what its shelves have promised follows."""
    before = find(writing.connection, fulfillment_order["shop"], fulfillment_order["id"])
    promised: dict[tuple[int, int], int] = {}
    states = [(-1, before)] if before else []
    for sign, one in (*states, (1, fulfillment_order)):
        for part in one["lines"] if is_active(one) else []:
            if part["variant_id"] is not None:
                key = (part["variant_id"], one["location_id"])
                promised[key] = promised.get(key, 0) + sign * part["remaining"]
    for (variant_id, location_id), delta in promised.items():
        if delta:
            shelves.commit(writing, fulfillment_order["shop"], variant_id, location_id, delta)
    if before:
        fulfillment_order["updated_at"] = clock.now_after(before["updated_at"])
    writing.connection.execute(
        "INSERT INTO fulfillment_orders (id, shop, order_id, location_id, status, created_at, updated_at, document)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET location_id = excluded.location_id,"
        " status = excluded.status, updated_at = excluded.updated_at, document = excluded.document",
        (
            *(fulfillment_order[name] for name in ("id", "shop", "order_id", "location_id", "status", "created_at")),
            fulfillment_order["updated_at"],
            json.dumps(fulfillment_order, separators=(",", ":")),
        ),
    )


def settle(writing: Writing, fulfillment_order: Document) -> None:
    """Give an active one the status its units, holds and reports add up to, and keep it."""
    one = fulfillment_order
    if remaining(one) == 0:
        one["status"], one["holds"] = "closed", []
    elif one["holds"]:
        one["status"] = "on_hold"
    elif one.get("scheduled"):
        one["status"] = "scheduled"
    elif one["progress_reported"] or any(part["remaining"] < part["total"] for part in one["lines"]):
        one["status"] = "in_progress"
    else:
        one["status"] = "open"
    keep(writing, one)


def refit(writing: Writing, order: Document) -> None:
    """Make the fulfillment orders agree with the order's lines, however those were changed.

    Called whenever an order is kept (``kept_orders.insert``, ``changing`` and ``within``), so that whoever changes
    lines needs to do no more than count: fewer units (``removed`` grows) shrink the open fulfillment orders, the
    newest first, and close them when nothing is left; further units and new lines get fulfillment orders of their
    own, at the locations in the line's ``taken``, else where the order is shipped from already.
    """
    active = [one for one in of_order(writing.connection, order["id"]) if is_active(one)]
    shrunk: dict[int, Document] = {}
    missing: list[tuple[Document, int]] = []
    for line in order["lines"]:
        surplus = -fulfillable_quantity(line)
        parts = [(one, part) for one in active for part in one["lines"] if part["line_id"] == line["id"]]
        surplus += sum(part["remaining"] for _, part in parts)
        for one, part in reversed(parts):
            fewer = min(max(surplus, 0), part["remaining"])
            if fewer:
                part["remaining"] -= fewer
                part["total"] -= fewer
                surplus -= fewer
                shrunk[one["id"]] = one
        if surplus < 0:
            missing.append((line, -surplus))
    announcement = Announcement(writing, order["shop"], order["id"])
    for one in shrunk.values():
        settle(writing, one)
        if order["cancelled_at"] and one["status"] == "closed":
            body = {**changed_body(one), "replacement_fulfillment_order": None}
            announcement.add("fulfillment_orders/cancelled", partial(dict, body))
    if missing:
        _route(writing, order, missing, active, announcement)


def forget(writing: Writing, order_id: int) -> None:
    """Delete those of a deleted order; what shelves had promised to them can be promised again."""
    for one in of_order(writing.connection, order_id):
        one["status"] = "cancelled"
        keep(writing, one)
    writing.connection.execute("DELETE FROM fulfillment_orders WHERE order_id = ?", (order_id,))


def location_of(connection: sqlite3.Connection, order: Document, line: Document) -> int | None:
    """Where units of a line that come back belong: the location that ships them, or has shipped them."""
    found = of_order(connection, order["id"])
    with_line = [one for one in found if any(part["line_id"] == line["id"] for part in one["lines"])]
    nearest = next((one for one in with_line if is_active(one)), with_line[-1] if with_line else None)
    if nearest is not None:
        return int(nearest["location_id"])
    return next((int(place) for place in line.get("taken") or {}), None)


def _route(
    writing: Writing,
    order: Document,
    missing: list[tuple[Document, int]],
    active: list[Document],
    announcement: Announcement,
) -> None:
    """One new fulfillment order for each location, and one more for what needs no shipping."""
    in_use = [one["id"] for one in locations.active(writing.connection, order["shop"])]
    chosen = [place for line, _ in missing for place in _places(line, in_use)]
    usual = next(iter([one["location_id"] for one in active] + chosen + in_use), None)
    if usual is None:
        return
    groups: dict[tuple[int, bool], list[tuple[Document, int]]] = {}
    for line, quantity in missing:
        left = quantity
        for place, units in [*_places(line, in_use).items(), (usual, quantity)]:
            here = min(units, left)
            if here:
                groups.setdefault((place, bool(line["requires_shipping"])), []).append((line, here))
                left -= here
    for (place, ships), parts in groups.items():
        made = new(writing, order, place, ships, parts)
        announcement.add("fulfillment_orders/order_routing_complete", partial(changed_body, made))


def changed_body(fulfillment_order: Document) -> Document:
    """What most topics say of a fulfillment order: hardly more than that it changed."""
    return {"fulfillment_order": short_body(fulfillment_order)}


def short_body(fulfillment_order: Document) -> Document:
    """A fulfillment order inside webhook bodies; the ids there are gids."""
    return {"id": f"gid://shopify/FulfillmentOrder/{fulfillment_order['id']}", "status": fulfillment_order["status"]}


def _places(line: Document, in_use: list[int]) -> dict[int, int]:
    return {int(place): units for place, units in (line.get("taken") or {}).items() if int(place) in in_use}
