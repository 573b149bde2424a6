"""News of an order on its way in: applied with all that follows from it, or read whole when only its id is known."""

from typing import Any

from django.db import transaction

from backoffice import failpoints
from integrations import inbox
from integrations.errors import Ignored, Unreadable
from integrations.models import Connection
from integrations.shopify.reads import read_order
from integrations.shopify.values import maybe_identifier
from orders import intake
from orders.changes import carrying
from orders.intake import Origin, Outcome
from orders.models import Order, Shop
from orders.snapshot import OrderSnapshot
from protection import coverage, resolutions

Result = tuple[str, Order | None]


def apply_order(connection: Connection, snapshot: OrderSnapshot, *, is_read: bool = True) -> Outcome:
    """Everything that follows from a new state of an order, in one transaction; `is_read` as for `apply_snapshot`."""
    origin = origin_of(connection)
    with transaction.atomic():
        outcome = intake.apply_snapshot(shop_of(connection), snapshot, origin, is_read=is_read)
        if outcome.what in ("created", "changed"):
            coverage.refresh(outcome.order, by=origin.by, source=origin.source)
            resolutions.recognise(outcome.order, by=origin.by, source=origin.source)
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
    snapshot = read_order(connection, remote_id)
    if snapshot is None:
        reason = f"Shopify does not show us order {remote_id}: older than 60 days, deleted, or no access."
        raise Ignored(reason, waits_for=remote_id)
    outcome = apply_order(connection, snapshot)
    return f"read again: {said(outcome)}", outcome.order


def origin_of(connection: Connection) -> Origin:
    return Origin(by="shopify", source=connection.public_id)


def shop_of(connection: Connection) -> Shop:
    if connection.shop is None:
        raise Unreadable("This connection has no shop.")
    return connection.shop


def said(outcome: Outcome) -> str:
    return {"stale": "older than what we have", "unchanged": "nothing new"}.get(outcome.what, outcome.what)
