"""Inventory items: every variant has one. Counting can be switched off and on again."""

import json
import sqlite3
from typing import Any

from sandbox import clock, locations, shelves
from sandbox.announcing import Announcement
from sandbox.catalogue import Variant
from sandbox.store import Writing

Document = dict[str, Any]


def announce(writing: Writing, shop: str, variant: Variant, what: str) -> None:
    """``inventory_items/create``, ``update`` or ``delete``, for whoever changes a variant."""
    body = item_body(writing.connection, shop, variant)
    if what == "delete":
        gone = ("id", "country_code_of_origin", "province_code_of_origin", "harmonized_system_code")
        body = {name: body[name] for name in (*gone, "country_harmonized_system_codes", "admin_graphql_api_id")}
    Announcement(writing, shop, None).add(f"inventory_items/{what}", lambda: body)


def set_tracked(writing: Writing, shop: str, variant: Variant, tracked: bool) -> None:
    """Count the variant from now on, beginning with nothing on the shelves, or no longer; announced if it changes."""
    if bool(shelves.levels(writing.connection, shop, variant.id)) == tracked:
        return
    if tracked:
        promised = _promised(writing.connection, shop, variant.id)
        for place in locations.active(writing.connection, shop):
            shelves.put_up(writing, shop, variant.id, place["id"], 0)
            shelves.commit(writing, shop, variant.id, place["id"], promised.get(place["id"], 0))
    else:
        writing.connection.execute("DELETE FROM shelves WHERE shop = ? AND variant_id = ?", (shop, variant.id))
    announce(writing, shop, variant, "update")


def item_body(connection: sqlite3.Connection, shop: str, variant: Variant) -> Document:
    """An inventory item as webhooks carry it."""
    number = shelves.item_id(variant.id)
    return {
        "id": number,
        "sku": variant.sku,
        "created_at": clock.in_webhooks(clock.EPOCH),
        "updated_at": clock.in_webhooks(clock.now()),
        "requires_shipping": variant.ships,
        "cost": None if variant.cost is None else str(variant.cost),
        "country_code_of_origin": None,
        "province_code_of_origin": None,
        "harmonized_system_code": None,
        "tracked": bool(shelves.levels(connection, shop, variant.id)),
        "country_harmonized_system_codes": [],
        "admin_graphql_api_id": f"gid://shopify/InventoryItem/{number}",
    }


def _promised(connection: sqlite3.Connection, shop: str, variant_id: int) -> dict[int, int]:
    rows = connection.execute(
        "SELECT document FROM fulfillment_orders WHERE shop = ? AND status NOT IN ('closed', 'cancelled')", (shop,)
    )
    found: dict[int, int] = {}
    for one in (json.loads(row["document"]) for row in rows):
        for part in one["lines"]:
            if part["variant_id"] == variant_id:
                found[one["location_id"]] = found.get(one["location_id"], 0) + part["remaining"]
    return found
