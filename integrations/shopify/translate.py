"""Shopify's webhook bodies (REST shape) → snapshots. Pure: no database, no network.

Tolerant by rule: any field may be null or missing, ids exceed 2^53, statuses may be new, some amounts are JSON floats
(the parser has made them Decimals). What cannot be missing is an order's id, its lines' ids and its times: a body
without them raises Unreadable.
"""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.errors import Unreadable
from orders.money import Money, MoneyBag, decimal_of, text_of
from orders.snapshot import (
    Address,
    CustomerSnapshot,
    FulfillmentSnapshot,
    LineSnapshot,
    OrderSnapshot,
    QuantityOfLine,
    RefundLineSnapshot,
    RefundSnapshot,
    TrackingSnapshot,
)

Body = dict[str, Any]


def parse(raw: bytes) -> Body:
    """The JSON object of a body, with exact decimals; raises Unreadable."""
    try:
        body = json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Unreadable("The body is JSON, but not an object.")
    return _scrubbed(body)


def _scrubbed(value: Any) -> Any:
    """The same value with text that PostgreSQL can hold."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): _scrubbed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_scrubbed(inner) for inner in value]
    return value


def reading(what: str, translate: Callable[[], Any]) -> Any:
    """Run a translation; whatever is wrong with the body becomes Unreadable with the field's error."""
    try:
        return translate()
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise Unreadable(f"This {what} cannot be read: {type(error).__name__}: {error}") from error


def order_snapshot(body: Body) -> OrderSnapshot:
    """A whole order from orders/create, orders/updated and their kin; raises Unreadable."""
    return reading("order", lambda: _order(body))


def fulfillment_snapshot(body: Body) -> FulfillmentSnapshot:
    """A parcel from fulfillments/create and fulfillments/update; raises Unreadable."""
    return reading("fulfillment", lambda: _fulfillment(body))


def refund_snapshot(body: Body, currency: str, presentment: str) -> RefundSnapshot:
    """A refund from refunds/create. Its money bags name their currencies; the order's fill in where one is absent."""
    return reading("refund", lambda: _refund(body, currency, presentment))


def tracking_snapshot(body: Body) -> TrackingSnapshot:
    """A scan from fulfillment_events/create; raises Unreadable."""
    return reading("scan", lambda: _scan(body))


def customer_snapshot(body: Body) -> CustomerSnapshot:
    """A customer from customers/* ; raises Unreadable."""
    return reading("customer", lambda: _customer(body))


def _order(body: Body) -> OrderSnapshot:
    currency = text(body, "currency") or "XXX"
    presentment = text(body, "presentment_currency") or currency
    bag = _bags(body, currency, presentment)
    created = when(body.get("created_at")) or when(body.get("processed_at")) or required_time(body, "updated_at")
    refunds = [_refund(refund, currency, presentment) for refund in body.get("refunds") or []]
    return OrderSnapshot(
        remote_id=identifier(body["id"]),
        name=text(body, "name") or f"#{body.get('order_number') or body['id']}",
        number=maybe_identifier(body.get("order_number") or body.get("number")),
        created_at=created,
        updated_at=when(body.get("updated_at")) or created,
        currency=currency,
        presentment_currency=presentment,
        amounts={
            name: amount
            for name, amount in {
                "total": bag("total_price") or _zero(currency, presentment),
                "subtotal": bag("subtotal_price"),
                "discounts": bag("total_discounts"),
                "tax": bag("total_tax"),
                "shipping": bag("total_shipping_price"),
                "current_total": bag("current_total_price"),
                "current_subtotal": bag("current_subtotal_price"),
                "current_tax": bag("current_total_tax"),
                "current_discounts": bag("current_total_discounts"),
            }.items()
            if amount
        },
        lines=[_line(line, currency, presentment, refunds) for line in body.get("line_items") or []],
        email=text(body, "email") or text(body, "contact_email"),
        phone=text(body, "phone"),
        note=text(body, "note"),
        tags=tags(body.get("tags")),
        attributes=pairs(body.get("note_attributes")),
        test=bool(body.get("test")),
        source_name=text(body, "source_name"),
        source_identifier=text(body, "source_identifier"),
        processed_at=when(body.get("processed_at")),
        cancelled_at=when(body.get("cancelled_at")),
        cancel_reason=text(body, "cancel_reason"),
        closed_at=when(body.get("closed_at")),
        financial_status=text(body, "financial_status"),
        fulfillment_status=text(body, "fulfillment_status"),
        customer=_customer(body["customer"]) if (body.get("customer") or {}).get("id") else None,
        shipping_address=address(body.get("shipping_address")),
        billing_address=address(body.get("billing_address")),
        fulfillments=[_fulfillment(parcel) for parcel in body.get("fulfillments") or []],
        refunds=refunds,
    )


def _line(body: Body, currency: str, presentment: str, refunds: list[RefundSnapshot]) -> LineSnapshot:
    bag = _bags(body, currency, presentment)
    remote_id, quantity = identifier(body["id"]), count(body["quantity"])
    current = body.get("current_quantity")
    if current is None:  # bodies before API 2024-10 do not say it
        refunded = sum(part.quantity for r in refunds for part in r.lines if part.line_remote_id == remote_id)
        current = max(0, quantity - refunded)
    # `total_discount` holds line discounts only; what the buyer really got is in the allocations.
    discount = _sum(body.get("discount_allocations"), "amount", currency, presentment) or bag("total_discount")
    return LineSnapshot(
        remote_id=remote_id,
        title=text(body, "title") or text(body, "name"),
        quantity=quantity,
        current_quantity=count(current),
        amounts={
            "unit_price": bag("price") or _zero(currency, presentment),
            "discount": discount or _zero(currency, presentment),
            "tax": _sum(body.get("tax_lines"), "price", currency, presentment) or _zero(currency, presentment),
        },
        variant_title=text(body, "variant_title"),
        sku=text(body, "sku"),
        vendor=text(body, "vendor"),
        variant_id=maybe_identifier(body.get("variant_id")),
        product_id=maybe_identifier(body.get("product_id")),
        requires_shipping=bool(body.get("requires_shipping", True)),
        taxable=bool(body.get("taxable", True)),
        gift_card=bool(body.get("gift_card")),
        tip="tip" in body and body["tip"] is not None,
        fulfillment_status=text(body, "fulfillment_status"),
        properties=pairs(body.get("properties")),
    )


def _fulfillment(body: Body) -> FulfillmentSnapshot:
    numbers = body.get("tracking_numbers") or ([body["tracking_number"]] if body.get("tracking_number") else [])
    urls = body.get("tracking_urls") or ([body["tracking_url"]] if body.get("tracking_url") else [])
    return FulfillmentSnapshot(
        remote_id=identifier(body["id"]),
        name=text(body, "name"),
        status=text(body, "status"),
        shipment_status=text(body, "shipment_status"),
        lines=[
            QuantityOfLine(identifier(line["id"]), count(line["quantity"])) for line in body.get("line_items") or []
        ],
        tracking_company=text(body, "tracking_company"),
        tracking_numbers=[clean(number) for number in numbers],
        tracking_urls=[clean(url) for url in urls],
        location_id=maybe_identifier(body.get("location_id")),
        created_at=when(body.get("created_at")),
        updated_at=when(body.get("updated_at")),
    )


def _refund(body: Body, currency: str, presentment: str) -> RefundSnapshot:
    return RefundSnapshot(
        remote_id=identifier(body["id"]),
        note=text(body, "note"),
        created_at=when(body.get("created_at")),
        processed_at=when(body.get("processed_at")),
        lines=[
            RefundLineSnapshot(
                line_remote_id=identifier(line["line_item_id"]),
                quantity=count(line["quantity"]),
                restock_type=text(line, "restock_type"),
                amounts={
                    "subtotal": _bags(line, currency, presentment)("subtotal") or _zero(currency, presentment),
                    "tax": _bags(line, currency, presentment)("total_tax") or _zero(currency, presentment),
                },
            )
            for line in body.get("refund_line_items") or []
        ],
        transactions=[_transaction(t, currency) for t in body.get("transactions") or []],
    )


def _transaction(body: Body, currency: str) -> dict[str, str]:
    """What became of the money of a refund: {id, kind, status, gateway, amount, currency}, all text."""
    said = {name: text(body, name) for name in ("id", "kind", "status", "gateway")}
    money = Money(decimal_of(body.get("amount") or 0), text(body, "currency") or currency)
    return said | {"amount": text_of(money.amount, money.currency), "currency": money.currency}


def _scan(body: Body) -> TrackingSnapshot:
    return TrackingSnapshot(
        remote_id=identifier(body["id"]),
        fulfillment_remote_id=identifier(body["fulfillment_id"]),
        status=text(body, "status"),
        happened_at=when(body.get("happened_at")) or required_time(body, "created_at"),
        message=text(body, "message"),
        city=text(body, "city"),
        province=text(body, "province"),
        country=text(body, "country"),
        zip=text(body, "zip"),
    )


def _customer(body: Body) -> CustomerSnapshot:
    return CustomerSnapshot(
        remote_id=identifier(body["id"]),
        email=text(body, "email"),
        phone=text(body, "phone"),
        first_name=text(body, "first_name"),
        last_name=text(body, "last_name"),
        updated_at=when(body.get("updated_at")),
    )


def address(body: Body | None) -> Address | None:
    """A postal address; None when there is none (digital, pickup, point of sale)."""
    if not body:
        return None
    return Address(**{name: text(body, name) for name in Address.__dataclass_fields__})


def clean(value: Any) -> str:
    """Text as PostgreSQL can hold it: NUL characters and lone surrogates are replaced."""
    if value is None:
        return ""
    return str(value).replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def text(body: Body, name: str) -> str:
    return clean(body.get(name))


def identifier(value: Any) -> int:
    """A Shopify id: a positive integer, often beyond 2^53. Raises ValueError for anything else."""
    number = int(value)
    if not 0 < number < 2**63:
        raise ValueError(f"{value!r} is not an id")
    return number


def maybe_identifier(value: Any) -> int | None:
    return identifier(value) if value else None


def count(value: Any) -> int:
    """A number of units; raises ValueError below 0 or beyond what a column holds."""
    number = int(value)
    if not 0 <= number < 2**31:
        raise ValueError(f"{value!r} is not a quantity")
    return number


def pairs(value: Any) -> list[dict[str, str]]:
    """Line properties and order attributes: [{"name", "value"}] with values as text."""
    return [{"name": text(p, "name"), "value": text(p, "value")} for p in value or [] if isinstance(p, dict)]


def tags(value: Any) -> list[str]:
    """REST says "a, b", GraphQL ["a", "b"]."""
    parts = value if isinstance(value, list) else (value or "").split(",")
    return sorted({clean(tag).strip() for tag in parts} - {""})


def when(value: Any) -> datetime | None:
    """An RFC 3339 time; None for null. Raises ValueError for a time without an offset."""
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no offset from UTC")
    return moment


def required_time(body: Body, name: str) -> datetime:
    moment = when(body.get(name))
    if moment is None:
        raise ValueError(f"{name} is missing")
    return moment


def _bags(body: Body, currency: str, presentment: str) -> Callable[[str], MoneyBag | None]:
    """Reads `name_set` where Shopify sends both currencies, else `name` as shop money."""

    def read(name: str) -> MoneyBag | None:
        bag = body.get(f"{name}_set")
        if bag:
            return MoneyBag(_money(bag["shop_money"], currency), _money(bag["presentment_money"], presentment))
        if body.get(name) is None:
            return None
        amount = decimal_of(body[name])
        return MoneyBag(Money(amount, currency), Money(amount, presentment))

    return read


def _money(body: Body, default_currency: str) -> Money:
    return Money(decimal_of(body["amount"]), clean(body.get("currency_code") or default_currency))


def _sum(parts: list[Body] | None, name: str, currency: str, presentment: str) -> MoneyBag | None:
    bags = [bag for part in parts or [] if (bag := _bags(part, currency, presentment)(name))]
    if not bags:
        return None
    return MoneyBag(
        Money(sum((bag.shop.amount for bag in bags), Decimal(0)), bags[0].shop.currency),
        Money(sum((bag.presentment.amount for bag in bags), Decimal(0)), bags[0].presentment.currency),
    )


def _zero(currency: str, presentment: str) -> MoneyBag:
    return MoneyBag(Money(Decimal(0), currency), Money(Decimal(0), presentment))
