"""Questions about locations and stock."""

import sqlite3
from typing import Any

from sandbox import catalogue, locations, shelves
from sandbox.connections import page_of_list
from sandbox.order_documents import number_of
from sandbox.search import terms
from sandbox.shops import Shop
from sandbox.stock_fields import item_fields, level_fields, location_fields, place_fields

Document = dict[str, Any]

EVERYTHING = (*catalogue.VARIANTS, catalogue.PROTECTION)


def fields(connection: sqlite3.Connection, shop: Shop, _queries: Any) -> Document:
    """Resolvers by the name of the field of ``QueryRoot``."""

    def location(info: Any, id: str | None = None) -> Document | None:
        if id is not None:
            return place_fields(connection, shop.domain, number_of(id))
        # Without an id Shopify answers with the primary location.
        first = locations.active(connection, shop.domain)[0]
        return location_fields(connection, shop.domain, first)

    def item(info: Any, id: str) -> Document | None:
        variant = variant_of(id)
        return item_fields(connection, shop.domain, variant) if variant else None

    def level(info: Any, id: str) -> Document | None:
        found = level_of(connection, shop.domain, id)
        return level_fields(connection, shop.domain, found) if found else None

    return {
        "inventoryItem": item,
        "inventoryItems": lambda info, **asked: _items(connection, shop, **asked),
        "inventoryLevel": level,
        "location": location,
        "locations": lambda info, **asked: _locations(connection, shop, **asked),
        "locationsCount": lambda info, **_: {
            "count": len(locations.active(connection, shop.domain)),
            "precision": "EXACT",
        },
    }


def variant_of(item_gid: str) -> catalogue.Variant | None:
    """The variant of an inventory item's gid."""
    return catalogue.by_id(shelves.variant_of(number_of(item_gid) or 0))


def level_of(connection: sqlite3.Connection, shop: str, level_gid: str) -> shelves.Level | None:
    """The shelf of ``gid://shopify/InventoryLevel/1?inventory_item_id=2``."""
    item = number_of(level_gid.rpartition("inventory_item_id=")[2]) or 0
    return shelves.level(connection, shop, shelves.variant_of(item), number_of(level_gid) or 0)


def _items(
    connection: sqlite3.Connection, shop: Shop, query: str | None = None, first: int | None = None, **asked: Any
) -> Document:
    wanted = {term.name: term.value for term in terms(query)}
    found = [
        (shelves.item_id(one.id), item_fields(connection, shop.domain, one))
        for one in EVERYTHING
        if wanted.get("sku") in (None, one.sku)
    ]
    return page_of_list(found, first=first, **asked)


def _locations(
    connection: sqlite3.Connection, shop: Shop, first: int | None = None, includeInactive: bool = False, **asked: Any
) -> Document:
    everywhere = (locations.every if includeInactive else locations.active)(connection, shop.domain)
    if asked.pop("sortKey", "NAME") != "ID":
        everywhere.sort(key=lambda one: str(one["name"]))
    asked.pop("query", None)
    return page_of_list(
        [(one["id"], location_fields(connection, shop.domain, one)) for one in everywhere], first=first, **asked
    )
