"""The warehouse ships: parcels are made of what fulfillment orders ask for, and may be called back."""

from dataclasses import dataclass, field
from typing import Any

from sandbox import fulfillment_orders, kept_orders
from sandbox.announcing import Announcement
from sandbox.oddities import POS
from sandbox.placing import Impossible
from sandbox.shipment_bodies import fulfillment_body
from sandbox.store import Store, Writing
from sandbox.totals import fulfillable_quantity, fulfillment_status

Document = dict[str, Any]

TRACKING_PAGES = {
    "UPS": "https://www.ups.com/track?tracknum=",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr=",
    "DHL Express": "https://www.dhl.com/en/express/tracking.html?AWB=",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels=",
}

# What is shipped: (fulfillment order, its line, units).
Units = list[tuple[Document, Document, int]]


@dataclass(frozen=True, slots=True)
class Tracking:
    """Who carries the parcels of a shipment, under which numbers; known carriers' pages need not be given."""

    company: str | None = None
    numbers: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def kept(self) -> Document:
        """As fulfillments keep it; the first number is also kept alone, as webhooks show it."""
        page = TRACKING_PAGES.get(self.company or "")
        urls = self.urls or ([f"{page}{number}" for number in self.numbers] if page else [])
        return {
            "tracking_company": self.company,
            "tracking_number": self.numbers[0] if self.numbers else None,
            "tracking_numbers": self.numbers,
            "tracking_url": urls[0] if urls else None,
            "tracking_urls": urls,
        }


def fulfil(
    store: Store,
    order_id: int,
    *,
    company: str | None = "UPS",
    number: str | None = None,
    lines: dict[int, int] | None = None,
    tracked: bool = True,
) -> list[Document]:
    """Ship the given units ({line id: quantity}), by default all that are left and not held back.

    Returns the fulfillments, one for each location that has to ship. Not ``tracked`` is what no carrier takes.
    """
    with kept_orders.changing(store, order_id) as (writing, order):
        if order["cancelled_at"]:
            raise Impossible("The order is cancelled")
        # Orders kept by an earlier version have no fulfillment orders yet.
        fulfillment_orders.refit(writing, order)
        announcement = Announcement(writing, order["shop"], order_id)
        made = []
        for location_id, units in _by_location(writing, order, lines).items():
            fallback = f"1Z{writing.new_id() % 10**14:014d}"
            tracking = Tracking(company, [number or fallback]) if tracked else Tracking()
            made.append(ship(writing, order, location_id, units, tracking, announcement))
    return made


def ship(
    writing: Writing, order: Document, location_id: int, units: Units, tracking: Tracking, announcement: Announcement
) -> Document:
    """Make one fulfillment of units of fulfillment orders at one location, and announce it; returns it.

    Quantities must have been checked. A fulfillment order with nothing left is closed, others are in progress.
    """
    lines = {line["id"]: line for line in order["lines"]}
    shipped = []
    for fulfillment_order, part, quantity in units:
        part["remaining"] -= quantity
        lines[part["line_id"]]["fulfilled"] += quantity
        shipped.append(
            {
                "id": writing.new_id(),
                "line_id": part["line_id"],
                "quantity": quantity,
                "fulfillment_order_id": fulfillment_order["id"],
                "fulfillment_order_line_id": part["id"],
            }
        )
    involved = {one["id"]: one for one, _, _ in units}
    for one in involved.values():
        fulfillment_orders.settle(writing, one)
    fulfillment: Document = {
        "id": writing.new_id(),
        "name": f"{order['name']}-F{len(order['fulfillments']) + 1}",
        "status": "success",
        "created_at": order["updated_at"],
        "updated_at": order["updated_at"],
        "location_id": location_id,
        "fulfillment_order_ids": list(involved),
        **tracking.kept(),
        "line_items": shipped,
        "events": [],
    }
    order["fulfillments"].append(fulfillment)
    kept_orders.add_part(writing, order, fulfillment["id"])
    announcement.add("fulfillments/create", lambda: fulfillment_body(fulfillment, order))
    whole = fulfillment_status(order) == "fulfilled"
    announcement.order(order, "orders/fulfilled" if whole else "orders/partially_fulfilled", "orders/updated")
    return fulfillment


def call_back(writing: Writing, order: Document, fulfillment: Document, announcement: Announcement) -> None:
    """Cancel a fulfillment; for one that is cancelled already nothing happens, and that is no error.

    As recorded: a closed fulfillment order stays closed, though its lines have units remaining again, and a new one is
    opened for the same units. One that was still in progress just has more to do. Raises Impossible.
    """
    if fulfillment["status"] == "cancelled":
        return
    lines = {line["id"]: line for line in order["lines"]}
    known = {one["id"]: one for one in fulfillment_orders.of_order(writing.connection, order["id"])}
    again: dict[bool, list[tuple[Document, int]]] = {}
    for shipped in fulfillment["line_items"]:
        line, quantity = lines[shipped["line_id"]], shipped["quantity"]
        if line["fulfilled"] - quantity < line["returned"]:
            raise Impossible(f"Units of {line['title']} have been returned already")
        line["fulfilled"] -= quantity
        one = known.get(shipped.get("fulfillment_order_id"))
        part = (
            next((part for part in one["lines"] if part["id"] == shipped["fulfillment_order_line_id"]), None)
            if one
            else None
        )
        if part is not None:
            part["remaining"] += quantity
        if one is None or part is None or not fulfillment_orders.is_active(one):
            again.setdefault(bool(line["requires_shipping"]), []).append((line, quantity))
    for one in known.values():
        if one["id"] in fulfillment.get("fulfillment_order_ids", ()):
            if fulfillment_orders.is_active(one):
                fulfillment_orders.settle(writing, one)
            else:
                fulfillment_orders.keep(writing, one)
    for ships, parts in again.items():
        fulfillment_orders.new(writing, order, fulfillment["location_id"], ships, parts)
    fulfillment.update(status="cancelled", updated_at=order["updated_at"])
    announcement.add("fulfillments/update", lambda: fulfillment_body(fulfillment, order))
    announcement.order(order, "orders/updated")


def cancel_fulfillment(store: Store, order_id: int, fulfillment_id: int | None = None) -> Document:
    """The warehouse calls a parcel back, by default the last one under way; returns the fulfillment."""
    with kept_orders.changing(store, order_id) as (writing, order):
        fulfillment = parcel(order, fulfillment_id)
        call_back(writing, order, fulfillment, Announcement(writing, order["shop"], order_id))
    return fulfillment


def parcel(order: Document, fulfillment_id: int | None) -> Document:
    """A fulfillment of the order, by default the last that is not cancelled; raises Impossible."""
    for fulfillment in reversed(order["fulfillments"]):
        if fulfillment["id"] == fulfillment_id or (fulfillment_id is None and fulfillment["status"] != "cancelled"):
            found: Document = fulfillment
            return found
    raise Impossible("The order has no such shipment yet")


def _by_location(writing: Writing, order: Document, lines: dict[int, int] | None) -> dict[int, Units]:
    ready = [
        one
        for one in fulfillment_orders.of_order(writing.connection, order["id"])
        if one["status"] in ("open", "in_progress")
    ]
    wanted = dict(lines or {})
    titles = {line["id"]: line["title"] for line in order["lines"]}
    found: dict[int, Units] = {}
    for one in ready:
        for part in one["lines"]:
            units = min(wanted.get(part["line_id"], 0), part["remaining"]) if lines else part["remaining"]
            if units > 0:
                found.setdefault(one["location_id"], []).append((one, part, units))
                if lines:
                    wanted[part["line_id"]] -= units
    for line_id, missing in wanted.items():
        if missing:
            raise Impossible(f"{missing} units of {titles.get(line_id, line_id)} cannot be shipped")
    if not found:
        held = any(fulfillable_quantity(line) for line in order["lines"])
        raise Impossible(
            "What is left to ship is on hold" if held else "There is nothing (left) to ship with these lines"
        )
    return found


def hand_over(store: Store, order: Document) -> None:
    """Fulfil what needs no carrier: gift cards are sent by e-mail at once, and over the counter all is taken home."""
    at_once = {
        line["id"]: fulfillable_quantity(line)
        for line in order["lines"]
        if (line["gift_card"] or order["source_name"] == POS) and fulfillable_quantity(line)
    }
    if at_once:
        fulfil(store, order["id"], company=None, lines=at_once, tracked=False)
