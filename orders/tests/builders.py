"""Plain builders for tests: orders enter by the same door as in production."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from orders.intake import Origin, Outcome, apply_snapshot
from orders.models import Order, Shop
from orders.money import Money, MoneyBag
from orders.snapshot import Address, CustomerSnapshot, LineSnapshot, OrderSnapshot

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_ids = itertools.count(9_007_199_254_740_993)  # above 2^53, as Shopify's are


def next_id() -> int:
    return next(_ids)


def make_shop(domain: str = "tests.myshopify.com", currency: str = "USD") -> Shop:
    return Shop.objects.get_or_create(domain=domain, defaults={"currency": currency})[0]


def bag(amount: str, currency: str = "USD", presentment: str | None = None) -> MoneyBag:
    return MoneyBag(Money(Decimal(amount), currency), Money(Decimal(amount), presentment or currency))


def line(title: str = "Teapot", quantity: int = 1, price: str = "40.00", **fields: Any) -> LineSnapshot:
    fields.setdefault("remote_id", next_id())
    fields.setdefault("current_quantity", quantity)
    fields.setdefault("sku", title.upper())
    fields.setdefault("variant_id", 42)
    amounts = {"unit_price": bag(price), "discount": bag("0"), "tax": bag("0")}
    return LineSnapshot(title=title, quantity=quantity, amounts=fields.pop("amounts", amounts), **fields)


def fee_line(price: str = "1.00") -> LineSnapshot:
    return line("Delivery guarantee", price=price, sku="PROTECT", requires_shipping=False, variant_id=99)


def snapshot(*lines: LineSnapshot, **fields: Any) -> OrderSnapshot:
    rows = list(lines) or [line()]
    total = sum((row.amounts["unit_price"].shop.amount * row.quantity for row in rows), Decimal(0))
    defaults: dict[str, Any] = {
        "remote_id": next_id(),
        "name": "#1001",
        "created_at": NOON,
        "updated_at": NOON,
        "currency": "USD",
        "presentment_currency": "USD",
        "amounts": {"total": bag(str(total))},
        "email": "zoe@example.com",
        "customer": CustomerSnapshot(next_id(), "zoe@example.com", first_name="Zoë", last_name="Lindqvist"),
        "shipping_address": Address(
            first_name="Zoë", last_name="Lindqvist", address1="1 Test Street", city="Springfield", zip="62701",
            province_code="IL", country="United States", country_code="US",
        ),
        "financial_status": "paid",
    }  # fmt: skip
    return OrderSnapshot(lines=rows, **{**defaults, **fields})


def make_order(*lines: LineSnapshot, shop: Shop | None = None, **fields: Any) -> Order:
    return apply_snapshot(shop or make_shop(), snapshot(*lines, **fields), Origin(by="shopify")).order


def apply(snapshot: OrderSnapshot, shop: Shop | None = None, source: str = "") -> Outcome:
    return apply_snapshot(shop or make_shop(), snapshot, Origin(by="shopify", source=source))


def later(minutes: float = 1) -> datetime:
    return NOON + timedelta(minutes=minutes)


def story(order: Order) -> list[tuple[str, dict[str, Any]]]:
    """(action, facts) of the order's journal, oldest first."""
    return [(entry.action, entry.facts) for entry in order.journal.order_by("id")]
