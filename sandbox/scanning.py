"""What happens to parcels under way: the carrier scans them, numbers are corrected, a scan is withdrawn."""

from functools import partial
from typing import Any

from sandbox import clock, kept_orders
from sandbox.announcing import Announcement
from sandbox.placing import Impossible
from sandbox.shipment_bodies import fulfillment_body, fulfillment_event_body
from sandbox.shipping import Tracking, parcel
from sandbox.store import Store, Writing

Document = dict[str, Any]

SCANS = {
    "label_purchased": "A label for the parcel was bought",
    "label_printed": "A label for the parcel was printed",
    "confirmed": "The carrier has been told about the parcel",
    "carrier_picked_up": "The carrier has fetched the parcel",
    "in_transit": "The parcel is on its way",
    "delayed": "The parcel is late",
    "ready_for_pickup": "The parcel can be fetched",
    "out_for_delivery": "The parcel is out for delivery",
    "attempted_delivery": "Nobody was there to take the parcel",
    "delivered": "The parcel was delivered",
    "failure": "The parcel could not be delivered",
}
PLACE = ("address1", "city", "province", "country", "zip", "latitude", "longitude")


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
        address = order["shipping_address"] or {}
        place = {name: address.get(name) for name in ("city", "province", "zip")}
        return note(
            writing,
            order,
            parcel(order, fulfillment_id),
            status=status,
            message=message or SCANS[status],
            happened_at=clock.kept(happened_at) if happened_at else None,
            place={**place, "country": address.get("country_code")},
        )


def note(
    writing: Writing,
    order: Document,
    fulfillment: Document,
    *,
    status: str,
    message: str | None = None,
    happened_at: str | None = None,
    estimated_delivery_at: str | None = None,
    place: Document | None = None,
) -> Document:
    """Add an event (moments in the kept form), also to a cancelled fulfillment: Shopify takes it without a word."""
    moment = order["updated_at"]
    event: Document = {
        "id": writing.new_id(),
        "status": status,
        "message": message,
        "happened_at": happened_at or moment,
        "estimated_delivery_at": estimated_delivery_at,
        "created_at": moment,
        **{name: (place or {}).get(name) for name in PLACE},
    }
    fulfillment["events"].append(event)
    fulfillment["updated_at"] = moment
    announcement = Announcement(writing, order["shop"], order["id"])
    announcement.add("fulfillment_events/create", partial(fulfillment_event_body, event, fulfillment, order))
    announcement.add("fulfillments/update", partial(fulfillment_body, fulfillment, order))
    announcement.order(order, "orders/updated")
    return event


def withdraw(store: Store, order_id: int, event_id: int | None = None) -> Document:
    """A scan turns out to be wrong (by default the last one) and disappears; returns it."""
    with kept_orders.changing(store, order_id) as (writing, order):
        found = [(event, shipped) for shipped in order["fulfillments"] for event in shipped["events"]]
        chosen = [pair for pair in found if event_id in (None, pair[0]["id"])]
        if not chosen:
            raise Impossible("The order has no such scan")
        event, fulfillment = max(chosen, key=lambda pair: str(pair[0]["created_at"]))
        fulfillment["events"].remove(event)
        fulfillment["updated_at"] = order["updated_at"]
        announcement = Announcement(writing, order["shop"], order_id)
        announcement.add("fulfillment_events/delete", partial(fulfillment_event_body, event, fulfillment, order))
        announcement.add("fulfillments/update", partial(fulfillment_body, fulfillment, order))
        announcement.order(order, "orders/updated")
    return event


def retrack(writing: Writing, order: Document, fulfillment: Document, tracking: Tracking) -> None:
    """Other tracking numbers, also for a cancelled fulfillment: Shopify takes them without a word."""
    fulfillment.update(tracking.kept(), updated_at=order["updated_at"])
    announcement = Announcement(writing, order["shop"], order["id"])
    announcement.add("fulfillments/update", partial(fulfillment_body, fulfillment, order))
    announcement.order(order, "orders/updated")
