"""Work for locations at Shopify: held back, released, moved. A hold's handle is the change's UUID, unique for our app,
so it is set once; without ids a release would lift the holds of everybody, so ours are always named.
"""

from typing import Any

from integrations.models import Connection
from integrations.sent import Sent
from integrations.shopify import parcel_documents
from integrations.shopify.client import Shopify, gid, number_of
from integrations.shopify.pushes.asking import BY, Refused, ask, bring_home, order_gid
from orders.changes import carrying
from orders.models import Change

Work = dict[str, Any]

CLOSED = ("CLOSED", "CANCELLED", "INCOMPLETE")
SAME_HANDLE = {"DUPLICATE_FULFILLMENT_HOLD_HANDLE", "TAKEN"}


def push_hold(connection: Connection, change: Change) -> Sent:
    """Hold back what the change names, or all that is open; each once."""
    wanted, handle = change.wanted, str(change.uuid)
    works = [work for work in work_of(connection, change) if work["status"] not in CLOSED]
    if names := set(wanted["fulfillment_orders"]):
        works = [work for work in works if str(number_of(work["id"])) in names]
    if not works or len(works) < len(names):
        raise Refused("There is nothing left to hold back: it was sent, moved or cancelled.")
    hold = {"reason": wanted["reason"].upper(), "reasonNotes": wanted["notes"] or None, "handle": handle}
    for work in works:
        if any(one["handle"] == handle for one in work["fulfillmentHolds"]):
            continue
        try:
            ask(connection, change, parcel_documents.HOLD, {"id": work["id"], "hold": hold})
        except Refused as refusal:
            if not SAME_HANDLE & {str(error.get("code")) for error in refusal.errors}:
                raise
    return _home(connection, change, "Held back")


def push_release(connection: Connection, change: Change) -> Sent:
    """Release our holds: those the change names, or all of ours."""
    names = set(change.wanted["holds"])
    for work in work_of(connection, change):
        ours = [one["id"] for one in work["fulfillmentHolds"] if one["heldByRequestingApp"]]
        holds = [one for one in ours if not names or one in names]
        if holds and work["status"] not in CLOSED:
            ask(connection, change, parcel_documents.RELEASE, {"id": work["id"], "holds": holds})
    return _home(connection, change, "Released")


def push_move(connection: Connection, change: Change) -> Sent:
    """Move work to another location: the same row goes there, or a new one takes over what was left of it."""
    wanted = change.wanted
    works = {str(number_of(work["id"])): work for work in work_of(connection, change)}
    work = works.get(wanted["fulfillment_order"])
    if work is None:
        raise Refused("Shopify does not show us this fulfillment order.")
    if _is_at(work, wanted["location"]):
        return _home(connection, change, "It is there already")
    if work["status"] in CLOSED:
        lines = {part["lineItem"]["id"] for part in work["lineItems"]["nodes"]}
        for other in works.values():
            others = {part["lineItem"]["id"] for part in other["lineItems"]["nodes"]}
            if other["status"] not in CLOSED and _is_at(other, wanted["location"]) and others <= lines:
                return _home(connection, change, "It is there already")
        raise Refused("There is nothing left to move: it was sent or cancelled.")
    variables = {"id": work["id"], "location": gid("Location", int(wanted["location"]))}
    ask(connection, change, parcel_documents.MOVE, variables)
    return _home(connection, change, "Moved")


def work_of(connection: Connection, change: Change) -> list[Work]:
    """All fulfillment orders of the change's order, as they are now; raises Refused when the order is not shown."""
    found: list[Work] = []
    after = None
    while True:
        order = Shopify(connection).run(parcel_documents.WORK, {"id": order_gid(change), "after": after})["order"]
        if order is None:
            raise Refused("Shopify does not show us this order any more: deleted, too old, or no access.")
        page = order["fulfillmentOrders"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _is_at(work: Work, location: str) -> bool:
    place = work["assignedLocation"]["location"]
    return place is not None and str(number_of(place["id"])) == location


def _home(connection: Connection, change: Change, words: str) -> Sent:
    bring_home(connection, change)
    carrying.done(change, by=BY, source=connection.public_id)
    return Sent(words, 200)
