"""Locations, inventory items and levels as GraphQL sees them, and variants with their stock."""

import sqlite3
from typing import Any

from sandbox import catalogue, clock, locations, shelves
from sandbox.connections import page_of_list
from sandbox.order_documents import gid
from sandbox.product_fields import variant_fields
from sandbox.search import Conditions, add_moment, terms
from sandbox.shelves import Level

Document = dict[str, Any]


def place_fields(connection: sqlite3.Connection, shop: str, location_id: int | None) -> Document | None:
    """The fields of the ``Location`` with this id, None when there is none."""
    found = locations.find(connection, shop, location_id)
    return location_fields(connection, shop, found) if found else None


def location_fields(connection: sqlite3.Connection, shop: str, location: Document) -> Document:
    """The fields of ``Location``."""
    return {
        "id": gid("Location", location["id"]),
        "legacyResourceId": str(location["id"]),
        "name": location["name"],
        "isActive": location["active"],
        "fulfillsOnlineOrders": location["active"],
        "shipsInventory": location["active"],
        "isFulfillmentService": False,
        "createdAt": clock.in_graphql(location["created_at"]),
        "updatedAt": clock.in_graphql(location["updated_at"]),
        "address": {
            **{
                name: location[name] for name in ("address1", "address2", "city", "zip", "province", "phone", "country")
            },
            "provinceCode": location["province_code"],
            "countryCode": location["country_code"],
        },
        "inventoryLevel": lambda info, inventoryItemId, **_: _level(connection, shop, inventoryItemId, location["id"]),
        "inventoryLevels": lambda info, **asked: _levels_here(connection, shop, location, **asked),
    }


def item_fields(connection: sqlite3.Connection, shop: str, variant: catalogue.Variant) -> Document:
    """The fields of ``InventoryItem``, of which every variant has exactly one."""
    number = shelves.item_id(variant.id)
    found = shelves.levels(connection, shop, variant.id)
    # The catalogue is as old as the shop; its items change when their shelves do.
    moments = sorted(one.updated_at for one in found) or [clock.EPOCH]
    return {
        "id": gid("InventoryItem", number),
        "legacyResourceId": str(number),
        "sku": variant.sku,
        "tracked": bool(found),
        "requiresShipping": variant.ships,
        "unitCost": None if variant.cost is None else {"amount": str(variant.cost), "currencyCode": "USD"},
        "duplicateSkuCount": 0,
        "createdAt": clock.in_graphql(min((one.created_at for one in found), default=clock.EPOCH)),
        "updatedAt": clock.in_graphql(moments[-1]),
        "locationsCount": {"count": len(found), "precision": "EXACT"},
        "inventoryLevel": lambda info, locationId, **_: _level(
            connection, shop, gid("InventoryItem", number), locationId
        ),
        "inventoryLevels": lambda info, **asked: _levels_of_item(connection, shop, variant, **asked),
        "variants": lambda info, first=None, **asked: page_of_list(
            [(variant.id, stocked_variant(connection, shop, variant))], first=first, **asked
        ),
    }


def level_fields(connection: sqlite3.Connection, shop: str, level: Level) -> Document:
    """The fields of ``InventoryLevel``."""
    variant = catalogue.by_id(level.variant_id)
    assert variant is not None
    return {
        "id": level_gid(level),
        "isActive": True,
        "canDeactivate": level.committed == 0,
        "createdAt": clock.in_graphql(level.created_at),
        "updatedAt": clock.in_graphql(level.updated_at),
        "item": lambda info: item_fields(connection, shop, variant),
        "location": lambda info: place_fields(connection, shop, level.location_id),
        "quantities": lambda info, names: [_quantity(level, name) for name in names],
    }


def stocked_variant(connection: sqlite3.Connection, shop: str, variant: catalogue.Variant) -> Document:
    """The fields of ``ProductVariant`` together with what is on the shelves."""

    def left() -> int | None:
        return shelves.sellable(connection, shop, variant.id)

    return {
        **variant_fields(variant),
        "inventoryQuantity": lambda info: left(),
        "availableForSale": lambda info: (units := left()) is None or units > 0,
        "inventoryItem": lambda info: item_fields(connection, shop, variant),
    }


def level_gid(level: Level) -> str:
    """``gid://shopify/InventoryLevel/1?inventory_item_id=2``."""
    return f"{gid('InventoryLevel', level.location_id)}?inventory_item_id={shelves.item_id(level.variant_id)}"


def _quantity(level: Level, name: str) -> Document:
    known = {"available": level.available, "committed": level.committed, "on_hand": level.on_hand}
    return {
        "id": f"{gid('InventoryQuantity', level.location_id)}?inventory_item_id={level.variant_id}&name={name}",
        "name": name,
        "quantity": known.get(name, 0),
        # As recorded: only what can be sold carries a moment.
        "updatedAt": clock.in_graphql(level.updated_at) if name == "available" else None,
    }


def _level(connection: sqlite3.Connection, shop: str, item_gid: str, location_gid: str | int) -> Document | None:
    item, location = _tail(item_gid), _tail(str(location_gid))
    found = shelves.level(connection, shop, shelves.variant_of(item), location)
    return level_fields(connection, shop, found) if found else None


def _levels_of_item(
    connection: sqlite3.Connection, shop: str, variant: catalogue.Variant, first: int | None = None, **asked: Any
) -> Document:
    found = shelves.levels(connection, shop, variant.id)
    return page_of_list([(one.location_id, level_fields(connection, shop, one)) for one in found], first=first, **asked)


def _levels_here(
    connection: sqlite3.Connection, shop: str, location: Document, query: str | None = None, **asked: Any
) -> Document:
    wanted = Conditions()
    wanted.add("shop = ?", shop)
    wanted.add("location_id = ?", location["id"])
    for term in terms(query):
        if term.name in ("updated_at", "created_at"):
            add_moment(wanted, term.name, term.operator, term.value)
    found = shelves.where(connection, wanted.sql, wanted.values)
    return page_of_list([(one.variant_id, level_fields(connection, shop, one)) for one in found], **asked)


def _tail(text: str) -> int:
    tail = text.rsplit("/", 1)[-1]
    return int(tail) if tail.isdigit() else 0
