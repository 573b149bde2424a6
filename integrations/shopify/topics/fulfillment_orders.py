"""Topics about fulfillment orders and their holds. Bodies name them by gid and say little: they are always read."""

import re
from collections.abc import Iterator
from typing import Any

from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify.arriving import Result, reread_fulfillment_orders
from integrations.shopify.client import gid
from integrations.shopify.values import Body, maybe_identifier

_GID = re.compile(r"gid://shopify/FulfillmentOrder/[1-9]\d{0,18}")

TOPICS = (
    "cancellation_request_accepted", "cancellation_request_rejected", "cancellation_request_submitted", "cancelled",
    "fulfillment_request_accepted", "fulfillment_request_rejected", "fulfillment_request_submitted",
    "fulfillment_service_failed_to_complete", "hold_released", "line_items_prepared_for_local_delivery",
    "line_items_prepared_for_pickup", "manually_reported_progress_stopped", "merged", "moved",
    "order_routing_complete", "placed_on_hold", "progress_reported", "rescheduled",
    "scheduled_fulfillment_order_ready", "split",
)  # fmt: skip


def _changed(connection: Connection, body: Body) -> Result:
    """All of the order are read by one of them: a move, split or merge changes several, and a new one opens."""
    nodes = list(dict.fromkeys(_named(body)))
    if not nodes:
        raise Ignored("It names no fulfillment order.")
    for node in nodes[:-1]:
        try:
            return reread_fulfillment_orders(connection, node)
        except Ignored:  # merged away: another of them is shown
            continue
    return reread_fulfillment_orders(connection, nodes[-1])


def _named(value: Any) -> Iterator[str]:
    """Gids of fulfillment orders, wherever they stand in the body; merges name theirs by number."""
    if isinstance(value, str):
        if _GID.fullmatch(value):
            yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
    elif isinstance(value, dict):
        if number := _number(value.get("fulfillment_order_id")):
            yield gid("FulfillmentOrder", number)
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
