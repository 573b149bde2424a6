"""Comparing an order with the shop, keeping what differs as a `Drift`, and healing it through the one door in.

Reading from the shop never happens inside a transaction; what was read is noted in one, under the order's row lock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from integrations.differences import PARTS, Difference, differences
from integrations.errors import RetryLater
from integrations.models import Connection, Drift
from integrations.shopify.arriving import TRIES, Asked, apply_order, before_reading
from integrations.shopify.client import Shopify
from integrations.shopify.reads import read_order
from orders.models import Order
from orders.snapshot import OrderSnapshot

# What no message says of a new order. A read fills it in, and nothing went wrong before.
NEVER_TOLD = {"risk", "return_status", "payments"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`what`: same, differs, older (the shop's answer is older than what we have), hidden (the shop shows no order).

    `found` differs still; `healed` differed before the shop's order was let in, in all that it may change. Without
    `is_drift` a message on its way would have told us.
    """

    what: str
    found: list[Difference] = field(default_factory=list)
    healed: list[Difference] = field(default_factory=list)
    is_drift: bool = True


def compare(connection: Connection, order: Order, *, by: str) -> Comparison:
    """Read the order from the shop and note what differs. Raises RetryLater, GiveUp, Unreadable."""
    snapshot = read_order(connection, order.remote_id)
    return Comparison("hidden") if snapshot is None else note(connection, order.pk, snapshot, by=by)


def heal(connection: Connection, order: Order, *, by: str) -> Comparison:
    """Take the shop's word for an order that we have; see `read_and_heal`."""
    return read_and_heal(connection, order.remote_id, by=by)


def read_and_heal(
    connection: Connection, remote_id: int, *, by: str, shopify: Shopify | None = None,
    is_drift: Callable[[OrderSnapshot], bool] = lambda snapshot: True,
) -> Comparison:  # fmt: skip
    """Read the order, let it in as any other news of the shop, and compare again; raises as `compare`.

    What then still differs is what a read may not change: something newer here, or a part the shop no longer shows.
    `shopify` is the line to read by, when it is not the usual one; `is_drift` says of what was read whether a
    difference counts, or a message on its way would have told us.
    """
    for _ in range(TRIES):
        asked = before_reading(connection, remote_id)
        snapshot = read_order(connection, remote_id, shopify)
        if snapshot is None:
            return Comparison("hidden")
        comparison = _let_in(connection, snapshot, asked, by=by, is_drift=is_drift(snapshot))
        if comparison is not None:
            return comparison
    raise RetryLater(f"Order {remote_id} changed here during each of three reads.")


@transaction.atomic
def _let_in(
    connection: Connection, snapshot: OrderSnapshot, asked: Asked, *, by: str, is_drift: bool
) -> Comparison | None:
    """None when something was written here while it was read, and nobody knows which is the newer.

    A difference is kept as a `Drift`, opened and healed in one if it is gone now.
    """
    rows = Order.objects.select_for_update(of=("self",)).select_related("customer").prefetch_related(*PARTS)
    order = rows.filter(shop=connection.shop_id, remote_id=snapshot.remote_id).first()
    if order is None:
        before = [Difference("order", "", snapshot.name)]
    elif snapshot.updated_at < order.remote_updated_at:
        return Comparison("older")
    else:
        before = differences(order, snapshot)
        if before:
            # Intake knows the last snapshot by its digest and would not look again at what it wrote from it.
            Order.objects.filter(pk=order.pk).update(digest="")
    outcome = apply_order(connection, snapshot, asked=asked)
    if outcome.what == "unclear":
        return None
    before = [difference for difference in before if _was_told(difference)]
    if before and is_drift:
        fields = [difference.as_json() for difference in before]
        Drift.objects.get_or_create(
            connection=connection, order=outcome.order, healed_at=None, defaults={"fields": fields}
        )
    after = note(connection, outcome.order.pk, snapshot, by=by)
    healed = [difference for difference in before if difference not in after.found]
    return Comparison(after.what, after.found, healed, is_drift)


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


def _was_told(difference: Difference) -> bool:
    return bool(difference.ours) or difference.field.partition(".")[0] not in NEVER_TOLD
