"""News of an order on its way in: applied with all that follows from it, or read whole when only its id is known.

A read serves every message that came before it began: those that wait for the same order are not read for again. So a
burst of news of an order costs a read or two, however many messages it is; the shop's budget is what a burst waits for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from backoffice import failpoints
from integrations import inbox, sql
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


class Asked(NamedTuple):
    """What stood when the shop was asked: our version of the order (0 for none), and the database's time."""

    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Reread:
    """What a message asks for: this order read again, whole or (`work`) its fulfillment orders only."""

    remote_id: int
    work: bool = False
    said: str = ""  # what was done with the message itself


def apply_order(
    connection: Connection, snapshot: OrderSnapshot, *, is_read: bool = True, asked: Asked | None = None
) -> Outcome:
    """Everything that follows from a new state of an order, in one transaction; `asked` of what was read."""
    origin = origin_of(connection)
    with transaction.atomic():
        outcome = intake.apply_snapshot(
            shop_of(connection), snapshot, origin, is_read=is_read, since=asked and asked.version
        )
        if asked and outcome.what not in ("stale", "unclear") and outcome.order.version <= asked.version + 1:
            work = {} if snapshot.fulfillment_orders is None else {"work_asked_at": asked.at}
            Order.objects.filter(pk=outcome.order.pk).update(asked_at=asked.at, **work)
        if outcome.what in ("created", "changed"):
            coverage.refresh(outcome.order, by=origin.by, source=origin.source)
            resolutions.recognise(outcome.order, by=origin.by, source=origin.source)
            arrivals.order_moved(outcome.order, by=origin.by, source=origin.source)
            carrying.recognise(outcome.order, by=origin.by, source=origin.source)
        if outcome.what == "created":
            inbox.order_arrived(connection, outcome.order.remote_id)
        failpoints.reach("inbound.applying")
    return outcome


def reread(order_id: Any) -> Reread:
    """An order to be read whole, by its id as a body names it."""
    remote_id = maybe_identifier(order_id)
    if remote_id is None:
        raise Ignored("It names no order.")
    return Reread(remote_id)


def carry_out(connection: Connection, wanted: Reread, *, received_at: datetime) -> Result:
    """Read what a message asks for, unless a read that began after it came (`received_at`) has told us already.

    None from Shopify means not readable (too old, no access), not deleted. Raises Ignored, RetryLater, Unreadable.
    """
    column = "work_asked_at" if wanted.work else "asked_at"
    later = Order.objects.filter(
        shop=connection.shop, remote_id=wanted.remote_id, **{f"{column}__gt": received_at}
    ).first()  # fmt: skip
    result, order = ("was read since it came", later) if later else _read(connection, wanted)
    return f"{wanted.said}; {result}" if wanted.said else result, order


def _read(connection: Connection, wanted: Reread) -> Result:
    if wanted.work and before_reading(connection, wanted.remote_id).version:
        return _read_fulfillment_orders(connection, wanted.remote_id)
    outcome = read_and_apply(connection, wanted.remote_id)
    if outcome is None:
        reason = f"Shopify does not show us order {wanted.remote_id}: older than 60 days, deleted, or no access."
        raise Ignored(reason, waits_for=wanted.remote_id)
    return f"read again: {said(outcome)}", outcome.order


def read_and_apply(connection: Connection, remote_id: int) -> Outcome | None:
    """Read the order and let it in; None when Shopify does not show it. Raises RetryLater, GiveUp, Unreadable.

    No lock is held while the shop is asked. When something of the order was written here meanwhile, nobody knows
    which is the newer at equal times, and the order is read again.
    """
    for _ in range(TRIES):
        asked = before_reading(connection, remote_id)
        snapshot = read_order(connection, remote_id)
        if snapshot is None:
            return None
        outcome = apply_order(connection, snapshot, asked=asked)
        if outcome.what != "unclear":
            return outcome
    raise RetryLater(f"Order {remote_id} changed here during each of three reads.")


def _read_fulfillment_orders(connection: Connection, remote_id: int) -> Result:
    """Read the fulfillment orders of an order that we have and let them in."""
    for _ in range(TRIES):
        asked = before_reading(connection, remote_id)
        work = read_fulfillment_orders(connection, remote_id)
        if work is None:
            raise Ignored(f"Shopify does not show us the fulfillment orders of order {remote_id}, or denies them.")
        with transaction.atomic():
            outcome = intake.apply_fulfillment_orders(
                shop_of(connection), remote_id, work, origin_of(connection), since=asked.version
            )
            if outcome.what != "unclear":
                Order.objects.filter(pk=outcome.order.pk).update(work_asked_at=asked.at)
                return f"fulfillment orders read: {said(outcome)}", outcome.order
    raise RetryLater(f"Order {remote_id} changed here during each of three reads.")


def before_reading(connection: Connection, remote_id: int) -> Asked:
    """To be noted before the shop is asked for an order."""
    ours = "SELECT version FROM orders_order WHERE shop_id = %s AND remote_id = %s"
    found = sql.run(f"SELECT COALESCE(({ours}), 0), clock_timestamp()", connection.shop_id, remote_id)
    return Asked(*found[0])


def origin_of(connection: Connection) -> Origin:
    return Origin(by="shopify", source=connection.public_id)


def shop_of(connection: Connection) -> Shop:
    if connection.shop is None:
        raise Unreadable("This connection has no shop.")
    return connection.shop


def said(outcome: Outcome) -> str:
    return {"stale": "older than what we have", "unchanged": "nothing new"}.get(outcome.what, outcome.what)
