"""The only writer of journal entries."""

from typing import Any

from django.db import connection
from django.dispatch import Signal

from orders.models import JournalEntry, Order, Shop

# Sent inside `record()`, in the same transaction, with `entry`. The one signal of the house: integrations listens, so
# that the ground floor need not know the roof.
recorded = Signal()


def record(
    action: str,
    *,
    shop: Shop,
    by: str,
    order: Order | None = None,
    subject: str = "",
    source: str = "",
    **facts: Any,
) -> JournalEntry:
    """Write that `action` happened, in the transaction of the change it describes.

    `by` is who did it, `source` the public id of the connection it came through (it is never sent back there). Facts
    name fields and ids; personal values only where the timeline needs them. Raises RuntimeError outside a transaction:
    a fact that is recorded apart from its change may outlive it or be lost.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"record({action!r}) must run in the transaction of the change it describes.")
    entry = JournalEntry.objects.create(
        shop=shop, order=order, action=action, subject=subject, by=by[:255], source=source, facts=facts
    )
    recorded.send(JournalEntry, entry=entry)
    return entry
