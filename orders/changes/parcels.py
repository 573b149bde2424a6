"""Sending goods: parcels, their tracking and scans; holding work back, releasing it, moving it to another location."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.changes.asking import alive, ask, flag, must_be_free, one_of, taken, text
from orders.changes.lines import sent_units, wanted_lines
from orders.models import Change, Fulfillment, FulfillmentOrder, Location, Order
from orders.models.change import ChangeRefused

HOLD_REASONS = (
    "awaiting_payment", "awaiting_return_items", "high_risk_of_fraud", "incorrect_address", "inventory_out_of_stock",
    "unknown_delivery_date", "other",
)  # fmt: skip
SCANS = (
    "label_purchased", "label_printed", "ready_for_pickup", "confirmed", "carrier_picked_up", "in_transit",
    "out_for_delivery", "attempted_delivery", "delayed", "delivered", "failure",
)  # fmt: skip
MOST_NUMBERS = 50


@transaction.atomic
def fulfil(
    order: Order,
    *,
    by: str,
    lines: Any = (),
    company: str = "",
    numbers: Any = (),
    urls: Any = (),
    notify: bool = False,
    source: str = "",
    reference: str = "",
) -> Change:
    """Tell the shop that units were sent: `lines` is [{"line_item", "quantity"}], all that is left without any.

    `numbers` and `urls` are tracking, one each for split parcels. Raises ChangeRefused: order_cancelled,
    nothing_to_send, quantity_left and those of bad input.
    """
    order = alive(order)
    left = left_to_send(order)
    parts = wanted_lines(order, lines, needed=False)
    for part in parts:
        can = max(0, left[part.line.remote_id])
        if part.quantity > can:
            raise ChangeRefused("quantity_left", f"{part.line}: {can} are left to send.", f"{part.pointer}/quantity")
    units = {str(part.line.remote_id): part.quantity for part in parts}
    if not parts:
        units = {str(line): quantity for line, quantity in left.items() if quantity > 0}
    if not units:
        raise ChangeRefused("nothing_to_send", f"Nothing of {order} is left to send.")
    wanted = {"lines": units, **_tracking(company, numbers, urls), "notify": flag(notify, "/notify")}
    return ask(order, Change.Kind.FULFIL, wanted, by=by, source=source, reference=reference)


def left_to_send(order: Order) -> Counter[int]:
    """Units that can still be sent, by the line's remote id, less those that changes under way will send."""
    left: Counter[int] = Counter()
    works = list(order.fulfillment_orders.all())
    for work in works:
        for part in work.lines if work.is_open else []:
            left[part["line"]] += part["remaining"]
    if not works:  # not read yet: what was bought less what was sent
        left.update({line.remote_id: line.current_quantity for line in order.lines.filter(requires_shipping=True)})
        left.subtract(sent_units(order))
    for change in order.changes.filter(kind=Change.Kind.FULFIL, state__in=[Change.State.QUEUED, Change.State.RUNNING]):
        left.subtract({int(line): quantity for line, quantity in change.wanted["lines"].items()})
    return left


@transaction.atomic
def set_tracking(
    order: Order,
    fulfillment: str,
    *,
    by: str,
    company: str | None = None,
    numbers: Any = None,
    urls: Any = None,
    notify: bool = False,
    source: str = "",
    reference: str = "",
) -> Change:
    """Other tracking for a parcel (our id or the shop's); what is None stays.

    Raises ChangeRefused: unknown_parcel, parcel_cancelled, nothing_to_change, change_waiting and those of bad input.
    """
    order = taken(order)
    parcel = _parcel(order, fulfillment)
    given = {"company": company, "numbers": numbers, "urls": urls}
    said = {name: value for name, value in given.items() if value is not None}
    wanted = {
        name: value for name, value in _tracking(company or "", numbers or (), urls or ()).items() if name in said
    }
    known = {"company": parcel.tracking_company, "numbers": parcel.tracking_numbers, "urls": parcel.tracking_urls}
    wanted = {name: value for name, value in wanted.items() if value != known[name]}
    if not wanted:
        raise ChangeRefused("nothing_to_change", "The parcel has this tracking already.")
    base = {name: known[name] for name in wanted}
    parcel_id = str(parcel.remote_id)
    must_be_free(order, Change.Kind.TRACKING, wanted, wanted__fulfillment=parcel_id)
    wanted |= {"fulfillment": parcel_id, "notify": flag(notify, "/notify")}
    return ask(order, Change.Kind.TRACKING, wanted, base=base, by=by, source=source, reference=reference)


@transaction.atomic
def add_scan(
    order: Order,
    fulfillment: str,
    status: str,
    *,
    by: str,
    happened_at: datetime | str | None = None,
    message: str = "",
    city: str = "",
    province: str = "",
    country: str = "",
    zip: str = "",
    source: str = "",
    reference: str = "",
) -> Change:
    """A carrier's scan of a parcel (our id or the shop's); it happened now unless said otherwise (RFC 3339).

    Raises ChangeRefused: unknown_parcel, parcel_cancelled, invalid_time and those of bad input.
    """
    order = taken(order)
    parcel = _parcel(order, fulfillment)
    one_of(status, SCANS, "/status")
    wanted = {"fulfillment": str(parcel.remote_id), "status": status, "happened_at": _moment(happened_at)}
    places = {"message": message, "city": city, "province": province, "country": country, "zip": zip}
    wanted |= {name: text(value, f"/{name}", 255) for name, value in places.items()}
    return ask(order, Change.Kind.SCAN, wanted, by=by, source=source, reference=reference)


@transaction.atomic
def hold(
    order: Order,
    *,
    by: str,
    reason: str = "other",
    notes: str = "",
    fulfillment_orders: Any = (),
    source: str = "",
    reference: str = "",
) -> Change:
    """Hold back what is not sent yet: the fulfillment orders named (our ids or the shop's), or all that are open.

    Raises ChangeRefused: order_cancelled, unknown_fulfillment_order, nothing_to_send and those of bad input.
    """
    order = alive(order)
    one_of(reason, HOLD_REASONS, "/reason")
    works = _works(order, fulfillment_orders)
    if not works and order.fulfillment_orders.exists() and not any(w.is_open for w in order.fulfillment_orders.all()):
        raise ChangeRefused("nothing_to_send", f"Nothing of {order} is left to send.")
    wanted = {"fulfillment_orders": [str(work.remote_id) for work in works], "reason": reason}
    wanted |= {"notes": text(notes, "/notes", 255)}
    return ask(order, Change.Kind.HOLD, wanted, by=by, source=source, reference=reference)


@transaction.atomic
def release(order: Order, *, by: str, holds: Any = (), source: str = "", reference: str = "") -> Change:
    """Release holds of ours: those named by the shop's ids, or all of ours; never those of others.

    Raises ChangeRefused: not_our_hold, no_hold.
    """
    order = taken(order)
    names = _texts(holds, "/holds")
    works = list(order.fulfillment_orders.all())
    ours = {one["id"] for work in works if work.is_open for one in work.holds if one["ours"]}
    for index, name in enumerate(names):
        if works and name not in ours:
            raise ChangeRefused("not_our_hold", "This is not a hold of ours on this order.", f"/holds/{index}")
    if works and not ours:
        raise ChangeRefused("no_hold", f"{order} has no hold of ours.")
    return ask(order, Change.Kind.RELEASE, {"holds": names}, by=by, source=source, reference=reference)


@transaction.atomic
def move(
    order: Order, fulfillment_order: str, location: str, *, by: str, source: str = "", reference: str = ""
) -> Change:
    """Have a fulfillment order (our id or the shop's) sent from another location, by the shop's number.

    Raises ChangeRefused: order_cancelled, unknown_fulfillment_order, unknown_location, nothing_to_change.
    """
    order = alive(order)
    [work] = _works(order, [fulfillment_order], "/fulfillment_order")
    number = str(location)
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise ChangeRefused("unknown_location", "location is the shop's number of one.", "/location")
    place = Location.objects.filter(shop=order.shop, remote_id=int(number)).first()
    if place and not place.active:
        raise ChangeRefused("unknown_location", f"{place} is not in use.", "/location")
    if work.location_id == int(number):
        raise ChangeRefused("nothing_to_change", "It is sent from there already.", "/location")
    wanted = {"fulfillment_order": str(work.remote_id), "location": number}
    return ask(order, Change.Kind.MOVE, wanted, by=by, source=source, reference=reference)


def _works(order: Order, names: Any, at: str = "/fulfillment_orders") -> list[FulfillmentOrder]:
    works = list(order.fulfillment_orders.all())
    known = {key: work for work in works for key in (work.public_id, str(work.remote_id))}
    found = []
    for index, name in enumerate(_texts(names, at)):
        pointer = f"{at}/{index}" if at.endswith("s") else at
        if name not in known:
            raise ChangeRefused("unknown_fulfillment_order", f"This is not one of {order}.", pointer)
        if not known[name].is_open:
            raise ChangeRefused("nothing_to_send", f"It is {known[name].status}.", pointer)
        found.append(known[name])
    return found


def _parcel(order: Order, name: Any) -> Fulfillment:
    for parcel in order.fulfillments.all():
        if name in (parcel.public_id, str(parcel.remote_id)):
            if parcel.status == "cancelled":
                raise ChangeRefused("parcel_cancelled", "This parcel was cancelled.", "/fulfillment")
            return parcel
    raise ChangeRefused("unknown_parcel", f"This is not a parcel of {order}.", "/fulfillment")


def _tracking(company: Any, numbers: Any, urls: Any) -> dict[str, Any]:
    links = _texts(urls, "/urls", 2048)
    for index, link in enumerate(links):
        if not link.startswith(("https://", "http://")):
            raise ChangeRefused("invalid_url", "A tracking link begins with https://.", f"/urls/{index}")
    return {"company": text(company, "/company", 255), "numbers": _texts(numbers, "/numbers"), "urls": links}


def _texts(values: Any, pointer: str, most: int = 255) -> list[str]:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) > MOST_NUMBERS:
        raise ChangeRefused("invalid_text", f"Give a list of at most {MOST_NUMBERS} texts.", pointer)
    found = [text(value, f"{pointer}/{index}", most) for index, value in enumerate(values)]
    if not all(found):
        raise ChangeRefused("invalid_text", "None of them may be empty.", pointer)
    return list(dict.fromkeys(found))


def _moment(value: datetime | str | None) -> str:
    """RFC 3339 in whole seconds, as the shop keeps it."""
    problem = ChangeRefused("invalid_time", "This is a time such as 2026-11-23T10:00:00Z.", "/happened_at")
    try:
        moment = timezone.now() if value is None else datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise problem
        return moment.astimezone(timezone.get_fixed_timezone(0)).replace(microsecond=0).isoformat()
    except (ValueError, OverflowError) as error:
        raise problem from error
