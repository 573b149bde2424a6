"""The one door through which outside orders enter: lock, compare, write, journal exactly what changed."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from orders import parts
from orders.journal import record
from orders.models import Customer, Fulfillment, Order, Shop
from orders.parts import Event
from orders.snapshot import CustomerSnapshot, FulfillmentSnapshot, OrderSnapshot, RefundSnapshot, TrackingSnapshot


class OrderUnknown(Exception):
    """The shop names an order that we have not seen. Read it whole first, then apply the part."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a snapshot came from: `by` for people, `source` (a connection's public id) so that nothing echoes back."""

    by: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: `created`, `changed`, `unchanged`, `stale` (we know something newer), or `unclear`."""

    order: Order
    what: str


@transaction.atomic(savepoint=False)
def apply_snapshot(shop: Shop, snapshot: OrderSnapshot, origin: Origin, *, is_read: bool = True) -> Outcome:
    """Make our order what the snapshot says, unless we already know something newer.

    The row lock on (shop, order) is taken before anything is compared, so two deliveries of one order queue up here.
    A snapshot older than the stored `remote_updated_at` changes nothing; at equal times the content decides. Shopify
    sends the same order under several topics at once, so a snapshot we have just applied is known by its digest.
    With `is_read` False the snapshot came by message: at equal times (Shopify shows whole seconds) nobody knows which
    of two messages is the newer, so another content changes nothing and is `unclear` until the order is read.
    """
    order = _lock(shop, snapshot.remote_id)
    if order is not None and order.digest == parts.digest(snapshot):
        return Outcome(order, "unchanged")
    if order is not None and snapshot.updated_at < order.remote_updated_at:
        return Outcome(order, "stale")
    if order is not None and not is_read and snapshot.updated_at == order.remote_updated_at:
        return Outcome(order, "unclear")
    values = parts.order_values(snapshot)
    customer = _customer(shop, snapshot.customer)
    values["customer_id"] = customer and customer.pk
    if order is None:
        try:
            with transaction.atomic():
                order = Order.objects.create(shop=shop, remote_id=snapshot.remote_id, **values)
        except IntegrityError:
            if not Order.objects.filter(shop=shop, remote_id=snapshot.remote_id).exists():
                raise
            # Another delivery made it a moment ago; now its row can be locked and compared.
            return apply_snapshot(shop, snapshot, origin, is_read=is_read)
        created, events = True, [Event("order.created", {"name": order.name, "test": order.test})]
        parts.write_lines(order, snapshot.lines, known=[])
    else:
        created, events = False, _write_order(order, snapshot, values)
    for fulfillment in snapshot.fulfillments:
        events += parts.write_fulfillment(order, fulfillment)
    for refund in snapshot.refunds:
        events += parts.write_refund(order, refund)
    return _journal(order, events, origin, created=created)


def _write_order(order: Order, snapshot: OrderSnapshot, values: dict[str, Any]) -> list[Event]:
    """Write what differs of the order and its lines; one event, or none when only the time of the update moved."""
    cancelled_before = order.cancelled_at
    changed = parts.assign(order, values)
    if changed:
        order.save(update_fields=[*changed, "updated_at"])
    if parts.write_lines(order, snapshot.lines):
        changed.append("lines")
    visible = sorted({*changed} - {"remote_updated_at", "digest"})
    if not visible:
        return []
    action = "order.cancelled" if order.cancelled_at and not cancelled_before else "order.updated"
    return [Event(action, {"changed": visible})]


def apply_fulfillment(shop: Shop, order_id: int, snapshot: FulfillmentSnapshot, origin: Origin) -> Outcome:
    """Write one parcel of a known order; raises OrderUnknown. An older parcel never overwrites a newer one."""
    with transaction.atomic():
        order = _locked(shop, order_id)
        return _journal(order, parts.write_fulfillment(order, snapshot), origin)


def apply_refund(shop: Shop, order_id: int, snapshot: RefundSnapshot, origin: Origin) -> Outcome:
    """Write one refund of a known order and mark its units as used; raises OrderUnknown."""
    with transaction.atomic():
        order = _locked(shop, order_id)
        return _journal(order, parts.write_refund(order, snapshot), origin)


def apply_scan(shop: Shop, order_id: int, snapshot: TrackingSnapshot, origin: Origin) -> Outcome:
    """Write one carrier scan; raises OrderUnknown when the order or the parcel has not arrived yet."""
    with transaction.atomic():
        order = _locked(shop, order_id)
        parcel = Fulfillment.objects.filter(order=order, remote_id=snapshot.fulfillment_remote_id).first()
        if parcel is None:
            raise OrderUnknown(f"parcel {snapshot.fulfillment_remote_id} of order {order_id}")
        return _journal(order, parts.write_scan(parcel, snapshot), origin)


def apply_customer(shop: Shop, snapshot: CustomerSnapshot) -> Customer:
    """Write a customer; an older snapshot never overwrites a newer one."""
    with transaction.atomic():
        customer = _customer(shop, snapshot)
        assert customer is not None
        return customer


def mark_deleted(shop: Shop, order_id: int, origin: Origin) -> Outcome:
    """The shop deleted this order: marked, never erased; raises OrderUnknown."""
    with transaction.atomic():
        order = _locked(shop, order_id)
        if order.deleted_at:
            return Outcome(order, "unchanged")
        order.deleted_at = timezone.now()
        order.save(update_fields=["deleted_at"])
        return _journal(order, [Event("order.deleted", {"name": order.name})], origin)


def mark_customer_deleted(shop: Shop, remote_id: int) -> bool:
    """The shop deleted this customer; False when we never knew them or knew it already."""
    unmarked = Customer.objects.filter(shop=shop, remote_id=remote_id, deleted_at=None)
    return bool(unmarked.update(deleted_at=timezone.now()))


def _lock(shop: Shop, remote_id: int) -> Order | None:
    """The order's row, locked until the transaction ends; None when we do not know the order."""
    order = Order.objects.select_for_update().filter(shop=shop, remote_id=remote_id).first()
    if order is not None:
        order.shop = shop  # as the caller has it, with what is loaded already
    return order


def _locked(shop: Shop, remote_id: int) -> Order:
    """As `_lock`; raises OrderUnknown."""
    order = _lock(shop, remote_id)
    if order is None:
        raise OrderUnknown(f"order {remote_id} of {shop.domain}")
    return order


def _journal(order: Order, events: list[Event], origin: Origin, *, created: bool = False) -> Outcome:
    """One version and one journal entry per fact; nothing when nothing happened."""
    if not events:
        return Outcome(order, "unchanged")
    if not created:
        order.version += 1
        order.save(update_fields=["version", "updated_at"])
    for event in events:
        record(event.action, shop=order.shop, order=order, by=origin.by, source=origin.source,
               subject=event.subject, **event.facts)  # fmt: skip
    return Outcome(order, "created" if created else "changed")


def _customer(shop: Shop, snapshot: CustomerSnapshot | None) -> Customer | None:
    if snapshot is None:
        return None
    values: dict[str, Any] = {
        "email": snapshot.email,
        "phone": snapshot.phone,
        "first_name": snapshot.first_name,
        "last_name": snapshot.last_name,
        "remote_updated_at": snapshot.updated_at,
    }
    customer, created = Customer.objects.get_or_create(shop=shop, remote_id=snapshot.remote_id, defaults=values)
    known = customer.remote_updated_at
    is_newer = known is None or (snapshot.updated_at is not None and snapshot.updated_at >= known)
    if not created and is_newer and parts.assign(customer, values):
        # Two orders of one customer may be here at once; the newer of them must win whoever comes last.
        newer = Q(remote_updated_at__gt=snapshot.updated_at) if snapshot.updated_at else Q(pk__in=[])
        Customer.objects.filter(~newer, pk=customer.pk).update(**values)
    return customer
