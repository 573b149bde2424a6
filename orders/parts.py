"""The parts of an order, written from a snapshot: each function compares, writes what differs, and says what happened.

All of them run inside `intake`, under the order's row lock.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Model

from orders import entitlement
from orders.changes import carrying
from orders.models import Fulfillment, LineItem, Order, Refund, TrackingEvent
from orders.snapshot import Amounts, FulfillmentSnapshot, LineSnapshot, OrderSnapshot, RefundSnapshot, TrackingSnapshot


@dataclass(frozen=True, slots=True)
class Event:
    """A fact for the journal. `subject` is the public id of the part it is about, empty for the order itself."""

    action: str
    facts: dict[str, Any] = field(default_factory=dict)
    subject: str = ""


def order_values(snapshot: OrderSnapshot) -> dict[str, Any]:
    """Column values of the order itself, in the form the database gives them back."""
    same_names = (
        "name number email phone note tags attributes test source_name source_identifier financial_status "
        "fulfillment_status cancel_reason currency presentment_currency processed_at cancelled_at closed_at"
    )
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names.split()}
    return values | {
        "total": snapshot.amounts["total"].shop.amount.quantize(Decimal("0.0001")),  # as many digits as the column
        "amounts": amounts_json(snapshot.amounts),
        "shipping_address": snapshot.shipping_address and snapshot.shipping_address.as_json(),
        "billing_address": snapshot.billing_address and snapshot.billing_address.as_json(),
        "remote_created_at": snapshot.created_at,
        "remote_updated_at": snapshot.updated_at,
        "digest": digest(snapshot),
    }


def digest(snapshot: OrderSnapshot) -> str:
    """SHA-256 of everything the snapshot says. Equal means the same; different may still mean the same."""
    return hashlib.sha256(repr(snapshot).encode()).hexdigest()


def amounts_json(amounts: Amounts) -> dict[str, Any]:
    return {name: bag.as_json() for name, bag in amounts.items()}


def assign(row: Model, values: dict[str, Any]) -> list[str]:
    """Set `values` on `row`; returns the names of those that differed."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def write_lines(order: Order, snapshots: list[LineSnapshot], known: Iterable[LineItem] | None = None) -> bool:
    """Add and change lines; never remove one, for Shopify keeps removed lines with a current quantity of 0.

    `known` are the lines it has, where the caller knows them (a new order has none).
    """
    lines = {line.remote_id: line for line in (LineItem.objects.filter(order=order) if known is None else known)}
    new, changed, touched = [], [], set()
    for position, snapshot in enumerate(snapshots):
        values = line_values(snapshot, position)
        line = lines.get(snapshot.remote_id)
        if line is None:
            new.append(LineItem(order=order, remote_id=snapshot.remote_id, **values))
        elif differing := assign(line, values):
            changed.append(line)
            touched.update(differing)
    LineItem.objects.bulk_create(new)
    if changed:
        LineItem.objects.bulk_update(changed, sorted(touched))
    return bool(new or changed)


def line_values(snapshot: LineSnapshot, position: int) -> dict[str, Any]:
    """Column values of one line, in the form the database gives them back."""
    same_names = (
        "title variant_title sku vendor variant_id product_id quantity current_quantity requires_shipping taxable "
        "gift_card tip properties"
    )
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names.split()}
    if snapshot.fulfillment_status is not None:
        values["fulfillment_status"] = snapshot.fulfillment_status
    return values | {"position": position, "amounts": amounts_json(snapshot.amounts)}


def write_fulfillment(order: Order, snapshot: FulfillmentSnapshot) -> list[Event]:
    """Add or change one parcel, unless the stored one is newer."""
    values = fulfillment_values(snapshot)
    parcel = Fulfillment.objects.filter(order=order, remote_id=snapshot.remote_id).first()
    if parcel is None:
        parcel = Fulfillment.objects.create(order=order, remote_id=snapshot.remote_id, **values)
        return [_parcel_event("fulfillment.created", parcel)]
    if snapshot.updated_at and parcel.remote_updated_at and snapshot.updated_at < parcel.remote_updated_at:
        return []
    changed = assign(parcel, values)
    if changed:
        parcel.save()
    visible = sorted(set(changed) - {"remote_updated_at"})
    return [_parcel_event("fulfillment.updated", parcel, changed=visible)] if visible else []


def fulfillment_values(snapshot: FulfillmentSnapshot) -> dict[str, Any]:
    """Column values of one parcel, in the form the database gives them back."""
    same_names = "name status tracking_company tracking_numbers tracking_urls location_id"
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names.split()}
    values |= {
        "lines": [{"line": part.line_remote_id, "quantity": part.quantity} for part in snapshot.lines],
        "remote_created_at": snapshot.created_at,
        "remote_updated_at": snapshot.updated_at,
    }
    if snapshot.shipment_status is not None:
        values["shipment_status"] = snapshot.shipment_status
    return values


def _parcel_event(action: str, parcel: Fulfillment, **facts: Any) -> Event:
    tracking = {"company": parcel.tracking_company, "numbers": parcel.tracking_numbers}
    return Event(action, {"status": parcel.status, "tracking": tracking, **facts}, subject=parcel.public_id)


def write_scan(parcel: Fulfillment, snapshot: TrackingSnapshot) -> list[Event]:
    """Add one scan; a scan that is known already changes nothing."""
    same_names = "status message happened_at city province country zip"
    values = {name: getattr(snapshot, name) for name in same_names.split()}
    scan, created = TrackingEvent.objects.get_or_create(
        fulfillment=parcel, remote_id=snapshot.remote_id, defaults=values
    )
    if not created:
        return []
    facts = {"status": scan.status, "happened_at": scan.happened_at.isoformat(), "tracking": parcel.tracking_numbers}
    return [Event("tracking.scanned", facts, subject=parcel.public_id)]


def write_refund(order: Order, snapshot: RefundSnapshot) -> list[Event]:
    """Add or complete one refund and mark its units as used.

    A refund at the shop is a fact: when its units had been used already (replaced, say) it is recorded all the same,
    and a second event says how many units were paid for twice, for staff to look at.
    """
    values = refund_values(snapshot)
    units: Counter[int] = Counter()  # one line may be named twice, once for each way it came back
    for part in snapshot.lines:
        units[part.line_remote_id] += part.quantity
    refund = Refund.objects.filter(order=order, remote_id=snapshot.remote_id).first()
    if refund is None:
        refund = Refund.objects.create(order=order, remote_id=snapshot.remote_id, **values)
        created = Event(
            "refund.created", {"units": {str(line): quantity for line, quantity in units.items()}}, refund.public_id
        )
        return [created, *_use_refunded(order, refund, units)]
    changed = assign(refund, values)
    if not changed:
        return []
    refund.save()
    updated = Event("refund.updated", {"changed": sorted(changed)}, refund.public_id)
    return [updated, *(_use_refunded(order, refund, units) if "lines" in changed else [])]


def refund_values(snapshot: RefundSnapshot) -> dict[str, Any]:
    """Column values of one refund, in the form the database gives them back."""
    return {
        "note": snapshot.note,
        "transactions": snapshot.transactions,
        "remote_created_at": snapshot.created_at,
        "processed_at": snapshot.processed_at,
        "lines": [
            {
                "line": line.line_remote_id,
                "quantity": line.quantity,
                "restock_type": line.restock_type,
                "amounts": amounts_json(line.amounts),
            }
            for line in snapshot.lines
        ],
    }


def _use_refunded(order: Order, refund: Refund, units: dict[int, int]) -> list[Event]:
    """Use the refund's units (those it has used already count); an event for each line that had too few left."""
    events, asked_by = [], carrying.who_asked(order, refund)
    for line in LineItem.objects.filter(order=order, remote_id__in=units):
        quantity = units[line.remote_id]
        if missing := entitlement.use_refunded(line, quantity, reference=refund.public_id, asked_by=asked_by):
            facts = {"line": line.public_id, "units": missing, "refund": refund.public_id}
            events.append(Event("entitlement.exceeded", facts, line.public_id))
    return events
