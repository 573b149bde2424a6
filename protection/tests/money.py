"""Plain builders for tests of the money view, and its question."""

import csv
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orders.models import Fulfillment, Order, Shop
from orders.money import text_of
from orders.snapshot import LineSnapshot
from orders.tests.builders import bag, line, next_id
from protection.ledger.asking import Ledger
from protection.ledger.downloads import csv_lines
from protection.ledger.period import parse
from protection.ledger.statement import Book, Statement, statement
from protection.models import Claim, ClaimItem, Resolution
from protection.tests.builders import make_covered_order

TODAY = date(2026, 11, 26)


def fee(price: str, *, discount: str = "0", tax: str = "0", currency: str = "USD", quantity: int = 1) -> LineSnapshot:
    """The fee's own line."""
    amounts = {"unit_price": bag(price, currency), "discount": bag(discount, currency), "tax": bag(tax, currency)}
    return line("Delivery guarantee", quantity, amounts=amounts, sku="PROTECT", requires_shipping=False, variant_id=99)


def ledger(first: str = "2026-01", last: str = "2026-11", shops: Iterable[Shop] = ()) -> Ledger:
    return Ledger(list(shops) or list(Shop.objects.all()), parse(first, last, TODAY), TODAY)


def figures(first: str = "2026-01", last: str = "2026-11", shops: Iterable[Shop] = ()) -> Statement:
    return statement(ledger(first, last, shops))


def book(currency: str = "USD", found: Statement | None = None) -> Book:
    """The book of one currency; there must be one."""
    return next(one for one in (found or figures()).books if one.currency == currency)


def rows(name: str, first: str = "2026-01", last: str = "2026-11", **wanted: str) -> list[dict[str, str]]:
    """A download, as whoever opens it reads it."""
    return list(csv.DictReader(csv_lines(ledger(first, last), name, wanted)))


def total(found: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(row[column]) for row in found), Decimal(0))


def sent(order: Order, carrier: str = "UPS", *, place: int | None = None, lines: Iterable[int] = (), **fields: Any):
    """A parcel of the order with these lines (remote ids; none: it does not say)."""
    return Fulfillment.objects.create(
        order=order, remote_id=next_id(), status="success", tracking_company=carrier, location_id=place,
        lines=[{"line": one, "quantity": 1} for one in lines], **fields,
    )  # fmt: skip


def claimed(order: Order | None = None, reason: str = "lost", state: str = "closed", **fields: Any) -> Claim:
    """A claim on the first line, as it stands in the table; closed ones as approved, unless said otherwise."""
    order = order or make_covered_order()
    if state == "closed":
        fields = {"outcome": "approved", "closed_at": datetime.fromisoformat("2026-11-22T12:00:00Z"), **fields}
    else:
        fields.setdefault("next_actor", "agent")
    claim = Claim.objects.create(order=order, reason=reason, state=state, filed_by="partner:tests", **fields)
    ClaimItem.objects.create(claim=claim, line=order.lines.all()[0], quantity=1)
    return claim


def remedy(
    claim: Claim, kind: str = "replacement", amount: str = "10.00", at: str = "2026-11-22T12:00:00Z", **fields: Any
):
    """A remedy that was carried out for this much: goods at their price, or money."""
    currency = claim.order.currency
    side = {"amount": text_of(Decimal(amount), currency), "currency": currency}
    goods = kind == "replacement"
    moment = datetime.fromisoformat(at)
    cost = {"goods": side if goods else None, "goods_at": "price" if goods else None, "money": None if goods else side}
    defaults: dict[str, Any] = {
        "state": "executed", "executed_at": moment, "not_before": moment, "cost": {**cost, "label": None, "duty": None},
        "lines": [{"line": "li_1", "variant_id": 42, "quantity": 1, "unit_price": side}],
        "amount": {} if goods else {"shop": side, "presentment": side},
    }  # fmt: skip
    return Resolution.objects.create(claim=claim, kind=kind, **{**defaults, **fields})
