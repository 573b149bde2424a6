"""The order itself, without its lines, parcels and money movements."""

import hashlib
from decimal import Decimal
from typing import Any

from orders.models import Order
from orders.money import text_of
from orders.parts.facts import Event, amounts_json, assign
from orders.parts.personal import kept
from orders.snapshot import OrderSnapshot, ShippingLineSnapshot

_DIGITS = Decimal("0.0001")  # as many as the columns have
# Sources that do not say them leave them out (None): then what we know is kept.
_MAYBE = "discount_codes confirmation_number po_number customer_locale risk return_status taxes_included".split()


def order_values(snapshot: OrderSnapshot) -> dict[str, Any]:
    """Column values of the order itself, in the form the database gives them back; without what is not said."""
    same_names = (
        "name number email phone note tags attributes test source_name source_identifier financial_status "
        "fulfillment_status cancel_reason currency presentment_currency processed_at cancelled_at closed_at"
    )
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names.split()}
    values |= {name: said for name in _MAYBE if (said := getattr(snapshot, name)) is not None}
    if snapshot.shipping_lines is not None:
        values["shipping_lines"] = [_shipping_line(line) for line in snapshot.shipping_lines]
    if snapshot.discrepancy is not None:
        values["discrepancy"] = snapshot.discrepancy.quantize(_DIGITS) or None
    return values | {
        "total": snapshot.amounts["total"].shop.amount.quantize(_DIGITS),
        "amounts": amounts_json(snapshot.amounts),
        "shipping_address": snapshot.shipping_address and snapshot.shipping_address.as_json(),
        "billing_address": snapshot.billing_address and snapshot.billing_address.as_json(),
        "remote_created_at": snapshot.created_at,
        "remote_updated_at": snapshot.updated_at,
        "digest": digest(snapshot),
    }


def _shipping_line(line: ShippingLineSnapshot) -> dict[str, Any]:
    said = {"id": line.remote_id, "title": line.title, "code": line.code, "removed": line.removed}
    return said | {"price": line.price.as_json()}


def digest(snapshot: OrderSnapshot) -> str:
    """SHA-256 of everything the snapshot says. Equal means the same; different may still mean the same."""
    return hashlib.sha256(repr(snapshot).encode()).hexdigest()


def write_order(order: Order, values: dict[str, Any]) -> list[str]:
    """Write what differs of a known order; returns the names of those columns."""
    changed = assign(order, kept(order, Order, values))
    if changed:
        order.save(update_fields=[*changed, "updated_at"])
    return changed


def out_of_balance(order: Order, before: Decimal | None) -> list[Event]:
    """That the total is not the sum of its parts is told once, when it is first seen."""
    if order.unbalanced is None or before is not None:
        return []
    by = text_of(order.unbalanced.amount, order.currency)
    return [Event("order.unbalanced", {"difference": by, "currency": order.currency})]
