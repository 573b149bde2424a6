"""What a Shopify message means: which order changed, and how we learn its new state.

A body that carries the whole order is used as it is (the row lock and `updated_at` sort out order and repeats). A body
that carries a part is applied to an order we know; for an order we do not know, or a body with an id only, the order is
read whole by GraphQL. Shopify answering null is not deletion: only orders/delete is.
"""

from collections.abc import Callable

from backoffice import failpoints
from integrations.errors import Ignored
from integrations.models import Connection, InboundMessage
from integrations.shopify import arriving, translate
from integrations.shopify.arriving import Reread, Result
from integrations.shopify.topics import (
    compliance,
    customers,
    fulfillment_orders,
    orders,
    parts,
    returns,
    shop,
    side_records,
    stock,
)
from integrations.shopify.values import Body

# One module a subject; each names its topics.
HANDLERS: dict[str, Callable[[Connection, Body], Result | Reread]] = {
    **orders.HANDLERS,
    **parts.HANDLERS,
    **fulfillment_orders.HANDLERS,
    **returns.HANDLERS,
    **customers.HANDLERS,
    **side_records.HANDLERS,
    **stock.HANDLERS,
    **shop.HANDLERS,
    **compliance.HANDLERS,
}
# What an app may ask for by API; the others are set in its configuration.
SUBSCRIBED = tuple(topic for topic in HANDLERS if topic not in compliance.TOPICS)


def handle(message: InboundMessage) -> Result:
    """Handle one message; returns what was done and for which order. Raises Ignored, Unreadable, RetryLater."""
    if message.headers.get("Test") == "true":
        raise Ignored("A test delivery: its ids are invented.")
    if "Erased" in message.headers:
        raise Ignored("Its body was erased by request.")
    body = translate.parse(message.body)
    handler = HANDLERS.get(message.topic)
    if handler is None:
        raise Ignored(f"We do not follow the topic {message.topic or '(none)'}.")
    done = handler(message.connection, body)
    if isinstance(done, Reread):
        done = arriving.carry_out(message.connection, done, received_at=message.received_at)
    failpoints.reach("inbound.applied")
    return done
