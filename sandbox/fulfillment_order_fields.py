"""A fulfillment order as GraphQL sees it."""

import sqlite3
from collections.abc import Callable
from typing import Any

from sandbox import catalogue, clock, fulfillment_orders, locations, shelves
from sandbox.connections import page_of_list
from sandbox.holding import REASONS
from sandbox.order_documents import gid
from sandbox.stock_fields import location_fields, place_fields, stocked_variant

Document = dict[str, Any]
LineOf = Callable[[int], Document]

DESTINATION = {
    "firstName": "first_name",
    "lastName": "last_name",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "province": "province",
    "zip": "zip",
    "countryCode": "country_code",
}


def fulfillment_order_fields(
    connection: sqlite3.Connection, fulfillment_order: Document, order: Document, line_of: LineOf
) -> Document:
    """The fields of ``FulfillmentOrder`` except its order and fulfillments; ``line_of`` shows a line of the order."""
    one, shop = fulfillment_order, order["shop"]
    number = one["id"]
    holds = [hold_fields(hold) for hold in one["holds"]]
    parts = [(part["id"], part) for part in one["lines"]]
    return {
        "id": gid("FulfillmentOrder", number),
        "status": one["status"].upper(),
        "requestStatus": one["request_status"].upper(),
        "createdAt": clock.in_graphql(one["created_at"]),
        "updatedAt": clock.in_graphql(one["updated_at"]),
        "fulfillAt": clock.in_graphql(one["fulfill_at"]),
        "fulfillBy": None,
        "orderId": gid("Order", order["id"]),
        "orderName": order["name"],
        "orderProcessedAt": clock.in_graphql(order["processed_at"]),
        "assignedLocation": lambda info: _assigned(connection, shop, one["location_id"]),
        "destination": _destination(one, order),
        "deliveryMethod": _delivery(one, order),
        "fulfillmentHolds": lambda info: holds,
        "supportedActions": lambda info: [
            {"action": action} for action in actions(one, fulfillment_orders.of_order(connection, order["id"]))
        ],
        "lineItems": lambda info, first=None, **asked: page_of_list(
            [(part_id, _part_fields(connection, shop, part, line_of)) for part_id, part in parts],
            first=first,
            **asked,
        ),
        "merchantRequests": lambda info, first=None, **asked: page_of_list([], first=first, **asked),
        "locationsForMove": lambda info, first=None, **asked: page_of_list(
            _destinations(connection, shop, one), first=first
        ),
    }


def hold_fields(hold: Document) -> Document:
    """The fields of ``FulfillmentHold``."""
    return {
        "id": gid("FulfillmentHold", hold["id"]),
        "handle": hold["handle"],
        "reason": hold["reason"],
        "reasonNotes": hold["reason_notes"],
        "displayReason": REASONS[hold["reason"]],
        "heldByRequestingApp": hold["by_app"],
    }


def actions(fulfillment_order: Document, of_order: list[Document]) -> list[str]:
    """What can be done with it next, in the order in which Shopify names it (recorded)."""
    one = fulfillment_order
    if not fulfillment_orders.is_active(one):
        return []
    if one["status"] == "on_hold":
        return ["RELEASE_HOLD", "HOLD", "MOVE"]
    if one["status"] == "scheduled":
        return ["MARK_AS_OPEN", "MOVE"]
    found = ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "HOLD", "MARK_AS_OPEN"]
    if not one["progress_reported"]:
        found = ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD"]
    if fulfillment_orders.remaining(one) > 1:
        found.append("SPLIT")
    if any(fulfillment_orders.can_merge(one, other) for other in of_order):
        found.append("MERGE")
    return found


def _assigned(connection: sqlite3.Connection, shop: str, location_id: int) -> Document:
    place = locations.find(connection, shop, location_id) or {}
    return {
        "name": place.get("name") or "Deleted location",
        **{name: place.get(name) for name in ("address1", "address2", "city", "province", "zip", "phone")},
        "countryCode": place.get("country_code") or "US",
        "location": lambda info: place_fields(connection, shop, location_id),
    }


def _destination(fulfillment_order: Document, order: Document) -> Document | None:
    address = order["shipping_address"]
    if not address or not fulfillment_order["ships"]:
        return None
    return {
        "id": gid("FulfillmentOrderDestination", fulfillment_order["id"]),
        **{name: address.get(kept) for name, kept in DESTINATION.items()},
        "phone": address.get("phone") or order["phone"],
        "email": order["email"],
        "location": None,
    }


def _delivery(fulfillment_order: Document, order: Document) -> Document:
    ships = fulfillment_order["ships"]
    chosen = order["shipping_lines"][0]["title"] if ships and order["shipping_lines"] else None
    return {
        "id": gid("DeliveryMethod", fulfillment_order["id"]),
        "methodType": "SHIPPING" if ships else "NONE",
        "presentedName": chosen,
        "serviceCode": chosen,
        "minDeliveryDateTime": None,
        "maxDeliveryDateTime": None,
    }


def _part_fields(connection: sqlite3.Connection, shop: str, part: Document, line_of: LineOf) -> Document:
    line = line_of(part["line_id"])
    variant = catalogue.by_id(part["variant_id"]) if part["variant_id"] else None
    same = ("variantTitle", "sku", "vendor", "requiresShipping")
    return {
        "id": gid("FulfillmentOrderLineItem", part["id"]),
        "totalQuantity": part["total"],
        "remainingQuantity": part["remaining"],
        "lineItem": line,
        "productTitle": line["title"],
        **{name: line[name] for name in same},
        "inventoryItemId": gid("InventoryItem", shelves.item_id(part["variant_id"])) if part["variant_id"] else None,
        "variant": stocked_variant(connection, shop, variant) if variant else None,
    }


def _destinations(connection: sqlite3.Connection, shop: str, fulfillment_order: Document) -> list[tuple[int, Document]]:
    found = []
    for place in locations.active(connection, shop):
        here = place["id"] == fulfillment_order["location_id"]
        message = "Current location." if here else None
        shown = {"location": location_fields(connection, shop, place), "movable": not here, "message": message}
        found.append((place["id"], shown))
    return found
