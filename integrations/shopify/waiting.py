"""Which orders the messages are about that wait to be handled: what they will tell us is on its way, not missed."""

from collections.abc import Iterator

from django.db.models.functions import Now

from integrations.errors import Unreadable
from integrations.inbox import LEASE
from integrations.models import Connection, InboundMessage
from integrations.shopify import translate
from integrations.shopify.values import Body, maybe_identifier

MOST = 2000  # messages; beyond that the inbox has to catch up first


class TooMany(Exception):
    """The inbox is so far behind that nobody can say what was missed."""


def orders_told_of(connection: Connection) -> set[int]:
    """Remote ids of the orders that due messages of this connection name; raises TooMany."""
    due = InboundMessage.objects.filter(connection=connection, due_at__lte=Now() + LEASE)  # those being handled too
    messages = list(due.order_by("due_at", "id").only("topic", "body_zlib")[: MOST + 1])
    if len(messages) > MOST:
        raise TooMany(f"More than {MOST:,} messages wait to be handled.")
    return {remote_id for message in messages for remote_id in _named(message)}


def _named(message: InboundMessage) -> Iterator[int]:
    try:
        body: Body = translate.parse(message.body)
        edit = body.get("order_edit")
        ids = [body.get("order_id"), edit.get("order_id") if isinstance(edit, dict) else None]
        if message.topic.startswith("orders/"):
            ids.append(body.get("id"))
        yield from (found for given in ids if (found := maybe_identifier(given)) is not None)
    except (Unreadable, ValueError, TypeError):
        return  # it will be parked; it tells us nothing
