"""Where the shop's order and the order that our REST API serves differ, field by field; pure.

The shop's side is the order as its own page shows it (the shape of a webhook's body, and under `kept` its payments and
fulfillment orders, which no such body holds), ours is `GET /v1/orders`.
Nothing of the product is used here: what it reads and compares by itself must be judged by somebody else.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

Order = dict[str, Any]

# Field of the API → field of the shop.
TEXTS = {
    "remote_id": "id", "name": "name", "number": "order_number", "email": "email", "phone": "phone", "note": "note",
    "test": "test", "source_name": "source_name", "source_identifier": "source_identifier",
    "financial_status": "financial_status", "fulfillment_status": "fulfillment_status",
    "cancel_reason": "cancel_reason", "currency": "currency", "presentment_currency": "presentment_currency",
}  # fmt: skip
TIMES = {
    "remote_created_at": "created_at", "remote_updated_at": "updated_at", "processed_at": "processed_at",
    "cancelled_at": "cancelled_at", "closed_at": "closed_at",
}  # fmt: skip
AMOUNTS = {
    "total": "total_price", "subtotal": "subtotal_price", "discounts": "total_discounts", "tax": "total_tax",
    "shipping": "total_shipping_price", "current_total": "current_total_price",
    "current_subtotal": "current_subtotal_price", "current_tax": "current_total_tax",
    "current_discounts": "current_total_discounts",
}  # fmt: skip
LINE_TEXTS = (
    "title", "variant_title", "sku", "vendor", "variant_id", "product_id", "quantity", "current_quantity",
    "requires_shipping", "taxable", "gift_card", "fulfillment_status",
)  # fmt: skip
PARCEL_TEXTS = ("name", "status", "tracking_company", "tracking_numbers", "tracking_urls")
ADDRESS = ("first_name", "last_name", "company", "address1", "address2", "city", "province", "zip", "country", "phone")
PERSON = ("email", "phone", "first_name", "last_name")


def differing(theirs: dict[int, Order], ours: dict[int, Order]) -> Iterator[str]:
    """One sentence for each field of each order that is not the same; both sides by the shop's order id."""
    for pk in sorted(theirs.keys() - ours.keys()):
        yield f"{theirs[pk]['name']}: not here"
    for pk in sorted(ours.keys() - theirs.keys()):
        if ours[pk]["deleted_at"] is None:
            yield f"{ours[pk]['name']}: not at the shop, and not marked as deleted"
    for pk in sorted(theirs.keys() & ours.keys()):
        name = theirs[pk]["name"]
        if ours[pk]["deleted_at"] is not None:
            yield f"{name}: marked as deleted"
        for field, here, there in fields(theirs[pk], ours[pk]):
            yield f"{name}: {field} is {here!r}, at the shop {there!r}"


def fields(theirs: Order, ours: Order) -> Iterator[tuple[str, Any, Any]]:
    """(field, our value, their value) of whatever differs in one order."""
    yield from _each("", ours, theirs, TEXTS.items(), _text)
    yield from _each("", ours, theirs, TIMES.items(), _time)
    for here, there in AMOUNTS.items():
        yield from _one(f"amounts.{here}", _ours(ours["amounts"].get(here)), _theirs(theirs[f"{there}_set"]))
    yield from _one("tags", sorted(ours["tags"]), sorted(tag for tag in theirs["tags"].split(", ") if tag))
    yield from _one("attributes", _pairs(ours["attributes"]), _pairs(theirs["note_attributes"]))
    yield from _person(ours["customer"], theirs["customer"])
    for name in ("shipping_address", "billing_address"):
        here, there = ours[name] or {}, theirs[name] or {}
        yield from _each(f"{name}.", here, there, ((key, key) for key in ADDRESS), _text)
    for name in ("line_items", "fulfillments", "refunds"):
        yield from _one(name, sorted(_by_id(ours[name], "remote_id")), sorted(_by_id(theirs[name], "id")))
    yield from _lines(ours, theirs)
    yield from _parcels(ours, theirs)
    yield from _refunds(ours, theirs)
    yield from _one(
        "payments", _payments(ours["payments"], "remote_id"), _payments(theirs["kept"]["transactions"], "id")
    )
    yield from _work(ours["fulfillment_orders"], theirs["kept"]["fulfillment_orders"])


def _lines(ours: Order, theirs: Order) -> Iterator[tuple[str, Any, Any]]:
    for path, here, there in _matched("line_items", ours, theirs):
        yield from _each(path, here, there, ((key, key) for key in LINE_TEXTS), _text)
        amounts = here["amounts"]
        yield from _one(f"{path}price", _ours(amounts["unit_price"]), _theirs(there["price_set"]))
        taxes, discounts = there["tax_lines"], there["discount_allocations"]
        yield from _one(f"{path}tax", _ours(amounts["tax"]), _sum(tax["price_set"] for tax in taxes))
        yield from _one(f"{path}discount", _ours(amounts["discount"]), _sum(part["amount_set"] for part in discounts))
        yield from _one(f"{path}properties", _pairs(here["properties"]), _pairs(there["properties"]))


def _parcels(ours: Order, theirs: Order) -> Iterator[tuple[str, Any, Any]]:
    for path, here, there in _matched("fulfillments", ours, theirs):
        yield from _each(path, here, there, ((key, key) for key in PARCEL_TEXTS), _text)
        yield from _one(f"{path}updated_at", _time(here["updated_at"]), _time(there["updated_at"]))
        units = sorted((str(line["id"]), line["quantity"]) for line in there["line_items"])
        yield from _one(
            f"{path}lines", sorted((line["line_remote_id"], line["quantity"]) for line in here["lines"]), units
        )


def _refunds(ours: Order, theirs: Order) -> Iterator[tuple[str, Any, Any]]:
    for path, here, there in _matched("refunds", ours, theirs):
        yield from _one(f"{path}note", _text(here["note"]), _text(there["note"]))
        units = sorted((str(p["line_item_id"]), p["quantity"], p["restock_type"]) for p in there["refund_line_items"])
        yield from _one(
            f"{path}lines",
            sorted((p["line_remote_id"], p["quantity"], p["restock_type"]) for p in here["lines"]),
            units,
        )
        # The amount is left out: it may be in the one or the other of the order's two currencies.
        money = sorted((str(one["id"]), one["kind"], one["status"]) for one in there["transactions"])
        yield from _one(
            f"{path}transactions",
            sorted((one["id"], one["kind"], one["status"]) for one in here["transactions"]),
            money,
        )


def _payments(movements: list[Order], key: str) -> list[tuple[str, ...]]:
    """Each movement of money by its id: what it is, where it came from, how far it is, how much in both currencies."""
    return sorted(
        (str(one[key]), one["kind"], one["status"], one["gateway"], *_both(one["amount"])) for one in movements
    )


def _both(amount: Order) -> tuple[str, str]:
    """Ours names the currency with the number, the shop keeps the number."""
    sides = (amount["shop"], amount["presentment"])
    shop, presentment = (Decimal(side["amount"] if isinstance(side, dict) else side) for side in sides)
    return str(shop.normalize()), str(presentment.normalize())


def _work(ours: list[Order], theirs: list[Order]) -> Iterator[tuple[str, Any, Any]]:
    """Which location is to send how many of what, and how far it is."""
    here = sorted((w["remote_id"], w["status"], w["location_id"], _units(w["lines"], "line_remote_id")) for w in ours)
    there = sorted((str(w["id"]), w["status"], str(w["location_id"]), _units(w["lines"], "line_id")) for w in theirs)
    yield from _one("fulfillment_orders", here, there)


def _units(parts: list[Order], line: str) -> list[tuple[str, int, int]]:
    return sorted((str(part[line]), part["total"], part["remaining"]) for part in parts)


def _matched(name: str, ours: Order, theirs: Order) -> Iterator[tuple[str, Order, Order]]:
    """(path, our part, their part) for the parts that both have, by the shop's ids."""
    here, there = _by_id(ours[name], "remote_id"), _by_id(theirs[name], "id")
    return ((f"{name}.{pk}.", here[pk], there[pk]) for pk in here.keys() & there.keys())


def _by_id(parts: list[Order], key: str) -> dict[str, Order]:
    return {str(part[key]): part for part in parts}


def _person(ours: Order | None, theirs: Order | None) -> Iterator[tuple[str, Any, Any]]:
    yield from _one("customer", ours and ours["remote_id"], theirs and str(theirs["id"]))
    if ours and theirs:
        yield from _each("customer.", ours, theirs, ((key, key) for key in PERSON), _text)


def _each(
    path: str, ours: Order, theirs: Order, names: Iterable[tuple[str, str]], read: Callable[[Any], Any]
) -> Iterator[tuple[str, Any, Any]]:
    for here, there in names:
        yield from _one(f"{path}{here}", read(ours.get(here)), read(theirs.get(there)))


def _one(field: str, ours: Any, theirs: Any) -> Iterator[tuple[str, Any, Any]]:
    if ours != theirs:
        yield field, ours, theirs


def _text(value: Any) -> str:
    """Nothing is nothing, however it is written; ids are text here and numbers there."""
    return "" if value is None else str(value)


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _pairs(values: list[Order]) -> list[tuple[str, str]]:
    return sorted((one["name"], _text(one["value"])) for one in values)


def _ours(bag: Order | None) -> tuple[Decimal, Decimal] | None:
    return bag and (Decimal(bag["shop"]["amount"]), Decimal(bag["presentment"]["amount"]))  # type: ignore[return-value]


def _theirs(bag: Order | None) -> tuple[Decimal, Decimal] | None:
    return bag and (Decimal(bag["shop_money"]["amount"]), Decimal(bag["presentment_money"]["amount"]))  # type: ignore[return-value]


def _sum(bags: Iterable[Order]) -> tuple[Decimal, Decimal]:
    shop = presentment = Decimal(0)
    for bag in bags:
        shop += Decimal(bag["shop_money"]["amount"])
        presentment += Decimal(bag["presentment_money"]["amount"])
    return shop, presentment
