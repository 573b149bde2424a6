"""Topics about fulfillment orders and their holds. Bodies name them by gid and say little: they are always read."""

import re
from collections.abc import Iterator
from typing import Any

from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify.arriving import Reread, shop_of
from integrations.shopify.client import number_of
from integrations.shopify.reads import order_of_fulfillment_order
from integrations.shopify.values import Body, maybe_identifier
from orders.models import FulfillmentOrder

_GID = re.compile(r"gid://shopify/FulfillmentOrder/[1-9]\d{0,18}")

TOPICS = (
    "cancellation_request_accepted", "cancellation_request_rejected", "cancellation_request_submitted", "cancelled",
    "fulfillment_request_accepted", "fulfillment_request_rejected", "fulfillment_request_submitted",
    "fulfillment_service_failed_to_complete", "hold_released", "line_items_prepared_for_local_delivery",
    "line_items_prepared_for_pickup", "manually_reported_progress_stopped", "merged", "moved",
    "order_routing_complete", "placed_on_hold", "progress_reported", "rescheduled",
    "scheduled_fulfillment_order_ready", "split",
)  # fmt: skip


def _changed(connection: Connection, body: Body) -> Reread:
    """All of the order are read: a move, split or merge changes several, and a new one opens."""
    named = list(dict.fromkeys(_named(body)))
    if not named:
        raise Ignored("It names no fulfillment order.")
    for number in named:  # those that were merged away are shown no more
        if order_id := _order_of(connection, number):
            return Reread(order_id, work=True)
    raise Ignored("Shopify does not show us the fulfillment orders it names: no access, or none is there.")


def _order_of(connection: Connection, number: int) -> int | None:
    known = FulfillmentOrder.objects.filter(order__shop=shop_of(connection), remote_id=number)
    return known.values_list("order__remote_id", flat=True).first() or order_of_fulfillment_order(connection, number)


def _named(value: Any) -> Iterator[int]:
    """Numbers of fulfillment orders, wherever they stand in the body: gids, and what merges name by number."""
    if isinstance(value, str):
        if _GID.fullmatch(value):
            yield number_of(value)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
    elif isinstance(value, dict):
        if number := _number(value.get("fulfillment_order_id")):
            yield number
        for inner in value.values():
            yield from _named(inner)


def _number(value: Any) -> int | None:
    try:
        return maybe_identifier(value)
    except (TypeError, ValueError):
        return None


HANDLERS = {
    **{f"fulfillment_orders/{topic}": _changed for topic in TOPICS},
    "fulfillment_holds/added": _changed,
    "fulfillment_holds/released": _changed,
}
