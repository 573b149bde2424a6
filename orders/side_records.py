"""What hangs on an order without being a part of it: disputes, the draft it was made from, merged customers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from orders.intake import Origin
from orders.journal import record
from orders.models import Customer, Dispute, DraftOrder, Order, Shop


@dataclass(frozen=True, slots=True)
class DisputeSnapshot:
    """A chargeback or inquiry; `amount` is {"amount", "currency"}."""

    remote_id: int
    order_remote_id: int | None
    kind: str
    status: str
    reason: str = ""
    amount: dict[str, str] = field(default_factory=dict)
    evidence_due_by: datetime | None = None
    initiated_at: datetime | None = None
    finalized_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class DraftSnapshot:
    remote_id: int
    name: str
    status: str
    order_remote_id: int | None = None
    updated_at: datetime | None = None


@transaction.atomic
def write_dispute(shop: Shop, snapshot: DisputeSnapshot, origin: Origin) -> str:
    """Keep a dispute; returns created, changed or unchanged.

    Messages about it bear no time: what was final stays final, whatever older message comes after it.
    """
    names = "kind status reason amount evidence_due_by initiated_at finalized_on order_remote_id".split()
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in names}
    dispute, created = Dispute.objects.get_or_create(shop=shop, remote_id=snapshot.remote_id, defaults=values)
    if not created:
        dispute = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if dispute.finalized_on and not snapshot.finalized_on:
            return "unchanged"
        if all(getattr(dispute, name) == value for name, value in values.items()):
            return "unchanged"
        for name, value in values.items():
            setattr(dispute, name, value)
        dispute.save()
    order = Order.objects.select_for_update().filter(shop=shop, remote_id=snapshot.order_remote_id or 0).first()
    record(
        "dispute.opened" if created else "dispute.updated", shop=shop, order=order, by=origin.by, source=origin.source,
        dispute=str(dispute.remote_id), kind=dispute.kind, status=dispute.status,
    )  # fmt: skip
    return "created" if created else "changed"


def write_draft(shop: Shop, snapshot: DraftSnapshot) -> str:
    """Keep a draft, newest wins; returns created, changed or unchanged. Drafts are no sales: nothing is journaled."""
    values = {
        "name": snapshot.name,
        "status": snapshot.status,
        "order_remote_id": snapshot.order_remote_id,
        "remote_updated_at": snapshot.updated_at,
    }
    _, created = DraftOrder.objects.get_or_create(shop=shop, remote_id=snapshot.remote_id, defaults=values)
    if created:
        return "created"
    older = Q(remote_updated_at=None) | Q(remote_updated_at__lte=snapshot.updated_at) if snapshot.updated_at else Q()
    changed = DraftOrder.objects.filter(older, shop=shop, remote_id=snapshot.remote_id).exclude(**values)
    return "changed" if changed.update(**values) else "unchanged"


@transaction.atomic
def merge_customers(shop: Shop, kept_id: int, deleted_id: int, origin: Origin) -> int:
    """The shop made one customer of two: orders of the one that is gone are the other's. Returns how many moved."""
    gone = Customer.objects.select_for_update().filter(shop=shop, remote_id=deleted_id).first()
    if gone is None or gone.merged_into_id:
        return 0
    kept, _ = Customer.objects.get_or_create(shop=shop, remote_id=kept_id)
    gone.merged_into = kept
    gone.save(update_fields=["merged_into"])
    moved = 0
    for order in Order.objects.select_for_update().filter(customer=gone).order_by("id"):
        order.customer = kept
        order.version += 1
        order.digest = ""  # the last snapshot names the other customer; the next one must be looked at again
        order.save(update_fields=["customer", "version", "digest", "updated_at"])
        record("order.updated", shop=shop, order=order, by=origin.by, source=origin.source, changed=["customer_id"])
        moved += 1
    return moved
