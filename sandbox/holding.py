"""Fulfillment orders held back for a while, whole or in part, by apps and by the shop's staff."""

from functools import partial
from typing import Any

from sandbox import fulfillment_orders
from sandbox.announcing import Announcement
from sandbox.fulfillment_orders import changed_body, is_active, settle, short_body
from sandbox.order_documents import gid
from sandbox.regrouping import Refused, Units, line_bodies, put_together, take_apart
from sandbox.store import Writing

Document = dict[str, Any]

# Why units wait, and how Shopify says it ("Other" and the second are recorded).
REASONS = {
    "AWAITING_PAYMENT": "Awaiting payment",
    "AWAITING_RETURN_ITEMS": "Exchange items awaiting return delivery",
    "HIGH_RISK_OF_FRAUD": "High risk of fraud",
    "INCORRECT_ADDRESS": "Incorrect address",
    "INVENTORY_OUT_OF_STOCK": "Inventory out of stock",
    "ONLINE_STORE_POST_PURCHASE_CROSS_SELL": "Pending upsell offer",
    "OTHER": "Other",
    "UNKNOWN_DELIVERY_DATE": "Unknown delivery date",
}
MOST_HOLDS = 10
TOO_MANY = (
    "The maximum number of fulfillment holds for this fulfillment order has been reached for this app."
    f" An app can only have up to {MOST_HOLDS} holds on a single fulfillment order at any one time."
)
SAME_HANDLE = (
    "The handle provided for the fulfillment hold is already in use by this app for another hold on this fulfillment"
    " order."
)
UNITS_FIELD = ["fulfillmentHold", "fulfillmentOrderLineItems"]


def hold(
    writing: Writing,
    order: Document,
    one: Document,
    *,
    reason: str = "OTHER",
    reason_notes: str | None = None,
    handle: str | None = None,
    units: Units | None = None,
    by_app: bool = True,
) -> tuple[Document, Document | None]:
    """Hold a fulfillment order back, or only some of its units; returns the hold and the rest that is not held.

    ``handle`` tells an app's holds on one fulfillment order apart. Raises Refused.
    """
    if not is_active(one):
        raise Refused(["id"], "The fulfillment order is not in a holdable state.")
    own = [known for known in one["holds"] if known["by_app"]] if by_app else []
    if len(own) >= MOST_HOLDS:
        raise Refused(["id"], TOO_MANY, "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED")
    if by_app and any((known["handle"] or "") == (handle or "") for known in own):
        raise Refused(["fulfillmentHold", "handle"], SAME_HANDLE, "DUPLICATE_FULFILLMENT_HOLD_HANDLE")
    rest = _part(writing, order, one, units) if units else None
    made = {
        "id": writing.new_id(),
        "reason": reason,
        "reason_notes": reason_notes,
        "handle": handle or None,
        "by_app": by_app,
    }
    first = not one["holds"]
    one["holds"].append(made)
    settle(writing, one)
    announcement = Announcement(writing, order["shop"], order["id"])
    if first:
        held = line_bodies({part["id"]: part["remaining"] for part in one["lines"]})
        announcement.add("fulfillment_orders/placed_on_hold", partial(_held_body, one, rest, held))
    announcement.add("fulfillment_holds/added", partial(_hold_body, made, one))
    return made, rest


def release(writing: Writing, order: Document, one: Document, hold_ids: list[int] | None = None) -> None:
    """Lift these holds, by default all; ids of other fulfillment orders' holds are passed over.

    With the last one gone, what a partial hold had parted comes together again, if it is still untouched (recorded).
    """
    lifted = [known for known in one["holds"] if hold_ids is None or known["id"] in hold_ids]
    if not lifted:
        return
    one["holds"] = [known for known in one["holds"] if known not in lifted]
    announcement = Announcement(writing, order["shop"], order["id"])
    for known in lifted:
        announcement.add("fulfillment_holds/released", partial(_hold_body, known, one))
    settle(writing, one)
    if one["holds"]:
        return
    parted = [
        other
        for other in fulfillment_orders.of_order(writing.connection, order["id"])
        if other["taken_from"] == one["id"] and fulfillment_orders.can_merge(one, other)
    ]
    put_together(writing, one, parted)
    announcement.add("fulfillment_orders/hold_released", partial(changed_body, one))


def _part(writing: Writing, order: Document, one: Document, held: Units) -> Document | None:
    """Check the units to be held and take the others out into a fulfillment order of their own."""
    if one["holds"]:
        text = "The fulfillment order is not in a splittable state."
        raise Refused(UNITS_FIELD, text, "FULFILLMENT_ORDER_NOT_SPLITTABLE")
    parts = {part["id"]: part for part in one["lines"]}
    for position, (part_id, quantity) in enumerate(held.items()):
        if part_id not in parts or quantity > parts[part_id]["remaining"]:
            text = "The fulfillment order line item quantity is invalid."
            raise Refused([*UNITS_FIELD, str(position), "quantity"], text, "INVALID_LINE_ITEM_QUANTITY")
    others = {number: part["remaining"] - held.get(number, 0) for number, part in parts.items()}
    others = {number: quantity for number, quantity in others.items() if quantity}
    if not others:
        return None
    rest = take_apart(writing, order, one, others)
    rest["taken_from"] = one["id"]
    fulfillment_orders.keep(writing, rest)
    return rest


def _held_body(one: Document, rest: Document | None, held: list[Document]) -> Document:
    holds = [_short_hold(known) for known in one["holds"]]
    return {
        "fulfillment_order": {**short_body(one), "fulfillment_holds": holds},
        "remaining_fulfillment_order": short_body(rest) if rest else None,
        "held_fulfillment_order_line_items": held,
    }


def _hold_body(known: Document, one: Document) -> Document:
    return {"fulfillment_order": short_body(one), "fulfillment_hold": {**_short_hold(known), "handle": known["handle"]}}


def _short_hold(known: Document) -> Document:
    return {
        "id": gid("FulfillmentHold", known["id"]),
        "held_by_requesting_app": known["by_app"],
        "reason": known["reason"].lower(),
        "reason_notes": known["reason_notes"],
    }
