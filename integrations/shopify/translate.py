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
from integrations.shopify.bodies import money, orders, shipments
from integrations.shopify.values import Body, clean
from orders.snapshot import (
    CustomerSnapshot,
    FulfillmentSnapshot,
    OrderSnapshot,
    PaymentSnapshot,
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
    return reading("order", lambda: orders.order(body))


def fulfillment_snapshot(body: Body) -> FulfillmentSnapshot:
    """A parcel from fulfillments/create and fulfillments/update; raises Unreadable."""
    return reading("fulfillment", lambda: shipments.fulfillment(body))


def refund_snapshot(body: Body, currency: str, presentment: str) -> RefundSnapshot:
    """A refund from refunds/create. Its money bags name their currencies; the order's fill in where one is absent."""
    return reading("refund", lambda: money.refund(body, currency, presentment))


def tracking_snapshot(body: Body) -> TrackingSnapshot:
    """A scan from fulfillment_events/create; raises Unreadable."""
    return reading("scan", lambda: shipments.scan(body))


def customer_snapshot(body: Body) -> CustomerSnapshot:
    """A customer from customers/* ; raises Unreadable."""
    return reading("customer", lambda: orders.customer(body))


def payment_snapshot(body: Body, currency: str) -> PaymentSnapshot:
    """A movement of money from order_transactions/create, of an order in one currency; raises Unreadable."""
    return reading("transaction", lambda: money.payment(body, currency))
