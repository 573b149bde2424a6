"""Shopify's webhook bodies (REST shape) → snapshots. Pure: no database, no network.

Tolerant by rule: any field may be null or missing, ids exceed 2^53, statuses may be new, some amounts are JSON floats
(the parser has made them Decimals). What cannot be missing is an order's id, its lines' ids and its times: a body
without them raises Unreadable.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from integrations.errors import Unreadable
from integrations.shopify.values import (
    Body,
    bags_of,
    clean,
    count,
    identifier,
    maybe_identifier,
    pairs,
    required_time,
    sum_of,
    tags,
    text,
    when,
    zero,
)
from orders.money import Money, decimal_of, text_of
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
    currency = text(body, "currency") or "XXX"  # ISO 4217 for "no currency": seen only in cut-down bodies
    presentment = text(body, "presentment_currency") or currency
    bag = bags_of(body, currency, presentment)
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
                "total": bag("total_price") or zero(currency, presentment),
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
    bag = bags_of(body, currency, presentment)
    remote_id, quantity = identifier(body["id"]), count(body["quantity"])
    current = body.get("current_quantity")
    if current is None:  # bodies before API 2024-10 do not say it
        refunded = sum(part.quantity for r in refunds for part in r.lines if part.line_remote_id == remote_id)
        current = max(0, quantity - refunded)
    # `total_discount` holds line discounts only; what the buyer really got is in the allocations.
    discount = sum_of(body.get("discount_allocations"), "amount", currency, presentment) or bag("total_discount")
    return LineSnapshot(
        remote_id=remote_id,
        title=text(body, "title") or text(body, "name"),
        quantity=quantity,
        current_quantity=count(current),
        amounts={
            "unit_price": bag("price") or zero(currency, presentment),
            "discount": discount or zero(currency, presentment),
            "tax": sum_of(body.get("tax_lines"), "price", currency, presentment) or zero(currency, presentment),
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
                    "subtotal": bags_of(line, currency, presentment)("subtotal") or zero(currency, presentment),
                    "tax": bags_of(line, currency, presentment)("total_tax") or zero(currency, presentment),
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
