"""Where an order here and the same order at the shop differ, field by field. Pure: no network, nothing is written.

Compared is exactly what `orders.intake.apply_snapshot` writes, in the form in which it writes it, so that applying the
snapshot closes every difference it may close. Lines, parcels and refunds are matched by their remote ids.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from orders.models import Customer, FulfillmentOrder, LineItem, Order, Refund, Return, TrackingEvent
from orders.parts import fulfillment_orders, head, lines, parcels, payments, refunds, returns
from orders.parts.personal import kept
from orders.snapshot import FulfillmentSnapshot, LineSnapshot, OrderSnapshot, RefundSnapshot

# Prefetch these (and select the customer) and `differences` asks the database nothing.
PARTS = ("lines", "fulfillments__scans", "refunds", "payments", "fulfillment_orders", "returns")
# What says when and how the snapshot came, not what the order is; the columns of whole things compared by themselves;
# what the shop would let us do just now.
_NOT_COMPARED = {"remote_updated_at", "digest", "total", "position", "supported_actions"}
_BY_KEY = {"amounts", "shipping_address", "billing_address"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field as we have it and as they have it, both in words for people; "" where one side has nothing.

    `field` is a path: financial_status, amounts.total, lines.<remote id>.quantity, refunds.<remote id>.
    """

    field: str
    ours: str
    theirs: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def differences(order: Order, snapshot: OrderSnapshot) -> list[Difference]:
    """Every field in which `order` is not what `snapshot` says; empty when both agree.

    Not compared is what intake would not write either: a part that the snapshot does not say (None), one that we know
    in a newer version, and personal data that was erased here.
    """
    return [
        *_fields("", order, kept(order, Order, head.order_values(snapshot))),
        *_customer(order, snapshot),
        *_lines(order, snapshot.lines),
        *_parcels(order, snapshot.fulfillments),
        *_refunds(order, snapshot.refunds),
        *_others(order, snapshot),
    ]


def _fields(path: str, row: Any, values: Mapping[str, Any]) -> Iterator[Difference]:
    for name, theirs in values.items():
        if name in _NOT_COMPARED:
            continue
        ours = getattr(row, name)
        if name in _BY_KEY and isinstance(ours, dict) and isinstance(theirs, dict):
            for key in sorted({*ours, *theirs}):
                yield from _one(f"{path}{name}.{key}", ours.get(key), theirs.get(key))
        else:
            yield from _one(f"{path}{name}", ours, theirs)


def _one(field: str, ours: Any, theirs: Any) -> Iterator[Difference]:
    if (ours or None) != (theirs or None) if not isinstance(theirs, bool) else ours != theirs:
        yield Difference(field, said(ours), said(theirs))


def _customer(order: Order, snapshot: OrderSnapshot) -> Iterator[Difference]:
    ours, theirs = order.customer, snapshot.customer
    if not snapshot.customer_known:
        return
    if ours is None or theirs is None or ours.remote_id != theirs.remote_id:
        ids = [str(side.remote_id) if side else "" for side in (ours, theirs)]
        yield from _one("customer", *ids)
        return
    if ours.remote_updated_at and (theirs.updated_at is None or theirs.updated_at < ours.remote_updated_at):
        return
    values = {name: getattr(theirs, name) for name in ("email", "phone", "first_name", "last_name")}
    yield from _fields("customer.", ours, kept(ours, Customer, values))


def _lines(order: Order, snapshots: list[LineSnapshot]) -> Iterator[Difference]:
    ours = {row.remote_id: row for row in order.lines.all()}
    for position, theirs in enumerate(snapshots):
        row = ours.pop(theirs.remote_id, None)
        if row is None:
            yield Difference(f"lines.{theirs.remote_id}", "", f"{theirs.quantity} × {theirs.title}")
        else:
            values = kept(order, LineItem, lines.line_values(theirs, position, row))
            yield from _fields(f"lines.{theirs.remote_id}.", row, values)
    for row in ours.values():  # never removed here: the shop keeps removed lines with a quantity of 0
        yield Difference(f"lines.{row.remote_id}", f"{row.quantity} × {row}", "")


def _parcels(order: Order, snapshots: list[FulfillmentSnapshot]) -> Iterator[Difference]:
    ours = {row.remote_id: row for row in order.fulfillments.all()}
    for theirs in snapshots:
        row = ours.pop(theirs.remote_id, None)
        path = f"fulfillments.{theirs.remote_id}"
        if row is None:
            yield Difference(path, "", theirs.name or theirs.status)
            continue
        if not (row.remote_updated_at and theirs.updated_at and theirs.updated_at < row.remote_updated_at):
            yield from _fields(f"{path}.", row, parcels.fulfillment_values(theirs))
        if theirs.scans is not None:
            seen = {scan.remote_id: parcels.scan_values(scan) for scan in theirs.scans}
            scans = {scan.remote_id: scan for scan in row.scans.all() if scan.deleted_at is None}
            yield from _whole(f"{path}.scans", scans, {pk: kept(order, TrackingEvent, v) for pk, v in seen.items()})
    for row in ours.values():
        yield Difference(f"fulfillments.{row.remote_id}", str(row), "")


def _refunds(order: Order, snapshots: list[RefundSnapshot]) -> Iterator[Difference]:
    ours = {row.remote_id: row for row in order.refunds.all()}
    for theirs in snapshots:
        row = ours.pop(theirs.remote_id, None)
        values = refunds.refund_values(theirs, row)
        if row is None:
            yield Difference(f"refunds.{theirs.remote_id}", "", said(values["lines"]) or "without items")
        else:
            yield from _fields(f"refunds.{theirs.remote_id}.", row, kept(order, Refund, values))
    for row in ours.values():
        yield Difference(f"refunds.{row.remote_id}", said(row.lines) or "without items", "")


def _others(order: Order, snapshot: OrderSnapshot) -> Iterator[Difference]:
    """Payments, fulfillment orders and returns, where the snapshot says them."""
    if snapshot.payments is not None:
        paid = {row.remote_id: row for row in order.payments.all()}
        moved = {
            one.remote_id: payments.payment_values(one)
            for one in snapshot.payments
            if not (one.remote_id in paid and payments.is_older(one.status, paid[one.remote_id].status))
        }
        yield from _whole("payments", paid, moved, unsaid={one.remote_id for one in snapshot.payments})
    if snapshot.fulfillment_orders is not None:
        work = {row.remote_id: row for row in order.fulfillment_orders.all()}
        shown = {
            one.remote_id: kept(order, FulfillmentOrder, fulfillment_orders.fulfillment_order_values(one))
            for one in snapshot.fulfillment_orders
            if not (one.remote_id in work and fulfillment_orders.is_older(one, work[one.remote_id]))
        }
        yield from _whole("fulfillment_orders", work, shown, unsaid={o.remote_id for o in snapshot.fulfillment_orders})
    if snapshot.returns is not None:
        back = {row.remote_id: row for row in order.returns.all()}
        yield from _whole(
            "returns",
            back,
            {one.remote_id: kept(order, Return, returns.return_values(one)) for one in snapshot.returns},
        )


def _whole(
    path: str, rows: Mapping[int, Any], seen: Mapping[int, dict[str, Any]], unsaid: Collection[int] = ()
) -> Iterator[Difference]:
    """Rows against the column values that the shop shows, by remote id; those of `unsaid` are shown, not compared."""
    for remote_id, values in seen.items():
        if remote_id in rows:
            yield from _fields(f"{path}.{remote_id}.", rows[remote_id], values)
        else:
            yield Difference(f"{path}.{remote_id}", "", str(values.get("status", "")) or "there")
    for remote_id, row in rows.items():
        if remote_id not in seen and remote_id not in unsaid:
            yield Difference(f"{path}.{remote_id}", str(row), "")


def said(value: Any) -> str:
    """A stored value in words: money with its currency, times in UTC, lists with commas, "" for nothing."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, list):
        return ", ".join(said(part) for part in value)
    if isinstance(value, dict):
        return _said_of(value)
    return str(value)


def _said_of(value: dict[str, Any]) -> str:
    if sides := [f"{value[side]['amount']} {value[side]['currency']}" for side in ("shop", "presentment")
                 if isinstance(value.get(side), dict)]:  # fmt: skip
        return sides[0] if sides[0] == sides[-1] else f"{sides[0]} (paid {sides[-1]})"
    if "status" in value and "amount" in value:
        return f"{value.get('kind') or 'movement'} {value['status']} {said(value['amount'])}".strip()
    if "name" in value and "value" in value:
        return f"{value['name']}: {value['value']}"
    if "line" in value and "quantity" in value:
        return f"{value['quantity']} of line {value['line']}"
    if "line" in value and "remaining" in value:
        return f"{value['remaining']} of {value['total']} of line {value['line']}"
    return ", ".join(said(part) for part in value.values() if said(part))


_PARTS_IN_WORDS = {
    "lines": "Item",
    "fulfillments": "Parcel",
    "refunds": "Refund",
    "payments": "Payment",
    "fulfillment_orders": "Work for a location",
    "returns": "Return",
}
_FIELDS_IN_WORDS = {
    "customer_id": "customer",
    "fulfillments": "parcels",
    "fulfillment_status": "dispatch status",
    "financial_status": "payment status",
    "closed_at": "archived",
    "cancelled_at": "cancelled",
    "processed_at": "placed",
    "remote_created_at": "made",
    "current_quantity": "quantity left",
    "lines": "items",
    "zip": "postcode",
    "email": "e-mail",
    "po_number": "purchase order number",
    "discrepancy": "sum that does not add up",
    "risk": "risk recommendation",
    "taxes_included": "whether prices hold the tax",
    "group": "bundle",
    "parent_remote_id": "follows",
    "return_remote_id": "return",
    "location_id": "location number",
    "location_name": "location",
    "fulfill_at": "to be sent from",
    "fulfill_by": "to be sent until",
    "scans": "scan",
}


def field_in_words(field: str, titles: Mapping[str, str] | None = None) -> str:
    """Such as "Shipping address: postcode"; `titles` names parts by their remote ids (as text)."""
    first, *rest = field.split(".")
    if first in _PARTS_IN_WORDS and rest:
        name = (titles or {}).get(rest[0], rest[0])
        return ": ".join([f"{_PARTS_IN_WORDS[first]} {name}", *(_words(part) for part in rest[1:])])
    if first == "amounts" and rest:
        return ": ".join(["Money", *(_words(part) for part in rest)])
    whole = ": ".join(_words(part) for part in (first, *rest))
    return whole[:1].upper() + whole[1:]


def _words(name: str) -> str:
    return _FIELDS_IN_WORDS.get(name, name.replace("_", " "))
