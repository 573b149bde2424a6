"""Refunds: what the shop recorded, and the units that were paid back."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from orders import entitlement
from orders.changes import carrying
from orders.models import LineItem, Order, Refund
from orders.parts.facts import Event, amounts_json, assign
from orders.parts.payments import is_older, joined
from orders.parts.personal import kept
from orders.snapshot import PaymentSnapshot, RefundSnapshot


def write_refunds(order: Order, snapshots: Iterable[RefundSnapshot]) -> list[Event]:
    """Add or complete refunds and mark their units as used.

    A refund at the shop is a fact: when its units had been used already (replaced, say) it is recorded all the same,
    and a second event says how many units were paid for twice, for staff to look at.
    """
    if not (wanted := list(snapshots)):
        return []
    ids = [snapshot.remote_id for snapshot in wanted]
    known = {row.remote_id: row for row in Refund.objects.filter(order=order, remote_id__in=ids)}
    events = []
    for snapshot in wanted:
        events += _write_refund(order, snapshot, known.get(snapshot.remote_id))
    return events


def _write_refund(order: Order, snapshot: RefundSnapshot, refund: Refund | None) -> list[Event]:
    values = kept(order, Refund, refund_values(snapshot, refund))
    units: Counter[int] = Counter()  # one line may be named twice, once for each way it came back
    for part in snapshot.lines:
        units[part.line_remote_id] += part.quantity
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


def settle(order: Order, payment: PaymentSnapshot) -> list[Event]:
    """A movement of money was settled: say so in the refund that it pays, where it pays one."""
    if payment.kind != "refund":
        return []
    events = []
    for refund in Refund.objects.filter(order=order):
        moved = [
            {**part, "status": payment.status}
            if part.get("id") == str(payment.remote_id) and not is_older(payment.status, part.get("status", ""))
            else part
            for part in refund.transactions
        ]
        if assign(refund, {"transactions": moved}):
            refund.save(update_fields=["transactions"])
            events.append(Event("refund.updated", {"changed": ["transactions"]}, refund.public_id))
    return events


def refund_values(snapshot: RefundSnapshot, known: Refund | None = None) -> dict[str, Any]:
    """Column values of one refund, in the form the database gives them back; `known` is the refund we have."""
    values: dict[str, Any] = {
        "note": snapshot.note,
        "transactions": joined(known.transactions, snapshot.transactions) if known else snapshot.transactions,
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
    if snapshot.adjustments is not None:
        values["adjustments"] = [
            {"kind": part.kind, "reason": part.reason, **amounts_json(part.amounts)} for part in snapshot.adjustments
        ]
    if snapshot.return_remote_id is not None:
        values["return_remote_id"] = snapshot.return_remote_id
    return values


def _use_refunded(order: Order, refund: Refund, units: dict[int, int]) -> list[Event]:
    """Use the refund's units (those it has used already count); an event for each line that had too few left."""
    events, asked_by = [], carrying.who_asked(order, refund)
    for line in LineItem.objects.filter(order=order, remote_id__in=units):
        quantity = units[line.remote_id]
        if missing := entitlement.use_refunded(line, quantity, reference=refund.public_id, asked_by=asked_by):
            facts = {"line": line.public_id, "units": missing, "refund": refund.public_id}
            events.append(Event("entitlement.exceeded", facts, line.public_id))
    return events
