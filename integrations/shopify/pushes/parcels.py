"""Parcels at Shopify: one `fulfillmentCreate` for each location that sends a part, tracking, scans.

`fulfillmentCreate` has no idempotency key: what is asked for and which parcels there were is kept on the change first,
so that after a lost answer a new parcel with just these units and numbers is known for ours. Shopify takes tracking and
scans for a cancelled parcel without a word, so its status is looked at first.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from integrations.models import Connection
from integrations.sent import Sent
from integrations.shopify import parcel_documents
from integrations.shopify.client import Shopify, gid, number_of
from integrations.shopify.pushes.asking import BY, Refused, ask, bring_home, remote_order
from integrations.shopify.pushes.holding import work_of
from integrations.shopify.values import clean
from orders.changes import carrying
from orders.models import Change

SENDABLE = ("OPEN", "IN_PROGRESS")

Units = Counter[str]


def push(connection: Connection, change: Change) -> Sent:
    """Make the parcels, each once."""
    if change.result.get("asking"):
        _find_lost(connection, change)
    while left := _left(change):
        works = work_of(connection, change)
        _check(works, left)
        _make(connection, change, works, left)
    bring_home(connection, change)
    carrying.done(change, by=BY, source=connection.public_id)
    return Sent(f"{len(change.result['parcels'])} parcels made", 200)


def _left(change: Change) -> Units:
    left: Units = Counter(change.wanted["lines"])
    for parcel in change.result.get("parcels", []):
        left.subtract(parcel["units"])
    return +left


def _check(works: list[dict[str, Any]], left: Units) -> None:
    """Raises Refused, before any parcel is made, for units that no location may send now."""
    can: Units = Counter()
    for work in works:
        for part in work["lineItems"]["nodes"] if work["status"] in SENDABLE else []:
            can[_line(part)] += part["remainingQuantity"]
    if missing := left - can:
        held = any(work["status"] == "ON_HOLD" for work in works)
        why = "it is on hold; release it first." if held else "it was sent, removed or is scheduled for later."
        raise Refused(f"{missing.total()} units cannot be sent: {why}")


def _make(connection: Connection, change: Change, works: list[dict[str, Any]], left: Units) -> None:
    """One parcel with what the first location that has something of it can send."""
    place: str | None = None
    groups: list[dict[str, Any]] = []
    units: Units = Counter()
    for work in works:
        location = (work["assignedLocation"]["location"] or {}).get("id")
        if work["status"] not in SENDABLE or (groups and location != place):
            continue
        parts = []
        for part in work["lineItems"]["nodes"]:
            line = _line(part)
            if quantity := min(part["remainingQuantity"], left[line] - units[line]):
                units[line] += quantity
                parts.append({"id": part["id"], "quantity": quantity})
        if parts:
            place = location
            groups.append({"fulfillmentOrderId": work["id"], "fulfillmentOrderLineItems": parts})
    known = [number_of(one["id"]) for one in _parcels(connection, change)]
    carrying.remember(change, asking={"units": dict(units), "known": known})
    wanted = change.wanted
    tracking = {name: wanted[name] for name in ("company", "numbers", "urls") if wanted[name]}
    fulfillment: dict[str, Any] = {"lineItemsByFulfillmentOrder": groups, "notifyCustomer": wanted["notify"]}
    if tracking:
        fulfillment["trackingInfo"] = tracking
    made = ask(connection, change, parcel_documents.FULFIL, {"fulfillment": fulfillment})["fulfillment"]
    _keep(change, made["id"], dict(units))


def _find_lost(connection: Connection, change: Change) -> None:
    asked = change.result["asking"]
    for one in _parcels(connection, change):
        units: Units = Counter()
        for part in one["fulfillmentLineItems"]["nodes"]:
            units[_line(part)] += part["quantity"]
        numbers = [clean(info["number"]) for info in one["trackingInfo"] if info["number"]]
        if number_of(one["id"]) in asked["known"] or one["status"] == "CANCELLED":
            continue
        if units == Counter(asked["units"]) and numbers == change.wanted["numbers"]:
            return _keep(change, one["id"], asked["units"])
    return None


def _keep(change: Change, parcel_gid: str, units: dict[str, int]) -> None:
    parcels = [*change.result.get("parcels", []), {"id": str(number_of(parcel_gid)), "units": units}]
    carrying.remember(change, parcels=parcels, asking=None)


def _parcels(connection: Connection, change: Change) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = remote_order(connection, change, parcel_documents.SENDING)["fulfillments"]
    return found


def _line(part: dict[str, Any]) -> str:
    return str(number_of(part["lineItem"]["id"]))


def push_tracking(connection: Connection, change: Change) -> Sent:
    """Write the tracking of a parcel, compared first as all values are."""
    info = _parcel(connection, change)["trackingInfo"]
    theirs: dict[str, Any] = {
        "company": clean(info[0]["company"]) if info else "",
        "numbers": [clean(one["number"]) for one in info if one["number"]],
        "urls": [clean(one["url"]) for one in info if one["url"]],
    }
    wanted = {name: change.wanted[name] for name in theirs if name in change.wanted}
    missing = [name for name, value in wanted.items() if theirs[name] != value]
    third = {name: theirs[name] for name in missing if theirs[name] != change.base[name]}
    if third:
        bring_home(connection, change)
        carrying.conflicting(change, third, by=BY, source=connection.public_id)
        return Sent(f"In conflict: the shop changed {', '.join(sorted(third))} too.", 200)
    if missing:
        # A link of theirs that belongs to their number would point to the wrong parcel beside ours.
        kept: dict[str, Any] = {"urls": []} if "numbers" in wanted and "urls" not in wanted else {}
        tracking = {name: value for name, value in {**theirs, **kept, **wanted}.items() if value}
        variables = {"id": _gid(change), "tracking": tracking, "notify": change.wanted["notify"]}
        ask(connection, change, parcel_documents.TRACKING, variables)
    bring_home(connection, change)
    carrying.done(change, by=BY, source=connection.public_id)
    return Sent("Written" if missing else "The shop says so already", 200)


def push_scan(connection: Connection, change: Change) -> Sent:
    """Add a scan, unless the parcel has the very same."""
    wanted = change.wanted
    at = datetime.fromisoformat(wanted["happened_at"])
    for event in _parcel(connection, change)["events"]["nodes"]:
        is_same = event["status"] == wanted["status"].upper() and clean(event["message"]) == wanted["message"]
        if is_same and datetime.fromisoformat(event["happenedAt"]) == at:
            carrying.done(change, by=BY, source=connection.public_id, event=str(number_of(event["id"])))
            return Sent("The shop says so already", 200)
    names = ("message", "city", "province", "country", "zip")
    event = {"fulfillmentId": _gid(change), "status": wanted["status"].upper(), "happenedAt": wanted["happened_at"]}
    event |= {name: wanted[name] for name in names if wanted[name]}
    made = ask(connection, change, parcel_documents.SCAN, {"event": event})["fulfillmentEvent"]
    bring_home(connection, change)
    carrying.done(change, by=BY, source=connection.public_id, event=str(number_of(made["id"])))
    return Sent("Written", 200)


def _parcel(connection: Connection, change: Change) -> dict[str, Any]:
    """The parcel as it is now; raises Refused for one that is gone or cancelled."""
    found: dict[str, Any] | None
    found = Shopify(connection).run(parcel_documents.PARCEL, {"id": _gid(change)})["fulfillment"]
    if found is None:
        raise Refused("Shopify does not show us this parcel.")
    if found["status"] == "CANCELLED":
        raise Refused("This parcel was cancelled; what is written to it reaches nobody.")
    return found


def _gid(change: Change) -> str:
    return gid("Fulfillment", int(change.wanted["fulfillment"]))
