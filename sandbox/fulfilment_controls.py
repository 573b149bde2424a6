"""The buttons of warehouse and staff: hold back, let go, move, split, call back a parcel, withdraw a scan, places."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from sandbox import (
    clock,
    fulfillment_orders,
    holding,
    kept_orders,
    locations,
    regrouping,
    scanning,
    scheduling,
    shipping,
)
from sandbox.controls import shop_of
from sandbox.fields import Fields, Unclear, answer, verb
from sandbox.order_documents import gid
from sandbox.placing import Impossible
from sandbox.program import running
from sandbox.store import Writing

Document = dict[str, Any]


def listed(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """The fulfillment orders of an order as they are kept."""
    with running().store.read() as connection:
        return answer(request, {"fulfillment_orders": fulfillment_orders.of_order(connection, order_id)})


@verb
def hold(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"fulfillment_order_id", "reason": "OTHER", "notes", "lines": [{"line_id" or "sku", "quantity"}]}``."""
    fields = Fields(request)
    reason = (fields.text("reason") or "OTHER").upper()
    if reason not in holding.REASONS:
        raise Unclear(f"{reason} is not a reason; known are {', '.join(holding.REASONS)}")
    with _chosen(order_id, fields, "open", "in_progress", "on_hold") as (writing, order, one):
        units = _units(fields, order, one)
        made, _ = holding.hold(
            writing, order, one, reason=reason, reason_notes=fields.text("notes"), units=units, by_app=False
        )
    return answer(request, {"fulfillment_hold": {"id": made["id"]}, **_shown(one)}, 201)


@verb
def release(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"fulfillment_order_id", "hold_id"}``; without a hold all of them."""
    fields = Fields(request)
    hold_id = fields.number("hold_id")
    with _chosen(order_id, fields, "on_hold") as (writing, order, one):
        holding.release(writing, order, one, None if hold_id is None else [hold_id])
    return answer(request, _shown(one))


@verb
def move(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"fulfillment_order_id", "location": id or name, "lines"}``; by default to the next location."""
    fields = Fields(request)
    wanted = str(fields.given.get("location") or "")
    with _chosen(order_id, fields, "open", "in_progress", "on_hold") as (writing, order, one):
        others = [
            place
            for place in locations.active(writing.connection, order["shop"])
            if place["id"] != one["location_id"] and wanted in ("", str(place["id"]), place["name"])
        ]
        if not others:
            raise Impossible("There is no such location to move to")
        moved = regrouping.move(writing, order, one, others[0]["id"], _units(fields, order, one))
    return answer(request, _shown(moved))


@verb
def split(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"fulfillment_order_id", "lines": [{"line_id" or "sku", "quantity"}]}``; by default one unit is split off."""
    fields = Fields(request)
    with _chosen(order_id, fields, "open", "in_progress", least=2) as (writing, order, one):
        first = next(part for part in one["lines"] if part["remaining"])
        made = regrouping.split(writing, order, one, _units(fields, order, one) or {first["id"]: 1})
    return answer(request, _shown(made), 201)


@verb
def progress(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"fulfillment_order_id", "stop": false}``: the warehouse is at work on it, or no longer."""
    fields = Fields(request)
    stop = fields.flag("stop", False)
    with _chosen(order_id, fields, *(("in_progress",) if stop else ("open", "in_progress"))) as (writing, order, one):
        (scheduling.reopen if stop else regrouping.report_progress)(writing, order, one)
    return answer(request, _shown(one))


@verb
def schedule(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"fulfillment_order_id", "fulfill_at": ISO 8601}``: not before that moment; without one it is ready now."""
    fields = Fields(request)
    asked = fields.text("fulfill_at")
    try:
        moment = clock.kept(asked) if asked else None
    except ValueError:
        raise Unclear("fulfill_at is not an ISO 8601 date and time") from None
    with _chosen(order_id, fields, *(("open", "scheduled") if moment else ("scheduled",))) as (writing, order, one):
        if moment:
            scheduling.schedule(writing, order, one, moment)
        else:
            scheduling.make_ready(writing, order, one)
    return answer(request, _shown(one))


@verb
def cancel_fulfilment(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"fulfillment_id"}``; by default the last parcel under way."""
    cancelled = shipping.cancel_fulfillment(running().store, order_id, Fields(request).number("fulfillment_id"))
    shown = {"id": cancelled["id"], "admin_graphql_api_id": gid("Fulfillment", cancelled["id"])}
    return answer(request, {"fulfillment": {**shown, "status": cancelled["status"]}})


@verb
def withdraw_scan(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"fulfillment_event_id"}``; by default the last scan."""
    gone = scanning.withdraw(running().store, order_id, Fields(request).number("fulfillment_event_id"))
    return answer(request, {"fulfillment_event": {"id": gone["id"]}})


@verb
def place(request: HttpRequest) -> HttpResponseBase:
    """``{"id", "name", "address1", "city" …, "active", "delete", "shop"}``: without an id a new location is opened."""
    fields = Fields(request)
    number, domain = fields.number("id"), shop_of(fields).domain
    given: Document = {key: fields.text(key) for key in ("name", *locations.ADDRESS) if key in fields.given}
    if "active" in fields.given:
        given["active"] = fields.flag("active", True)
    with running().store.write() as writing:
        if number is None:
            fields.required("name")
            return answer(request, {"location": locations.create(writing, domain, given)}, 201)
        known = locations.find(writing.connection, domain, number)
        if known is None:
            raise Unclear("There is no such location")
        if fields.flag("delete", False):
            locations.remove(writing, domain, known)
            return answer(request, {"deleted": number})
        return answer(request, {"location": locations.change(writing, domain, known, given)})


@contextmanager
def _chosen(
    order_id: int, fields: Fields, *states: str, least: int = 1
) -> Iterator[tuple[Writing, Document, Document]]:
    """The fulfillment order that is meant, by default the first in one of these states that has so many units left.

    Raises Impossible.
    """
    wanted = fields.number("fulfillment_order_id")
    with running().store.write() as writing:
        order = kept_orders.load(writing.connection, order_id)
        if order is None:
            raise kept_orders.NoSuchOrder(f"There is no order {order_id}")
        found = fulfillment_orders.of_order(writing.connection, order_id)
        # What is shipped comes first, and what is open already before what waits.
        found.sort(key=lambda one: (not one["ships"], states.index(one["status"]) if one["status"] in states else 9))
        for one in found:
            fits = one["status"] in states and fulfillment_orders.remaining(one) >= least
            if wanted == one["id"] or (wanted is None and fits):
                yield writing, order, one
                return
        raise Impossible("The order has no such fulfillment order")


def _units(fields: Fields, order: Document, one: Document) -> regrouping.Units | None:
    by_line = fields.units("lines", order)
    return {part["id"]: by_line[part["line_id"]] for part in one["lines"] if part["line_id"] in by_line} or None


def _shown(one: Document) -> Document:
    kept = {name: one[name] for name in ("id", "status", "location_id")}
    return {"fulfillment_order": {**kept, "admin_graphql_api_id": gid("FulfillmentOrder", one["id"])}}
