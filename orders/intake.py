"""The one door through which outside orders enter: lock, compare, write, journal exactly what changed."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from orders.journal import record
from orders.models import Customer, Fulfillment, Order, Shop
from orders.parts import fulfillment_orders, head, lines, parcels, payments, refunds, returns
from orders.parts.facts import Event, assign
from orders.parts.personal import kept
from orders.snapshot import (
    CustomerSnapshot,
    FulfillmentOrderSnapshot,
    FulfillmentSnapshot,
    OrderSnapshot,
    PaymentSnapshot,
    RefundSnapshot,
    TrackingSnapshot,
)


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
def apply_snapshot(
    shop: Shop, snapshot: OrderSnapshot, origin: Origin, *, is_read: bool = True, since: int | None = None
) -> Outcome:
    """Make our order what the snapshot says, unless we already know something newer.

    The row lock on (shop, order) is taken before anything is compared, so two deliveries of one order queue up here.
    A snapshot older than the stored `remote_updated_at` changes nothing but its fulfillment orders, which have a clock
    of their own. Shopify sends the same order under several topics at once, so a snapshot we have just applied is known
    by its digest.

    At equal times (Shopify shows whole seconds) the content of a read decides. What came by message (`is_read` False),
    or was read while something else was written (`since` is the version our order had before the read, 0 for none), may
    be the older of the two: where it says something else, nothing is changed and it is `unclear` until the order is
    read (again).
    """
    order = _lock(shop, snapshot.remote_id)
    if order is None:
        return _create(shop, snapshot, origin, is_read=is_read, since=since)
    if order.digest == head.digest(snapshot):
        return Outcome(order, "unchanged")
    if snapshot.updated_at < order.remote_updated_at:
        events = fulfillment_orders.write_fulfillment_orders(order, snapshot.fulfillment_orders)
        return _journal(order, events, origin, nothing="stale")
    newest = is_read and since in (None, order.version)
    if newest or snapshot.updated_at > order.remote_updated_at:
        return _journal(order, _write(order, snapshot, whole=newest), origin)
    with transaction.atomic():
        if _write(order, snapshot, whole=False):
            transaction.set_rollback(True)
            return Outcome(order, "unclear")
    return Outcome(order, "unchanged")


def _create(shop: Shop, snapshot: OrderSnapshot, origin: Origin, *, is_read: bool, since: int | None) -> Outcome:
    order = Order(shop=shop, remote_id=snapshot.remote_id)
    values = head.order_values(snapshot)
    customer = _customer(shop, snapshot.customer) if snapshot.customer_known else None
    values["customer_id"] = customer and customer.pk
    if customer and customer.redacted_at and snapshot.created_at < customer.redacted_at:
        order.redacted_at = customer.redacted_at  # an order from before, that comes only now
    assign(order, kept(order, Order, values))
    try:
        with transaction.atomic():
            order.save(force_insert=True)
    except IntegrityError:
        if not Order.objects.filter(shop=shop, remote_id=snapshot.remote_id).exists():
            raise
        # Another delivery made it a moment ago; now its row can be locked and compared.
        return apply_snapshot(shop, snapshot, origin, is_read=is_read, since=since)
    lines.write_lines(order, snapshot.lines, known=[])
    created = Event("order.created", {"name": order.name, "test": order.test})
    events = [created, *head.out_of_balance(order, None), *_write_parts(order, snapshot, whole=True, is_new=True)]
    return _journal(order, events, origin, created=True)


def _write(order: Order, snapshot: OrderSnapshot, *, whole: bool) -> list[Event]:
    """Write what differs of a known order; the events say what. None when only the time of the update moved."""
    cancelled_before, discrepancy_before = order.cancelled_at, order.discrepancy
    values = head.order_values(snapshot)
    if snapshot.customer_known:
        customer = _customer(order.shop, snapshot.customer)
        values["customer_id"] = customer and customer.pk
    changed = head.write_order(order, values)
    if lines.write_lines(order, snapshot.lines):
        changed.append("lines")
    events = []
    if visible := sorted({*changed} - {"remote_updated_at", "digest"}):
        action = "order.cancelled" if order.cancelled_at and not cancelled_before else "order.updated"
        events = [Event(action, {"changed": visible}), *head.out_of_balance(order, discrepancy_before)]
    return events + _write_parts(order, snapshot, whole=whole)


def _write_parts(order: Order, snapshot: OrderSnapshot, *, whole: bool, is_new: bool = False) -> list[Event]:
    """The parts in the order in which they happen: paid, to be sent, sent, sent back, paid back."""
    return [
        *payments.write_payments(order, snapshot.payments, is_new=is_new),
        *fulfillment_orders.write_fulfillment_orders(order, snapshot.fulfillment_orders, is_new=is_new),
        *parcels.write_parcels(order, snapshot.fulfillments, whole=whole),
        *returns.write_returns(order, snapshot.returns),
        *refunds.write_refunds(order, snapshot.refunds),
    ]


def apply_fulfillment(shop: Shop, order_id: int, snapshot: FulfillmentSnapshot, origin: Origin) -> Outcome:
    """Write one parcel of a known order; raises OrderUnknown. An older parcel never overwrites a newer one."""
    with transaction.atomic():
        order = _locked(shop, order_id)
        return _journal(order, parcels.write_parcels(order, [snapshot], whole=False), origin)


def apply_fulfillment_orders(
    shop: Shop, order_id: int, snapshots: list[FulfillmentOrderSnapshot], origin: Origin, *, since: int | None = None
) -> Outcome:
    """Write fulfillment orders of a known order, each by its own clock; raises OrderUnknown.

    `since` as for `apply_snapshot`: when something was written since then, nothing is, and it is `unclear`.
    """
    with transaction.atomic():
        order = _locked(shop, order_id)
        if since not in (None, order.version):
            return Outcome(order, "unclear")
        return _journal(order, fulfillment_orders.write_fulfillment_orders(order, snapshots), origin)


def apply_payment(shop: Shop, order_id: int, snapshot: PaymentSnapshot, origin: Origin) -> Outcome:
    """Write one movement of money of a known order, and what became of the refund it pays; raises OrderUnknown."""
    with transaction.atomic():
        order = _locked(shop, order_id)
        events = payments.write_payments(order, [snapshot])
        return _journal(order, [*events, *refunds.settle(order, snapshot)], origin)


def apply_refund(shop: Shop, order_id: int, snapshot: RefundSnapshot, origin: Origin) -> Outcome:
    """Write one refund of a known order and mark its units as used; raises OrderUnknown."""
    with transaction.atomic():
        order = _locked(shop, order_id)
        return _journal(order, refunds.write_refunds(order, [snapshot]), origin)


def apply_scan(
    shop: Shop, order_id: int, snapshot: TrackingSnapshot, origin: Origin, *, taken_back: bool = False
) -> Outcome:
    """Write one carrier scan, or that it was taken back; raises OrderUnknown without its order or parcel."""
    with transaction.atomic():
        order = _locked(shop, order_id)
        parcel = Fulfillment.objects.filter(order=order, remote_id=snapshot.fulfillment_remote_id).first()
        if parcel is None:
            raise OrderUnknown(f"parcel {snapshot.fulfillment_remote_id} of order {order_id}")
        write = parcels.take_scan_back if taken_back else parcels.write_scan
        return _journal(order, write(order, parcel, snapshot), origin)


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


def _journal(
    order: Order, events: list[Event], origin: Origin, *, created: bool = False, nothing: str = "unchanged"
) -> Outcome:
    """One version and one journal entry per fact; `nothing` when nothing happened."""
    if not events:
        return Outcome(order, nothing)
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
    values = kept(customer, Customer, values)
    if not created and is_newer and assign(customer, values):
        # Two orders of one customer may be here at once; the newer of them must win whoever comes last.
        newer = Q(remote_updated_at__gt=snapshot.updated_at) if snapshot.updated_at else Q(pk__in=[])
        Customer.objects.filter(~newer, pk=customer.pk).update(**values)
    return customer
