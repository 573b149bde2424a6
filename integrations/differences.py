"""Where an order here and the same order at the shop differ, field by field. Pure: no network, nothing is written.

Compared is exactly what `orders.intake.apply_snapshot` writes, in the form in which it writes it, so that applying the
snapshot closes every difference it may close. Lines, parcels and refunds are matched by their remote ids.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from orders import parts
from orders.models import Fulfillment, LineItem, Order
from orders.snapshot import FulfillmentSnapshot, LineSnapshot, OrderSnapshot, RefundSnapshot

# Prefetch these (and select the customer) and `differences` asks the database nothing.
PARTS = ("lines", "fulfillments", "refunds")
# What says when and how the snapshot came, not what the order is; the columns of whole things compared by themselves.
_NOT_COMPARED = {"remote_updated_at", "digest", "total", "position"}
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

    A part that we know in a newer version than the snapshot is not compared, as intake would not write it either.
    """
    return [
        *_fields("", order, parts.order_values(snapshot)),
        *_customer(order, snapshot),
        *_lines(order.lines.all(), snapshot.lines),
        *_parcels(order.fulfillments.all(), snapshot.fulfillments),
        *_refunds(order, snapshot.refunds),
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
    if ours is None or theirs is None or ours.remote_id != theirs.remote_id:
        ids = [str(side.remote_id) if side else "" for side in (ours, theirs)]
        yield from _one("customer", *ids)
        return
    if ours.remote_updated_at and (theirs.updated_at is None or theirs.updated_at < ours.remote_updated_at):
        return
    for name in ("email", "phone", "first_name", "last_name"):
        yield from _one(f"customer.{name}", getattr(ours, name), getattr(theirs, name))


def _lines(rows: Iterable[LineItem], snapshots: list[LineSnapshot]) -> Iterator[Difference]:
    ours = {row.remote_id: row for row in rows}
    for position, theirs in enumerate(snapshots):
        row = ours.pop(theirs.remote_id, None)
        if row is None:
            yield Difference(f"lines.{theirs.remote_id}", "", f"{theirs.quantity} × {theirs.title}")
        else:
            yield from _fields(f"lines.{theirs.remote_id}.", row, parts.line_values(theirs, position))
    for row in ours.values():  # never removed here: the shop keeps removed lines with a quantity of 0
        yield Difference(f"lines.{row.remote_id}", f"{row.quantity} × {row}", "")


def _parcels(rows: Iterable[Fulfillment], snapshots: list[FulfillmentSnapshot]) -> Iterator[Difference]:
    ours = {row.remote_id: row for row in rows}
    for theirs in snapshots:
        row = ours.pop(theirs.remote_id, None)
        if row is None:
            yield Difference(f"fulfillments.{theirs.remote_id}", "", theirs.name or theirs.status)
        elif not (row.remote_updated_at and theirs.updated_at and theirs.updated_at < row.remote_updated_at):
            yield from _fields(f"fulfillments.{theirs.remote_id}.", row, parts.fulfillment_values(theirs))
    for row in ours.values():
        yield Difference(f"fulfillments.{row.remote_id}", str(row), "")


def _refunds(order: Order, snapshots: list[RefundSnapshot]) -> Iterator[Difference]:
    ours = {row.remote_id: row for row in order.refunds.all()}
    for theirs in snapshots:
        row = ours.pop(theirs.remote_id, None)
        values = parts.refund_values(theirs)
        if row is None:
            yield Difference(f"refunds.{theirs.remote_id}", "", said(values["lines"]) or "without items")
        else:
            values["transactions"] = _comparable(row.transactions, theirs.transactions)
            yield from _fields(f"refunds.{theirs.remote_id}.", row, values)
    for row in ours.values():
        yield Difference(f"refunds.{row.remote_id}", said(row.lines) or "without items", "")


def _comparable(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`theirs` with our amount where the same movement is named in another currency.

    A webhook names it in one of the order's two currencies and a read in the other; neither is computed from the other.
    """
    known = {part.get("id"): part for part in ours if part.get("id")}
    comparable = []
    for part in theirs:
        same = known.get(part.get("id"))
        if same and same.get("currency") != part.get("currency"):
            part = {**part, "amount": same.get("amount"), "currency": same.get("currency")}
        comparable.append(part)
    return comparable


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
    if "shop" in value and "presentment" in value:
        shop, shopper = (f"{value[side]['amount']} {value[side]['currency']}" for side in ("shop", "presentment"))
        return shop if shop == shopper else f"{shop} (paid {shopper})"
    if "name" in value and "value" in value:
        return f"{value['name']}: {value['value']}"
    if "line" in value and "quantity" in value:
        return f"{value['quantity']} of line {value['line']}"
    return ", ".join(said(part) for part in value.values() if said(part))


_PARTS_IN_WORDS = {"lines": "Item", "fulfillments": "Parcel", "refunds": "Refund"}
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
