"""Forms for what is sent: parcels, tracking, scans, holds, and from where."""

import re
from typing import Any

from orders import changes
from orders.admin.asks.form import PARCELS, Form, Typed, not_cancelled, ticked, units_typed
from orders.admin.parcels import WORDS
from orders.models import Change, Order


def _fulfil(order: Order, typed: Typed, by: str) -> Change:
    asked = units_typed(order, typed)
    lines = [{"line_item": line.public_id, "quantity": units} for line, units in asked if units]
    return changes.fulfil(
        order, lines=lines, company=typed.get("company", ""), numbers=_listed(typed, "numbers"),
        urls=_listed(typed, "urls"), notify=ticked(typed, "notify"), by=by,
    )  # fmt: skip


def _tracking(order: Order, typed: Typed, by: str) -> Change:
    """Links stay as they are where none is typed: the shop makes those of carriers it knows by itself."""
    return changes.set_tracking(
        order, typed.get("fulfillment", ""), company=typed.get("company", "").strip(),
        numbers=_listed(typed, "numbers"), urls=_listed(typed, "urls") or None, notify=ticked(typed, "notify"), by=by,
    )  # fmt: skip


def _scan(order: Order, typed: Typed, by: str) -> Change:
    happened = typed.get("happened_at", "").strip()
    said = {name: typed.get(name, "").strip() for name in ("message", "city", "province", "country", "zip")}
    return changes.add_scan(
        order, typed.get("fulfillment", ""), typed.get("status", ""), happened_at=f"{happened}Z" if happened else None,
        by=by, **said,
    )  # fmt: skip


def _hold(order: Order, typed: Typed, by: str) -> Change:
    named = [typed["fulfillment_order"]] if typed.get("fulfillment_order") else []
    return changes.hold(
        order, reason=typed.get("reason", ""), notes=typed.get("notes", ""), fulfillment_orders=named, by=by
    )


def _release(order: Order, typed: Typed, by: str) -> Change:
    return changes.release(order, by=by)


def _move(order: Order, typed: Typed, by: str) -> Change:
    return changes.move(order, typed.get("fulfillment_order", ""), typed.get("location", ""), by=by)


def _listed(typed: Typed, name: str) -> list[str]:
    """Several texts in one field, with blanks or commas between them."""
    return [text for text in re.split(r"[\s,]+", typed.get(name, "")) if text]


def _left(order: Order) -> dict[int, tuple[int, int | None]]:
    left = changes.left_to_send(order)
    return {
        line.pk: (left[line.remote_id], left[line.remote_id]) for line in order.lines.all() if left[line.remote_id] > 0
    }


def _parcels(order: Order) -> dict[str, Any]:
    return {"parcels": [parcel for parcel in order.fulfillments.order_by("id") if parcel.status != "cancelled"]}


def _work(order: Order) -> dict[str, Any]:
    return {"works": _open_work(order), "locations": order.shop.locations.filter(active=True).order_by("name")}


def _open_work(order: Order) -> list[Any]:
    return [work for work in order.fulfillment_orders.order_by("id") if work.is_open]


def _nothing_left(order: Order) -> str:
    left = any(units > 0 for units in changes.left_to_send(order).values())
    return not_cancelled(order) or ("" if left else "Nothing is left to send.")


def _no_parcel(order: Order) -> str:
    return "" if _parcels(order)["parcels"] else "Nothing was sent yet."


def _no_work(order: Order) -> str:
    return not_cancelled(order) or ("" if _open_work(order) else "Nothing is left to send.")


def _no_hold(order: Order) -> str:
    ours = any(hold["ours"] for work in _open_work(order) for hold in work.holds)
    return "" if ours else "Nothing is held back by us; holds of others only they release."


FORMS = (
    Form(Change.Kind.FULFIL, "Parcel", "orders/asks/fulfil.html", _fulfil, PARCELS, closed=_nothing_left, units=_left),
    Form(Change.Kind.TRACKING, "Tracking", "orders/asks/tracking.html", _tracking, PARCELS, closed=_no_parcel,
         facts=_parcels),
    Form(Change.Kind.SCAN, "Scan", "orders/asks/scan.html", _scan, PARCELS, closed=_no_parcel, facts=_parcels,
         choices={"status": [(code, WORDS.get(code, code)) for code in changes.SCANS]}),
    Form(Change.Kind.HOLD, "Hold", "orders/asks/hold.html", _hold, PARCELS, closed=_no_work, facts=_work,
         choices={"reason": changes.HOLD_REASONS}),
    Form(Change.Kind.RELEASE, "Release", "orders/asks/release.html", _release, PARCELS, closed=_no_hold, facts=_work),
    Form(Change.Kind.MOVE, "Move", "orders/asks/move.html", _move, PARCELS, closed=_no_work, facts=_work),
)  # fmt: skip
