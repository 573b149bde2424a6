"""Fulfillment orders taken apart, moved elsewhere, put together again, or begun anew. Their ids change with that.

As recorded: what is taken out of one gets new lines in a new one, a line taken out whole disappears from the old one,
and what was merged into another stays behind closed, with nothing in it.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from sandbox import locations, shelves
from sandbox.announcing import Announcement
from sandbox.fulfillment_orders import changed_body, is_active, keep, new, new_part, remaining, settle, short_body
from sandbox.order_documents import gid
from sandbox.placing import Impossible
from sandbox.store import Writing

Document = dict[str, Any]

# Units by the id of a fulfillment order's line.
Units = dict[int, int]

BAD_QUANTITY = "Invalid fulfillment order line item quantity requested."


class Refused(Impossible):
    """It cannot be done; ``shown`` is the user error that says why (its code is null where Shopify's is)."""

    def __init__(self, field: list[str] | None, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.shown = {"field": field, "message": message, "code": code}


def check_units(fulfillment_order: Document, units: Units, code: str | None = None) -> None:
    """Whether these are units it still has to ship; raises Refused."""
    parts = {part["id"]: part for part in fulfillment_order["lines"]}
    for part_id, quantity in units.items():
        if part_id not in parts:
            raise Refused(None, "Fulfillment order line item does not exist.", code)
        if not 0 < quantity <= parts[part_id]["remaining"]:
            raise Refused(None, BAD_QUANTITY, code)


def take_apart(
    writing: Writing, order: Document, one: Document, units: Units, *, location_id: int | None = None
) -> Document:
    """Take checked units out of a fulfillment order into a new one, which is returned."""
    lines = {line["id"]: line for line in order["lines"]}
    taken = [(lines[part["line_id"]], units[part["id"]]) for part in one["lines"] if units.get(part["id"])]
    for part in one["lines"]:
        part["total"] -= units.get(part["id"], 0)
        part["remaining"] -= units.get(part["id"], 0)
    one["lines"] = [part for part in one["lines"] if part["total"]] or one["lines"]
    settle(writing, one)
    return new(writing, order, location_id or one["location_id"], one["ships"], taken)


def put_together(writing: Writing, target: Document, others: Iterable[Document]) -> None:
    """Move all that others have to ship into ``target``; they stay behind closed and empty."""
    for other in others:
        for part in other["lines"]:
            same = next((known for known in target["lines"] if known["line_id"] == part["line_id"]), None)
            if same is None:
                same = new_part(writing, part["line_id"], part["variant_id"], 0)
                target["lines"].append(same)
            same["total"] += part["remaining"]
            same["remaining"] += part["remaining"]
            part["total"] -= part["remaining"]
            part["remaining"] = 0
        settle(writing, other)
    settle(writing, target)


def split(writing: Writing, order: Document, one: Document, units: Units) -> Document:
    """Part units from the rest; returns the new fulfillment order that has them. Raises Refused."""
    check_units(one, units)
    if one["status"] not in ("open", "in_progress") or not 0 < sum(units.values()) < remaining(one):
        raise Refused(None, BAD_QUANTITY)
    made = take_apart(writing, order, one, units)
    body = {
        "split_line_items": line_bodies(units),
        "fulfillment_order": short_body(one),
        "remaining_fulfillment_order": short_body(made),
        "replacement_fulfillment_order": None,
    }
    Announcement(writing, order["shop"], order["id"]).add("fulfillment_orders/split", lambda: body)
    return made


def merge(writing: Writing, order: Document, ones: list[Document]) -> Document:
    """Make one of several open ones at one location; the first takes it all. Raises Refused."""
    for one in ones:
        alike = all(one[name] == ones[0][name] for name in ("order_id", "location_id", "ships"))
        if one["status"] != "open" or not alike:
            raise Refused(None, f"Fulfillment order: {one['id']} is currently not in a mergeable state.")
    target, *others = ones
    intents = [
        {
            "fulfillment_order_id": gid("FulfillmentOrder", one["id"]),
            "fulfillment_order_line_items": line_bodies({part["id"]: part["remaining"] for part in one["lines"]}),
        }
        for one in ones
    ]
    put_together(writing, target, others)
    body = {"merge_intents": intents, "fulfillment_order_merges": {"fulfillment_order": short_body(target)}}
    Announcement(writing, order["shop"], order["id"]).add("fulfillment_orders/merged", lambda: body)
    return target


def move(
    writing: Writing, order: Document, one: Document, location_id: int | None, units: Units | None = None
) -> Document:
    """Let another location ship units, by default all that are left; returns the fulfillment order that has them.

    That is the same one when all of it moves and nothing of it was shipped. Raises Refused.
    """
    place = locations.find(writing.connection, order["shop"], location_id)
    if place is None or not place["active"]:
        raise Refused(["id"], "Location not found.")
    if one["progress_reported"]:
        raise Refused(
            ["id"],
            "Cannot move a fulfillment order that has had progress reported. To move a fulfillment order that has had"
            " progress reported, the fulfillment order must first be marked as open resolving the ongoing progress"
            " state.",
            "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS",
        )
    if not is_active(one) or place["id"] == one["location_id"]:
        raise Refused(None, "Cannot change location.")
    moved = units or {part["id"]: part["remaining"] for part in one["lines"] if part["remaining"]}
    check_units(one, moved)
    source = one["location_id"]
    _shift_stock(writing, order, one, moved, place["id"])
    whole = all(moved.get(part["id"], 0) == part["total"] for part in one["lines"])
    if whole:
        one["location_id"] = place["id"]
        keep(writing, one)
        target = one
    else:
        target = take_apart(writing, order, one, moved, location_id=place["id"])
        target["holds"] = list(one["holds"]) if is_active(one) else []
        settle(writing, target)
    body = {
        "original_fulfillment_order": _placed_body(one),
        "moved_fulfillment_order": _placed_body(target),
        "destination_location_id": gid("Location", place["id"]),
        "fulfillment_order_line_items_requested": line_bodies(units or {}),
        "source_location": {"id": gid("Location", source)},
    }
    Announcement(writing, order["shop"], order["id"]).add("fulfillment_orders/moved", lambda: body)
    return target


def begin_anew(writing: Writing, order: Document, one: Document) -> Document:
    """Cancel a fulfillment order: it closes without lines, and a new one is opened for what it had to ship."""
    if one["progress_reported"]:
        raise Refused(
            ["id"],
            "Cannot cancel fulfillment order that has had progress reported. Mark as unfulfilled first.",
            "FULFILLMENT_ORDER_HAS_MANUALLY_REPORTED_PROGRESS",
        )
    if not is_active(one):
        raise Refused(None, "Fulfillment order is not in cancelable request state and can't be canceled.")
    made = take_apart(writing, order, one, {part["id"]: part["remaining"] for part in one["lines"]})
    one["lines"] = [part for part in one["lines"] if part["total"]]
    keep(writing, one)
    body = {**changed_body(one), "replacement_fulfillment_order": short_body(made)}
    Announcement(writing, order["shop"], order["id"]).add("fulfillment_orders/cancelled", lambda: body)
    return made


def report_progress(writing: Writing, order: Document, one: Document) -> None:
    """The warehouse is at work on it; raises Refused."""
    if one["status"] not in ("open", "in_progress"):
        raise Refused(None, "Cannot report progress on a fulfillment order in this state.")
    one["progress_reported"] = True
    settle(writing, one)
    announcement = Announcement(writing, order["shop"], order["id"])
    announcement.add("fulfillment_orders/progress_reported", partial(changed_body, one))


def line_bodies(units: Units) -> list[Document]:
    """Units of fulfillment order lines as webhooks name them."""
    return [{"id": gid("FulfillmentOrderLineItem", part), "quantity": quantity} for part, quantity in units.items()]


def _placed_body(one: Document) -> Document:
    return {**short_body(one), "assigned_location_id": gid("Location", one["location_id"])}


def _shift_stock(writing: Writing, order: Document, one: Document, units: Units, place: int) -> None:
    """What was claimed at the old location is free there again and claimed at the new one; raises Refused."""
    claimed = {line["id"] for line in order["lines"] if line.get("taken")}
    for part in one["lines"]:
        quantity, variant = units.get(part["id"], 0), part["variant_id"]
        if not quantity or variant is None or not shelves.levels(writing.connection, order["shop"], variant):
            continue
        if shelves.level(writing.connection, order["shop"], variant, place) is None:
            raise Refused(None, "The location does not stock the items of the fulfillment order.")
        if part["line_id"] in claimed:
            shelves.change(writing, order["shop"], variant, one["location_id"], quantity)
            shelves.change(writing, order["shop"], variant, place, -quantity)
