"""Where a shop keeps and ships its goods: two places to begin with, more by a button."""

import sqlite3
from typing import Any

from sandbox import clock, records
from sandbox.announcing import Announcement
from sandbox.store import Writing

Document = dict[str, Any]

KIND = "location"

MAIN = {
    "name": "Main warehouse",
    "address1": "400 Dock Street",
    "city": "Oakland",
    "zip": "94607",
    "province": "California",
    "province_code": "CA",
    "country": "United States",
    "country_code": "US",
    "phone": "+15105550110",
}
DEPOT = {
    "name": "East coast depot",
    "address1": "18 Ferry Road",
    "city": "Newark",
    "zip": "07105",
    "province": "New Jersey",
    "province_code": "NJ",
    "country": "United States",
    "country_code": "US",
    "phone": "+19735550111",
}
ADDRESS = ("address1", "address2", "city", "zip", "province", "province_code", "country", "country_code", "phone")


def open_first(writing: Writing, shop: str) -> list[Document]:
    """The main warehouse and the depot, for a shop that has no location yet; otherwise nothing happens."""
    if records.every(writing.connection, shop, KIND):
        return []
    return [_add(writing, shop, MAIN), _add(writing, shop, DEPOT)]


def active(connection: sqlite3.Connection, shop: str) -> list[Document]:
    """The locations in use, in the order in which orders are routed to them."""
    return [one for one in records.every(connection, shop, KIND) if one["active"]]


def every(connection: sqlite3.Connection, shop: str) -> list[Document]:
    """Those out of use as well."""
    return records.every(connection, shop, KIND)


def find(connection: sqlite3.Connection, shop: str, location_id: int | None) -> Document | None:
    """One location of the shop, in use or not."""
    return records.find(connection, shop, KIND, location_id)


def create(writing: Writing, shop: str, given: Document) -> Document:
    """A further location (``name`` and address fields), announced."""
    made = _add(writing, shop, {**MAIN, **given})
    Announcement(writing, shop, None).add("locations/create", lambda: location_body(made))
    return made


def change(writing: Writing, shop: str, location: Document, given: Document) -> Document:
    """Rename, move, open (``active``) or close a location, announced as Shopify does."""
    changed = {**location, **given, "updated_at": clock.now_after(location["updated_at"])}
    records.keep(writing, shop, KIND, changed)
    topic = "update"
    if changed["active"] != location["active"]:
        topic = "activate" if changed["active"] else "deactivate"
    Announcement(writing, shop, None).add(f"locations/{topic}", lambda: location_body(changed))
    return changed


def remove(writing: Writing, shop: str, location: Document) -> None:
    """Delete a location with all that is known of its stock; the webhook has the id alone."""
    records.remove(writing, KIND, location["id"])
    writing.connection.execute("DELETE FROM shelves WHERE shop = ? AND location_id = ?", (shop, location["id"]))
    Announcement(writing, shop, None).add("locations/delete", lambda: {"id": location["id"]})


def location_body(location: Document) -> Document:
    """A location as webhooks carry it."""
    return {
        "id": location["id"],
        "name": location["name"],
        **{name: location[name] for name in ADDRESS},
        "created_at": clock.in_webhooks(location["created_at"]),
        "updated_at": clock.in_webhooks(location["updated_at"]),
        "country_name": location["country"],
        "country": location["country_code"],
        "legacy": False,
        "active": location["active"],
        "admin_graphql_api_id": f"gid://shopify/Location/{location['id']}",
    }


def _add(writing: Writing, shop: str, given: Document) -> Document:
    moment = clock.now()
    made = {**dict.fromkeys(ADDRESS), "id": writing.new_id(), "active": True, "created_at": moment, **given}
    made["updated_at"] = moment
    records.keep(writing, shop, KIND, made)
    return made
