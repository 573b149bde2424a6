"""What a Shopify message means: which order changed, and how we learn its new state.

A body that carries the whole order is used as it is (the row lock and `updated_at` sort out order and repeats). A body
that carries a part is applied to an order we know; for an order we do not know, or a body with an id only, the order is
read whole by GraphQL. Shopify answering null is not deletion: only orders/delete is.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from backoffice import failpoints
from integrations import inbox
from integrations.errors import Ignored, Unreadable
from integrations.models import Connection, InboundMessage
from integrations.shopify import translate
from integrations.shopify.reads import read_order
from integrations.shopify.values import Body, maybe_identifier
from orders import intake
from orders.intake import OrderUnknown, Origin, Outcome
from orders.models import Order, Shop
from orders.snapshot import OrderSnapshot
from protection import coverage, resolutions

Result = tuple[str, Order | None]


def handle(message: InboundMessage) -> Result:
    """Handle one message; returns what was done and for which order. Raises Ignored, Unreadable, RetryLater."""
    if message.headers.get("Test") == "true":
        raise Ignored("A test delivery: its ids are invented.")
    body = translate.parse(message.body)
    handler = HANDLERS.get(message.topic)
    if handler is None:
        raise Ignored(f"We do not follow the topic {message.topic or '(none)'}.")
    done = handler(message.connection, body)
    failpoints.reach("inbound.applied")
    return done


def apply_order(connection: Connection, snapshot: OrderSnapshot, *, is_read: bool = True) -> Outcome:
    """Everything that follows from a new state of an order, in one transaction; `is_read` as for `apply_snapshot`."""
    origin = origin_of(connection)
    with transaction.atomic():
        outcome = intake.apply_snapshot(_shop(connection), snapshot, origin, is_read=is_read)
        if outcome.what in ("created", "changed"):
            coverage.refresh(outcome.order, by=origin.by, source=origin.source)
            resolutions.recognise(outcome.order, by=origin.by, source=origin.source)
        if outcome.what == "created":
            inbox.order_arrived(connection, outcome.order.remote_id)
        failpoints.reach("inbound.applying")
    return outcome


def origin_of(connection: Connection) -> Origin:
    return Origin(by="shopify", source=connection.public_id)


def _whole_order(connection: Connection, body: Body) -> Result:
    if "line_items" not in body:  # an oversize payload shrinks to its id
        return _reread(connection, body.get("id"))
    snapshot = translate.order_snapshot(body)
    outcome = apply_order(connection, snapshot, is_read=False)
    if outcome.what == "unclear":  # two states of one second: the shop knows which is the newer
        outcome = apply_order(connection, read_order(connection, snapshot.remote_id) or snapshot)
        return f"read again: {_said(outcome)}", outcome.order
    return _said(outcome), outcome.order


def _part(
    apply: Callable[[Connection, int, Body], Outcome],
) -> Callable[[Connection, Body], Result]:
    """A message about a part of an order: apply it to the order we know, else read the whole order."""

    def handle_part(connection: Connection, body: Body) -> Result:
        order_id = maybe_identifier(body.get("order_id"))
        if order_id is None:
            raise Ignored("It names no order.")
        try:
            with transaction.atomic():
                outcome = apply(connection, order_id, body)
                coverage.refresh(outcome.order, by="shopify", source=connection.public_id)
                failpoints.reach("inbound.applying_part")
        except OrderUnknown:
            return _reread(connection, order_id)
        return _said(outcome), outcome.order

    return handle_part


def _fulfillment(connection: Connection, order_id: int, body: Body) -> Outcome:
    snapshot = translate.fulfillment_snapshot(body)
    return intake.apply_fulfillment(_shop(connection), order_id, snapshot, origin_of(connection))


def _scan(connection: Connection, order_id: int, body: Body) -> Outcome:
    return intake.apply_scan(_shop(connection), order_id, translate.tracking_snapshot(body), origin_of(connection))


def _refund(connection: Connection, order_id: int, body: Body) -> Outcome:
    order = Order.objects.filter(shop=_shop(connection), remote_id=order_id).first()
    if order is None:
        raise OrderUnknown(f"order {order_id}")
    snapshot = translate.refund_snapshot(body, order.currency, order.presentment_currency)
    return intake.apply_refund(_shop(connection), order_id, snapshot, origin_of(connection))


def _edited(connection: Connection, body: Body) -> Result:
    """The edit's own id stands first in the body; the order is `order_id`."""
    return _reread(connection, (body.get("order_edit") or {}).get("order_id"))


def _deleted(connection: Connection, body: Body) -> Result:
    order_id = maybe_identifier(body.get("id"))
    try:
        with transaction.atomic():
            outcome = intake.mark_deleted(_shop(connection), order_id or 0, origin_of(connection))
            coverage.refresh(outcome.order, by="shopify", source=connection.public_id)
    except OrderUnknown as error:
        raise Ignored("An order we never had was deleted.") from error
    return "marked as deleted", outcome.order


def _customer(connection: Connection, body: Body) -> Result:
    customer = intake.apply_customer(_shop(connection), translate.customer_snapshot(body))
    return f"customer {customer.public_id}", None


def _customer_deleted(connection: Connection, body: Body) -> Result:
    if not intake.mark_customer_deleted(_shop(connection), maybe_identifier(body.get("id")) or 0):
        raise Ignored("A customer we never had was deleted.")
    return "marked as deleted", None


def _reread(connection: Connection, order_id: Any) -> Result:
    """Read the order whole; None from Shopify means not readable (too old, no access), not deleted."""
    remote_id = maybe_identifier(order_id)
    if remote_id is None:
        raise Ignored("It names no order.")
    snapshot = read_order(connection, remote_id)
    if snapshot is None:
        reason = f"Shopify does not show us order {remote_id}: older than 60 days, deleted, or no access."
        raise Ignored(reason, waits_for=remote_id)
    outcome = apply_order(connection, snapshot)
    return f"read again: {_said(outcome)}", outcome.order


def _shop(connection: Connection) -> Shop:
    if connection.shop is None:
        raise Unreadable("This connection has no shop.")
    return connection.shop


def _said(outcome: Outcome) -> str:
    return {"stale": "older than what we have", "unchanged": "nothing new"}.get(outcome.what, outcome.what)


HANDLERS: dict[str, Callable[[Connection, Body], Result]] = {
    **dict.fromkeys(
        [
            "orders/create", "orders/updated", "orders/cancelled", "orders/paid", "orders/fulfilled",
            "orders/partially_fulfilled",
        ],
        _whole_order,
    ),
    "orders/edited": _edited,
    "orders/delete": _deleted,
    "fulfillments/create": _part(_fulfillment),
    "fulfillments/update": _part(_fulfillment),
    "fulfillment_events/create": _part(_scan),
    "refunds/create": _part(_refund),
    "customers/create": _customer,
    "customers/update": _customer,
    "customers/enable": _customer,
    "customers/disable": _customer,
    "customers/delete": _customer_deleted,
}  # fmt: skip
