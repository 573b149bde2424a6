"""Parcels by the Admin API: ``fulfillmentCreate``, ``Cancel``, ``TrackingInfoUpdate``, ``EventCreate``."""

from collections.abc import Callable
from typing import Any

from sandbox import clock, fulfillment_orders, kept_orders, scanning, shipping
from sandbox.announcing import Announcement
from sandbox.order_documents import number_of
from sandbox.order_fields import fulfillment_with
from sandbox.placing import Impossible
from sandbox.queries import Queries
from sandbox.regrouping import BAD_QUANTITY, Refused
from sandbox.scanning import PLACE
from sandbox.shipment_fields import event_fields
from sandbox.shipping import Tracking, Units
from sandbox.shops import Shop
from sandbox.store import Store, Writing

Document = dict[str, Any]


def fields(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """Resolvers by the name of the field of ``Mutation``."""
    parcels = Parcels(store, shop, queries)
    return {
        "fulfillmentCreate": lambda info, fulfillment, **_: parcels.create(fulfillment),
        "fulfillmentCancel": lambda info, id: parcels.cancel(id),
        "fulfillmentEventCreate": lambda info, fulfillmentEvent: parcels.add_event(fulfillmentEvent),
        "fulfillmentTrackingInfoUpdate": lambda info, fulfillmentId, trackingInfoInput, **_: parcels.retrack(
            fulfillmentId, trackingInfoInput
        ),
    }


class Parcels:
    """Changes of one shop's fulfillments."""

    def __init__(self, store: Store, shop: Shop, queries: Queries) -> None:
        self._store = store
        self._shop = shop
        self._queries = queries

    def create(self, given: Document) -> Document:
        """Ship units of fulfillment orders of one order at one location; without lines all that they have left."""
        groups = given["lineItemsByFulfillmentOrder"]
        try:
            _check_quantities(groups)
            with self._store.write() as writing:
                found = self._found(writing, groups)
                units = _units(groups, found)
                with kept_orders.within(writing, found[0]["order_id"]) as order:
                    announcement = Announcement(writing, order["shop"], order["id"])
                    tracking = _tracking(given.get("trackingInfo") or {})
                    place = found[0]["location_id"]
                    made = shipping.ship(writing, order, place, units, tracking, announcement)
        except Refused as refusal:
            return {"fulfillment": None, "userErrors": [refusal.shown]}
        return {"fulfillment": self._shown(made["id"]), "userErrors": []}

    def cancel(self, id: str) -> Document:
        """Call a fulfillment back; done twice it is still no error."""
        order_id = self._order_of(id)
        if order_id is None:
            return _wrong("fulfillment", ["id"], "Fulfillment not found.")
        try:
            with kept_orders.changing(self._store, order_id) as (writing, order):
                fulfillment = shipping.parcel(order, number_of(id))
                shipping.call_back(writing, order, fulfillment, Announcement(writing, order["shop"], order_id))
        except Impossible as problem:
            return _wrong("fulfillment", ["id"], str(problem))
        return {"fulfillment": self._shown(number_of(id)), "userErrors": []}

    def retrack(self, id: str, given: Document) -> Document:
        """Other tracking numbers; a cancelled fulfillment takes them as well (recorded)."""
        order_id = self._order_of(id)
        if order_id is None:
            return _wrong("fulfillment", ["fulfillmentId"], "Fulfillment does not exist.")
        with kept_orders.changing(self._store, order_id) as (writing, order):
            scanning.retrack(writing, order, shipping.parcel(order, number_of(id)), _tracking(given))
        return {"fulfillment": self._shown(number_of(id)), "userErrors": []}

    def add_event(self, given: Document) -> Document:
        """One more event each time; a cancelled fulfillment takes it as well (recorded)."""
        id = given["fulfillmentId"]
        order_id = self._order_of(id)
        if order_id is None:
            return _wrong("fulfillmentEvent", ["fulfillmentEvent", "fulfillmentId"], "Fulfillment does not exist.")
        try:
            moments = {
                name: clock.kept(given[asked]) if given.get(asked) else None
                for name, asked in (
                    ("happened_at", "happenedAt"),
                    ("estimated_delivery_at", "estimatedDeliveryAt"),
                )
            }
        except ValueError:
            return _wrong("fulfillmentEvent", ["fulfillmentEvent", "happenedAt"], "Happened at is invalid")
        with kept_orders.changing(self._store, order_id) as (writing, order):
            event = scanning.note(
                writing,
                order,
                shipping.parcel(order, number_of(id)),
                status=given["status"].lower(),
                message=given.get("message"),
                place={name: given.get(name) for name in PLACE},
                **moments,
            )
        return {"fulfillmentEvent": event_fields(event), "userErrors": []}

    def _found(self, writing: Writing, groups: list[Document]) -> list[Document]:
        """The fulfillment orders meant, if they can be shipped together; raises Refused in recorded words."""
        found: list[Document] = []
        for group in groups:
            number = number_of(group["fulfillmentOrderId"])
            one = fulfillment_orders.find(writing.connection, self._shop.domain, number)
            if one is None:
                raise Refused(["fulfillment"], "Fulfillment order does not exist.")
            found.append(next((known for known in found if known["id"] == number), one))
        if not found:
            raise Refused(["fulfillment"], "At least one fulfillment order is required.")
        orders = list(dict.fromkeys(one["order_id"] for one in found))
        if len(orders) > 1:
            text = (
                f"All fulfillment orders must belong to the same order. Multiple orders with ids {orders} were found."
            )
            raise Refused(["fulfillment"], text)
        places = list(dict.fromkeys(one["location_id"] for one in found))
        if len(places) > 1:
            raise Refused(
                ["fulfillment"],
                "All fulfillment orders must be assigned to a single location."
                f" Multiple locations with ids {places} were found.",
            )
        for one in found:
            if one["status"] not in ("open", "in_progress"):
                text = f"Fulfillment order {one['id']} has an unfulfillable status= {one['status']}."
                raise Refused(["fulfillment"], text)
        return found

    def _order_of(self, id: str) -> int | None:
        order = kept_orders.with_part(self._queries.connection, number_of(id))
        if order is None or order["shop"] != self._shop.domain:
            return None
        known = any(one["id"] == number_of(id) for one in order["fulfillments"])
        return int(order["id"]) if known else None

    def _shown(self, fulfillment_id: int | None) -> Document | None:
        connection = self._queries.connection
        order = kept_orders.with_part(connection, fulfillment_id)
        assert order is not None
        found = next(one for one in order["fulfillments"] if one["id"] == fulfillment_id)
        return fulfillment_with(connection)(found, order)


def _check_quantities(groups: list[Document]) -> None:
    for number, group in enumerate(groups):
        for position, line in enumerate(group.get("fulfillmentOrderLineItems") or []):
            if line["quantity"] < 1:
                path = ["fulfillment", "lineItemsByFulfillmentOrder", str(number)]
                path += ["fulfillmentOrderLineItems", str(position), "quantity"]
                raise Refused(path, "Quantity must be greater than 0")


def _units(groups: list[Document], found: list[Document]) -> Units:
    asked: dict[int, int] = {}
    owners: dict[int, tuple[Document, Document]] = {}
    for group, one in zip(groups, found, strict=True):
        parts = {part["id"]: part for part in one["lines"]}
        everything = [{"id": str(number), "quantity": part["remaining"]} for number, part in parts.items()]
        for line in group.get("fulfillmentOrderLineItems") or everything:
            number = number_of(line["id"]) or 0
            if number not in parts:
                raise Refused(["fulfillment"], "Fulfillment order line item does not exist.")
            asked[number] = asked.get(number, 0) + line["quantity"]
            owners[number] = (one, parts[number])
            if asked[number] > parts[number]["remaining"]:
                raise Refused(["fulfillment"], BAD_QUANTITY)
    return [(*owners[number], quantity) for number, quantity in asked.items() if quantity]


def _tracking(given: Document) -> Tracking:
    numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
    urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
    return Tracking(given.get("company"), list(numbers), [str(url) for url in urls])


def _wrong(name: str, field: list[str], message: str) -> Document:
    return {name: None, "userErrors": [{"field": field, "message": message}]}
