"""What the console says about an order: plain values for templates, read in a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orders.models import LineItem, Order, Refund, Shop, UnitUse
from orders.money import Money, MoneyBag, decimal_of, rounded
from orders.stock import on_shelves

USED = {
    UnitUse.Kind.REFUND: "refunded",
    UnitUse.Kind.RETURN: "returned",
    UnitUse.Kind.REPLACEMENT: "replaced",
    UnitUse.Kind.CREDIT: "credited",
}


UNKNOWN_LINE = "a line we do not know"
IN_CLAIM = {"this_claim": "in this claim", "other_claim": "in another claim", "open_claim": "in an open claim"}


@dataclass(frozen=True, slots=True)
class UnitBox:
    """One bought unit: `state` is free, one of IN_CLAIM, or what it was used for; `title` says it in words."""

    number: int
    state: str
    title: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as the pages show it. `left` counts units that nothing has used."""

    line: LineItem
    paid: dict[str, Any]
    units: list[UnitBox]
    left: int
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def shows_units(self) -> bool:
        """Boxes say something about goods, and about anything else once it was used (a refunded fee)."""
        return self.line.requires_shipping or any(box.state != "free" for box in self.units)

    @property
    def units_in_words(self) -> str:
        """The text alternative of the boxes, for example "2 free, 1 refunded"."""
        counts: dict[str, int] = {}
        for box in self.units:
            words = IN_CLAIM.get(box.state, box.state)
            counts[words] = counts.get(words, 0) + 1
        return ", ".join(f"{count} {words}" for words, count in counts.items())


def line_rows(
    lines: Iterable[LineItem], uses: Iterable[UnitUse], claimed: Mapping[tuple[int, int], str] | None = None
) -> list[LineRow]:
    """Rows for `lines`. `claimed` says which (line, unit) are in a claim: one of the keys of IN_CLAIM."""
    used = {(use.line_id, use.unit): use for use in uses if use.released_at is None}
    return [_row(line, used, claimed or {}) for line in lines]


def with_stock(rows: list[LineRow], shop: Shop) -> list[LineRow]:
    """The same rows, each with `extra["shelf"]` where we know what is left of it. One query."""
    shelves = on_shelves(shop, {row.line.variant_id for row in rows if row.line.variant_id})
    for row in rows:
        if (shelf := shelves.get(row.line.variant_id or 0)) is not None:
            row.extra["shelf"] = shelf
    return rows


def _row(line: LineItem, used: Mapping[tuple[int, int], UnitUse], claimed: Mapping[tuple[int, int], str]) -> LineRow:
    boxes = []
    for unit in range(1, line.quantity + 1):
        use, claim = used.get((line.pk, unit)), claimed.get((line.pk, unit))
        if use is not None:
            words = USED[UnitUse.Kind(use.kind)]
            boxes.append(UnitBox(unit, words, f"Unit {unit}: {words} on {use.used_at:%d %b %Y} ({use.reference})"))
        elif claim:
            boxes.append(UnitBox(unit, claim, f"Unit {unit}: {IN_CLAIM[claim]}"))
        else:
            boxes.append(UnitBox(unit, "free", f"Unit {unit}: free"))
    left = sum(1 for unit in range(1, line.quantity + 1) if (line.pk, unit) not in used)
    return LineRow(line, paid(line).as_json(), boxes, left)


def paid(line: LineItem) -> MoneyBag:
    """What was paid for the whole line, discounts taken off, tax as the shop added it; each currency by itself."""

    def side(name: str) -> Money:
        amounts = line.amounts
        currency = amounts["unit_price"][name]["currency"]
        total = decimal_of(amounts["unit_price"][name]["amount"]) * line.quantity
        for part, sign in (("discount", -1), ("tax", 1)):
            bag = (amounts.get(part) or {}).get(name)
            total += sign * decimal_of(bag["amount"]) if bag else Decimal(0)
        return Money(rounded(total, currency), currency)

    return MoneyBag(side("shop"), side("presentment"))


AMOUNT_NAMES = {
    "subtotal": "Subtotal",
    "discounts": "Discounts",
    "shipping": "Shipping",
    "tax": "Tax",
    "total": "Total",
    "current_total": "Total after edits and refunds",
    "refunded": "Refunded",
    "outstanding": "Outstanding",
}


def money_rows(order: Order) -> list[tuple[str, dict[str, Any]]]:
    """(name, money bag) in the order in which people read a bill; names we do not know come last as they are."""
    known = [(title, order.amounts[name]) for name, title in AMOUNT_NAMES.items() if order.amounts.get(name)]
    rest = [
        (name.replace("_", " ").capitalize(), bag)
        for name, bag in sorted(order.amounts.items())
        if name not in AMOUNT_NAMES and bag
    ]
    return known + rest


def address_lines(address: Mapping[str, str] | None) -> list[str]:
    """A postal address as lines; empty when there is none."""
    if not address:
        return []
    get = address.get
    name = f"{get('first_name', '')} {get('last_name', '')}".strip()
    town = " ".join(part for part in (get("zip"), get("city"), get("province_code") or get("province")) if part)
    country = get("country") or get("country_code")
    return [part for part in (name, get("company"), get("address1"), get("address2"), town, country) if part]


def refund_rows(refunds: Iterable[Refund], lines: Iterable[LineItem]) -> list[dict[str, Any]]:
    """Refunds with their units in words and whether money moved, which the refund itself does not say."""
    titles = {line.remote_id: str(line) for line in lines}
    return [
        {
            "refund": refund,
            "units": [f"{part['quantity']} × {titles.get(part['line'], UNKNOWN_LINE)}" for part in refund.lines],
            "moved": any(str(t.get("status", "")).lower() == "success" for t in refund.transactions),
        }
        for refund in refunds
    ]
