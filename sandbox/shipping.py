"""The warehouse ships, the carrier scans."""

from typing import Any

from sandbox import clock, kept_orders
from sandbox.announcing import Announcement
from sandbox.placing import Impossible
from sandbox.shipment_bodies import fulfillment_body, fulfillment_event_body
from sandbox.store import Store
from sandbox.totals import fulfillable_quantity, fulfillment_status

Document = dict[str, Any]

LOCATION_ID = 82_400_000_001

TRACKING_PAGES = {
    "UPS": "https://www.ups.com/track?tracknum=",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr=",
    "DHL Express": "https://www.dhl.com/en/express/tracking.html?AWB=",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels=",
}

SCANS = {
    "confirmed": "The carrier has been told about the parcel",
    "in_transit": "The parcel is on its way",
    "out_for_delivery": "The parcel is out for delivery",
    "attempted_delivery": "Nobody was there to take the parcel",
    "delivered": "The parcel was delivered",
    "failure": "The parcel could not be delivered",
}


def fulfil(
    store: Store,
    order_id: int,
    *,
    company: str | None = "UPS",
    number: str | None = None,
    lines: dict[int, int] | None = None,
) -> Document:
    """Ship the given units ({line id: quantity}), by default all that are left; returns the fulfillment."""
    with kept_orders.changing(store, order_id) as (writing, order):
        if order["cancelled_at"]:
            raise Impossible("The order is cancelled")
        wanted = lines or {line["id"]: fulfillable_quantity(line) for line in order["lines"]}
        shipped = []
        for line in order["lines"]:
            quantity = wanted.pop(line["id"], 0)
            if quantity < 0 or quantity > fulfillable_quantity(line):
                raise Impossible(f"{quantity} units of {line['title']} cannot be shipped")
            if quantity:
                line["fulfilled"] += quantity
                shipped.append({"id": writing.new_id(), "line_id": line["id"], "quantity": quantity})
        if wanted or not shipped:
            raise Impossible("There is nothing (left) to ship with these lines")
        fulfillment_id = writing.new_id()
        number = number or f"1Z{fulfillment_id % 10**14:014d}"
        page = TRACKING_PAGES.get(company or "")
        fulfillment = {
            "id": fulfillment_id,
            "name": f"{order['name']}-F{len(order['fulfillments']) + 1}",
            "status": "success",
            "created_at": order["updated_at"],
            "updated_at": order["updated_at"],
            "location_id": LOCATION_ID,
            "fulfillment_order_id": writing.new_id(),
            "tracking_company": company,
            "tracking_number": number,
            "tracking_url": f"{page}{number}" if page else None,
            "line_items": shipped,
            "events": [],
        }
        order["fulfillments"].append(fulfillment)
        kept_orders.add_part(writing, order, fulfillment_id)
        announcement = Announcement(writing, order["shop"], order_id)
        announcement.add("fulfillments/create", lambda: fulfillment_body(fulfillment, order))
        whole = fulfillment_status(order) == "fulfilled"
        announcement.order(order, "orders/fulfilled" if whole else "orders/partially_fulfilled", "orders/updated")
    return fulfillment


def scan(
    store: Store,
    order_id: int,
    *,
    status: str,
    happened_at: str | None = None,
    fulfillment_id: int | None = None,
    message: str | None = None,
) -> Document:
    """The carrier scans a parcel (by default the last one shipped); ``happened_at`` is ISO 8601. Returns the event."""
    if status not in SCANS:
        raise Impossible(f"{status} is not a scan; known are {', '.join(SCANS)}")
    with kept_orders.changing(store, order_id) as (writing, order):
        fulfillment = _parcel(order, fulfillment_id)
        moment = order["updated_at"]
        address = order["shipping_address"] or {}
        event = {
            "id": writing.new_id(),
            "status": status,
            "message": message or SCANS[status],
            "happened_at": clock.kept(happened_at) if happened_at else moment,
            "created_at": moment,
            "city": address.get("city"),
            "province": address.get("province"),
            "country": address.get("country_code"),
            "zip": address.get("zip"),
        }
        fulfillment["events"].append(event)
        fulfillment["updated_at"] = moment
        announcement = Announcement(writing, order["shop"], order_id)
        announcement.add("fulfillment_events/create", lambda: fulfillment_event_body(event, fulfillment, order))
        announcement.add("fulfillments/update", lambda: fulfillment_body(fulfillment, order))
        announcement.order(order, "orders/updated")
    return event


def _parcel(order: Document, fulfillment_id: int | None) -> Document:
    for fulfillment in reversed(order["fulfillments"]):
        if fulfillment_id in (None, fulfillment["id"]):
            found: Document = fulfillment
            return found
    raise Impossible("The order has no such shipment yet")
