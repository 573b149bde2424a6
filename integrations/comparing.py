"""Comparing an order with the shop, keeping what differs as a `Drift`, and healing it through the one door in.

Reading from the shop never happens inside a transaction; what was read is noted in one, under the order's row lock.
"""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from integrations.differences import PARTS, Difference, differences
from integrations.models import Connection, Drift
from integrations.shopify.arriving import apply_order
from integrations.shopify.reads import read_order
from orders.models import Order
from orders.snapshot import OrderSnapshot


@dataclass(frozen=True, slots=True)
class Comparison:
    """`what`: same, differs, older (the shop's answer is older than what we have), hidden (the shop shows no order).

    `found` differs still; `healed` differed before the shop's order was let in, in all that it may change.
    """

    what: str
    found: list[Difference] = field(default_factory=list)
    healed: list[Difference] = field(default_factory=list)


def compare(connection: Connection, order: Order, *, by: str) -> Comparison:
    """Read the order from the shop and note what differs. Raises RetryLater, GiveUp, Unreadable."""
    snapshot = read_order(connection, order.remote_id)
    return Comparison("hidden") if snapshot is None else note(connection, order.pk, snapshot, by=by)


def heal(connection: Connection, order: Order, *, by: str) -> Comparison:
    """Read the order, let it in as any other news of the shop, and compare again; raises as `compare`.

    What then still differs is what a read may not change: something newer here, or a part the shop no longer shows.
    """
    snapshot = read_order(connection, order.remote_id)
    if snapshot is None:
        return Comparison("hidden")
    return let_in(connection, snapshot, by=by)


@transaction.atomic
def let_in(connection: Connection, snapshot: OrderSnapshot, *, by: str, is_drift: bool = True) -> Comparison:
    """Take in an order that was read as any other news of the shop, and say what differed before and differs still.

    A difference is kept as a `Drift`, opened and healed in one if it is gone now; not so when `is_drift` is False,
    for then a message that would have told us is on its way.
    """
    rows = Order.objects.select_for_update(of=("self",)).select_related("customer").prefetch_related(*PARTS)
    order = rows.filter(shop=connection.shop_id, remote_id=snapshot.remote_id).first()
    if order is None:
        before = [Difference("order", "", snapshot.name)]
        order = apply_order(connection, snapshot).order
    elif snapshot.updated_at < order.remote_updated_at:
        return Comparison("older")
    else:
        before = differences(order, snapshot)
        if before:
            # Intake knows the last snapshot by its digest and would not look again at what it wrote from it.
            Order.objects.filter(pk=order.pk).update(digest="")
        apply_order(connection, snapshot)
    if before and is_drift:
        fields = [difference.as_json() for difference in before]
        Drift.objects.get_or_create(connection=connection, order=order, healed_at=None, defaults={"fields": fields})
    after = note(connection, order.pk, snapshot, by=by)
    return Comparison(after.what, after.found, [difference for difference in before if difference not in after.found])


@transaction.atomic
def note(connection: Connection, order_id: int, snapshot: OrderSnapshot, *, by: str) -> Comparison:
    """Compare our order with what was read, and open, renew or close its `Drift`.

    An answer older than what we have says nothing about drift: a change is on its way to one of the two, so an open
    drift stays as it is.
    """
    rows = Order.objects.select_for_update(of=("self",)).select_related("customer").prefetch_related(*PARTS)
    order = rows.get(pk=order_id)
    if snapshot.updated_at < order.remote_updated_at:
        return Comparison("older")
    found = differences(order, snapshot)
    still_open = Drift.objects.filter(connection=connection, order=order, healed_at=None)
    if not found:
        still_open.update(healed_at=timezone.now(), healed_by=by[:255])
        return Comparison("same")
    fields = [difference.as_json() for difference in found]
    if not still_open.update(fields=fields):
        Drift.objects.create(connection=connection, order=order, fields=fields)
    return Comparison("differs", found)
