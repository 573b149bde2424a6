"""Parcels, scans and fulfillment orders in GraphQL answers."""

from typing import Any

from integrations.shopify.client import number_of
from integrations.shopify.values import CARRIERS_WORDS, clean, count, required_time, when
from orders.snapshot import (
    Address,
    FulfillmentOrderSnapshot,
    FulfillmentSnapshot,
    HoldSnapshot,
    PartOfLine,
    QuantityOfLine,
    TrackingSnapshot,
)

Node = dict[str, Any]


def fulfillment(node: Node) -> FulfillmentSnapshot:
    info = node["trackingInfo"]
    shown = clean(node["displayStatus"]).lower()
    return FulfillmentSnapshot(
        remote_id=number_of(node["id"]),
        name=clean(node["name"]),
        status=clean(node["status"]).lower(),
        shipment_status=shown if shown in CARRIERS_WORDS else "",
        lines=[
            QuantityOfLine(number_of(part["lineItem"]["id"]), count(part["quantity"]))
            for part in node["fulfillmentLineItems"]["nodes"]
        ],
        scans=[_scan(event, number_of(node["id"])) for event in node["events"]["nodes"]],
        tracking_company=clean(info[0]["company"]) if info else "",
        tracking_numbers=[clean(i["number"]) for i in info if i["number"]],
        tracking_urls=[clean(i["url"]) for i in info if i["url"]],
        location_id=node["location"] and number_of(node["location"]["id"]),
        created_at=when(node["createdAt"]),
        updated_at=when(node["updatedAt"]),
    )


def _scan(node: Node, fulfillment_id: int) -> TrackingSnapshot:
    return TrackingSnapshot(
        remote_id=number_of(node["id"]),
        fulfillment_remote_id=fulfillment_id,
        status=clean(node["status"]).lower(),
        happened_at=required_time(node, "happenedAt"),
        message=clean(node["message"]),
        city=clean(node["city"]),
        province=clean(node["province"]),
        country=clean(node["country"]),
        zip=clean(node["zip"]),
        estimated_delivery_at=when(node.get("estimatedDeliveryAt")),
    )


def fulfillment_order(node: Node) -> FulfillmentOrderSnapshot:
    place = node["assignedLocation"]
    return FulfillmentOrderSnapshot(
        remote_id=number_of(node["id"]),
        status=clean(node["status"]).lower(),
        request_status=clean(node["requestStatus"]).lower(),
        location_id=place["location"] and number_of(place["location"]["id"]),
        location_name=clean(place["name"]),
        delivery_method=clean((node["deliveryMethod"] or {}).get("methodType")).lower(),
        destination=_destination(node["destination"]),
        holds=[
            HoldSnapshot(
                id=hold["id"],
                reason=clean(hold["reason"]).lower(),
                notes=clean(hold["reasonNotes"]),
                handle=clean(hold["handle"]),
                ours=hold["heldByRequestingApp"],
            )
            for hold in node["fulfillmentHolds"]
        ],
        supported_actions=sorted(clean(one["action"]).lower() for one in node["supportedActions"]),
        lines=sorted(map(_part, node["lineItems"]["nodes"]), key=lambda part: part.remote_id),
        fulfill_at=when(node["fulfillAt"]),
        fulfill_by=when(node["fulfillBy"]),
        created_at=when(node["createdAt"]),
        updated_at=when(node["updatedAt"]),
    )


def _part(node: Node) -> PartOfLine:
    return PartOfLine(
        remote_id=number_of(node["id"]),
        line_remote_id=number_of(node["lineItem"]["id"]),
        total=count(node["totalQuantity"]),
        remaining=count(node["remainingQuantity"]),
    )


def _destination(node: Node | None) -> Address | None:
    """Where it goes; None for what is handed over, and where we may not see it."""
    if node is None or not any(node.values()):
        return None
    names = {"first_name": "firstName", "last_name": "lastName", "country_code": "countryCode"}
    said = {name: clean(node.get(names.get(name, name))) for name in Address.__dataclass_fields__}
    return Address(**said)
