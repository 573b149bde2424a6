"""What lies where: units per variant and location. What has no shelf at all is not counted and never runs out.

``available`` can still be sold, ``committed`` is promised to open fulfillment orders (which keep it up to date);
together they are what is on hand.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox import clock, locations
from sandbox.announcing import Announcement
from sandbox.store import Writing

Document = dict[str, Any]

# An inventory item's number is its variant's and this: one can be told from the other, and neither is both.
ITEM_OFFSET = 2_000_000_000_000

# Units by location.
Taken = dict[int, int]


class Short(Exception):
    """There are too few units for the wanted one at this position."""

    def __init__(self, position: int) -> None:
        super().__init__(f"too few units for position {position}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Level:
    """The units of one variant at one location."""

    variant_id: int
    location_id: int
    available: int
    committed: int
    created_at: str
    updated_at: str

    @property
    def on_hand(self) -> int:
        """Sold or not, it has not left the building."""
        return self.available + self.committed


def item_id(variant_id: int) -> int:
    """The inventory item of a variant."""
    return variant_id + ITEM_OFFSET


def variant_of(inventory_item_id: int) -> int:
    """The variant of an inventory item."""
    return inventory_item_id - ITEM_OFFSET


def levels(connection: sqlite3.Connection, shop: str, variant_id: int) -> list[Level]:
    """The shelves of a variant at locations in use, in routing order."""
    found = {
        row["location_id"]: _level(row)
        for row in connection.execute("SELECT * FROM shelves WHERE shop = ? AND variant_id = ?", (shop, variant_id))
    }
    if not found:
        return []
    order = [one["id"] for one in locations.active(connection, shop)]
    return [found[location] for location in order if location in found]


def where(connection: sqlite3.Connection, sql: list[str], values: list[Any]) -> list[Level]:
    """The shelves for which all these conditions hold."""
    rows = connection.execute(f"SELECT * FROM shelves WHERE {' AND '.join(sql)} ORDER BY variant_id", values)  # noqa: S608
    return [_level(row) for row in rows]


def level(connection: sqlite3.Connection, shop: str, variant_id: int, location_id: int) -> Level | None:
    """One shelf."""
    found = levels(connection, shop, variant_id)
    return next((one for one in found if one.location_id == location_id), None)


def sellable(connection: sqlite3.Connection, shop: str, variant_id: int) -> int | None:
    """Units available at all locations; None for what is not counted."""
    found = levels(connection, shop, variant_id)
    return sum(one.available for one in found) if found else None


def take(writing: Writing, shop: str, wanted: list[tuple[int, int]], *, even_if_short: bool = False) -> list[Taken]:
    """Take (variant, units) off the shelves, all or none; returns where from, empty for what is not counted.

    The first location that has everything serves everything; otherwise each one the first that has all its units,
    otherwise what there is, shelf by shelf. Raises Short unless shelves may go below nothing.
    """
    left = {
        variant: {one.location_id: one.available for one in levels(writing.connection, shop, variant)}
        for variant in {variant for variant, _ in wanted}
    }
    place = _serves_all(left, wanted)
    taken = []
    for position, (variant, quantity) in enumerate(wanted):
        shelf = left[variant]
        one = {place: quantity} if place in shelf else _spread(shelf, quantity, even_if_short=even_if_short)
        if one is None:
            raise Short(position)
        for location, units in one.items():
            shelf[location] -= units
        taken.append(one)
    for (variant, _), one in zip(wanted, taken, strict=True):
        for location, units in one.items():
            change(writing, shop, variant, location, -units)
    return taken


def put_back(writing: Writing, shop: str, variant_id: int, quantity: int, location_id: int | None = None) -> None:
    """Return units to a shelf, by default to the first there is; what is not counted is ignored."""
    found = [one.location_id for one in levels(writing.connection, shop, variant_id)]
    if found:
        change(writing, shop, variant_id, location_id if location_id in found else found[0], quantity)


def change(writing: Writing, shop: str, variant_id: int, location_id: int, delta: int) -> None:
    """More or fewer units available on a shelf, announced."""
    row = writing.connection.execute(
        "UPDATE shelves SET available = available + ?, updated_at = ? WHERE shop = ? AND variant_id = ?"
        " AND location_id = ? RETURNING *",
        (delta, clock.now(), shop, variant_id, location_id),
    ).fetchone()
    if row is not None:
        Announcement(writing, shop, None).add("inventory_levels/update", lambda: level_body(row))


def commit(writing: Writing, shop: str, variant_id: int | None, location_id: int, delta: int) -> None:
    """Promise units to a fulfillment order, or no longer; no webhook, for what can be sold stays the same."""
    writing.connection.execute(
        "UPDATE shelves SET committed = committed + ? WHERE shop = ? AND variant_id = ? AND location_id = ?",
        (delta, shop, variant_id, location_id),
    )


def connect(writing: Writing, shop: str, variant_id: int, location_id: int, available: int) -> None:
    """Give a variant a shelf at a location, or set what lies on the one it has."""
    known = level(writing.connection, shop, variant_id, location_id)
    if known is not None:
        change(writing, shop, variant_id, location_id, available - known.available)
        return
    row = put_up(writing, shop, variant_id, location_id, available)
    Announcement(writing, shop, None).add("inventory_levels/connect", lambda: level_body(row))


def put_up(writing: Writing, shop: str, variant_id: int, location_id: int, available: int) -> sqlite3.Row:
    """A new shelf, without a word to anybody: a new shop has had it from the beginning."""
    moment = clock.now()
    row: sqlite3.Row = writing.connection.execute(
        "INSERT INTO shelves (shop, variant_id, location_id, available, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING *",
        (shop, variant_id, location_id, available, moment, moment),
    ).fetchone()
    return row


def disconnect(writing: Writing, shop: str, variant_id: int, location_id: int) -> None:
    """The location no longer keeps the variant."""
    writing.connection.execute(
        "DELETE FROM shelves WHERE shop = ? AND variant_id = ? AND location_id = ?", (shop, variant_id, location_id)
    )
    body = {"inventory_item_id": item_id(variant_id), "location_id": location_id}
    Announcement(writing, shop, None).add("inventory_levels/disconnect", lambda: body)


def level_body(row: sqlite3.Row) -> Document:
    """A shelf as webhooks carry it: which variant it is can be asked for by the item's id only."""
    item, location = item_id(row["variant_id"]), row["location_id"]
    return {
        "inventory_item_id": item,
        "location_id": location,
        "available": row["available"],
        "updated_at": clock.in_webhooks(row["updated_at"]),
        "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{location}?inventory_item_id={item}",
    }


def _level(row: sqlite3.Row) -> Level:
    return Level(
        variant_id=row["variant_id"],
        location_id=row["location_id"],
        available=row["available"],
        committed=row["committed"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _serves_all(left: dict[int, Taken], wanted: list[tuple[int, int]]) -> int | None:
    needed: Taken = {}
    for variant, quantity in wanted:
        needed[variant] = needed.get(variant, 0) + quantity
    counted = [variant for variant in needed if left[variant]]
    places = left[counted[0]] if counted else {}
    return next(
        (place for place in places if all(left[one].get(place, 0) >= needed[one] for one in counted)),
        None,
    )


def _spread(shelf: Taken, quantity: int, *, even_if_short: bool) -> Taken | None:
    if not shelf:
        return {}
    whole = next((place for place, units in shelf.items() if units >= quantity), None)
    if whole is not None:
        return {whole: quantity}
    taken: Taken = {}
    for place, units in shelf.items():
        taken[place] = min(max(units, 0), quantity - sum(taken.values()))
    missing = quantity - sum(taken.values())
    if missing and not even_if_short:
        return None
    first = next(iter(shelf))
    taken[first] += missing
    return {place: units for place, units in taken.items() if units}
