"""News of an order on its way in: applied with all that follows from it, or read whole when only its id is known."""

from typing import Any

from django.db import transaction

from backoffice import failpoints
from integrations import inbox
from integrations.errors import Ignored, RetryLater, Unreadable
from integrations.models import Connection
from integrations.shopify.reads import read_fulfillment_orders, read_order
from integrations.shopify.values import maybe_identifier
from orders import intake
from orders.changes import carrying
from orders.intake import Origin, Outcome
from orders.models import Order, Shop
from orders.snapshot import OrderSnapshot
from protection import arrivals, coverage, resolutions

TRIES = 3

Result = tuple[str, Order | None]


def apply_order(
    connection: Connection, snapshot: OrderSnapshot, *, is_read: bool = True, since: int | None = None
) -> Outcome:
    """Everything that follows from a new state of an order, in one transaction; arguments as for `apply_snapshot`."""
    origin = origin_of(connection)
    with transaction.atomic():
        outcome = intake.apply_snapshot(shop_of(connection), snapshot, origin, is_read=is_read, since=since)
        if outcome.what in ("created", "changed"):
            coverage.refresh(outcome.order, by=origin.by, source=origin.source)
            resolutions.recognise(outcome.order, by=origin.by, source=origin.source)
            arrivals.order_moved(outcome.order, by=origin.by, source=origin.source)
            carrying.recognise(outcome.order, by=origin.by, source=origin.source)
        if outcome.what == "created":
            inbox.order_arrived(connection, outcome.order.remote_id)
        failpoints.reach("inbound.applying")
    return outcome


def reread(connection: Connection, order_id: Any) -> Result:
    """Read the order whole; None from Shopify means not readable (too old, no access), not deleted."""
    remote_id = maybe_identifier(order_id)
    if remote_id is None:
        raise Ignored("It names no order.")
    outcome = read_and_apply(connection, remote_id)
    if outcome is None:
        reason = f"Shopify does not show us order {remote_id}: older than 60 days, deleted, or no access."
        raise Ignored(reason, waits_for=remote_id)
    return f"read again: {said(outcome)}", outcome.order


def read_and_apply(connection: Connection, remote_id: int) -> Outcome | None:
    """Read the order and let it in; None when Shopify does not show it. Raises RetryLater, GiveUp, Unreadable.

    No lock is held while the shop is asked. When something of the order was written here meanwhile, nobody knows
    which is the newer at equal times, and the order is read again.
    """
    for _ in range(TRIES):
        since = version_of(connection, remote_id)
        snapshot = read_order(connection, remote_id)
        if snapshot is None:
            return None
        outcome = apply_order(connection, snapshot, since=since)
        if outcome.what != "unclear":
            return outcome
    raise RetryLater(f"Order {remote_id} changed here during each of three reads.")


def reread_fulfillment_orders(connection: Connection, remote_id: int) -> Result:
    """Read the fulfillment orders of this order and let them in; an order that we do not have is read whole."""
    for _ in range(TRIES):
        if not (since := version_of(connection, remote_id)):
            return reread(connection, remote_id)
        work = read_fulfillment_orders(connection, remote_id)
        if work is None:
            raise Ignored(f"Shopify does not show us the fulfillment orders of order {remote_id}, or denies them.")
        outcome = intake.apply_fulfillment_orders(
            shop_of(connection), remote_id, work, origin_of(connection), since=since
        )
        if outcome.what != "unclear":
            return f"fulfillment orders read: {said(outcome)}", outcome.order
    raise RetryLater(f"Order {remote_id} changed here during each of three reads.")


def version_of(connection: Connection, remote_id: int) -> int:
    """Which version of the order we have; 0 for none."""
    version = Order.objects.filter(shop=connection.shop, remote_id=remote_id).values_list("version", flat=True)
    return version.first() or 0


def origin_of(connection: Connection) -> Origin:
    return Origin(by="shopify", source=connection.public_id)


def shop_of(connection: Connection) -> Shop:
    if connection.shop is None:
        raise Unreadable("This connection has no shop.")
    return connection.shop


def said(outcome: Outcome) -> str:
    return {"stale": "older than what we have", "unchanged": "nothing new"}.get(outcome.what, outcome.what)
