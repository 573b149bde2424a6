"""How a journal entry looks from outside: the same object in the feed (/v1/events) and in a partner's webhook.

Thin on purpose: ids, the action, what changed. Names and addresses are read by API, under the reader's own scopes.
"""

from typing import Any

from orders.models import JournalEntry


def represent(entry: JournalEntry) -> dict[str, Any]:
    """{"id", "type", "created_at", "sequence", "shop", "order", "subject", "data"}; sequence rises per order."""
    order = entry.order
    return {
        "id": entry.public_id,
        "type": entry.action,
        "created_at": entry.created_at.isoformat(),
        "sequence": entry.pk,
        "shop": entry.shop.domain,
        "order": order and {"id": order.public_id, "remote_id": str(order.remote_id), "name": order.name},
        "subject": entry.subject or None,
        "data": entry.facts,
    }
