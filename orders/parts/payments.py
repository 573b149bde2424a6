"""Movements of money: payments of an order, and what became of the money of its refunds.

They have no clock. A movement that is settled stays so: no late message makes it pending again.
"""

from typing import Any

from orders.models import Order, Payment
from orders.parts.facts import Event, assign
from orders.snapshot import PaymentSnapshot

UNSETTLED = frozenset({"", "pending", "awaiting_response", "unknown"})


def write_payments(order: Order, snapshots: list[PaymentSnapshot] | None, *, is_new: bool = False) -> list[Event]:
    """Add or change payments; None changes nothing, and one that is not shown is kept. A new order has none yet."""
    if not snapshots:
        return []
    known = {} if is_new else {row.remote_id: row for row in Payment.objects.filter(order=order)}
    new: list[Payment] = []
    events = []
    for snapshot in snapshots:
        row = known.get(snapshot.remote_id)
        if row is None:
            new.append(Payment(order=order, remote_id=snapshot.remote_id, **payment_values(snapshot)))
        elif not is_older(snapshot.status, row.status) and (changed := assign(row, payment_values(snapshot))):
            row.save()
            events.append(_event("payment.updated", row, changed=sorted(changed)))
    Payment.objects.bulk_create(new)
    return events + [_event("payment.created", row) for row in new]


def is_older(status: str, known: str) -> bool:
    """Whether a movement said to be `status` is an old word on one known as `known`."""
    return status in UNSETTLED and known not in UNSETTLED


def payment_values(snapshot: PaymentSnapshot) -> dict[str, Any]:
    """Column values of one payment, in the form the database gives them back."""
    same_names = "parent_remote_id kind status gateway test processed_at"
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names.split()}
    return values | {"amount": snapshot.amount.as_json(), "remote_created_at": snapshot.created_at}


def _event(action: str, row: Payment, **facts: Any) -> Event:
    said = {"payment": str(row.remote_id), "kind": row.kind, "status": row.status, "gateway": row.gateway}
    return Event(action, {**said, "amount": row.amount, **facts})


def joined(known: list[dict[str, Any]], said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A refund's movements as `said`, with what we know and they do not say: a side of the amount, a settled status.

    A message names an amount in one of an order's two currencies, a read in both; neither is computed from the other.
    """
    before = {part.get("id"): part for part in known}
    return [_joined(before.get(part.get("id"), {}), part) for part in said]


def _joined(known: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    if not known:
        return said
    if is_older(said.get("status", ""), known.get("status", "")):
        return known
    amount = {**_sides(known), **_sides(said)}
    return {**said, "amount": amount} if amount else said


def _sides(part: dict[str, Any]) -> dict[str, Any]:
    amount = part.get("amount")
    return amount if isinstance(amount, dict) else {}
