"""Data out: one delivery per journal entry and interested connection, written in the transaction of the change.

From there: claiming.py says what may go now, sending.py (partner endpoints) and calls.py (Shopify) send it,
settling.py writes what became of it. Here: the way in, and staff's and partners' *send again*.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from backoffice import failpoints
from integrations import bells
from integrations.models import Connection, Delivery, Health
from orders.models import JournalEntry

AGAIN = timedelta(days=30)  # how far back "everything since" may reach


def fan_out(sender: Any, *, entry: JournalEntry, **kwargs: Any) -> None:
    """Insert a delivery for every connection that wants this entry; never to where the entry came from."""
    # Without the secrets: opening them for every change would cost more than the change.
    connections = Connection.objects.filter(Q(shop=entry.shop_id) | Q(shop=None)).defer("secrets")
    due = _not_before(entry)
    deliveries = [
        Delivery(connection=connection, entry=entry, shop_id=entry.shop_id, order_id=entry.order_id, due_at=due)
        for connection in connections
        if connection.public_id != entry.source and connection.wants(entry.action, entry.shop.domain)
    ]
    if not deliveries:
        return
    Delivery.objects.bulk_create(deliveries)
    failpoints.reach("outbox.fanned_out")
    bells.ring_for(*(delivery.connection for delivery in deliveries))


def _not_before(entry: JournalEntry) -> datetime:
    """Money effects name the end of their undo window; everything else goes at once."""
    raw = entry.facts.get("not_before")
    return (parse_datetime(raw) if isinstance(raw, str) else None) or timezone.now()


def send_again(delivery: Delivery, *, by: str) -> bool:
    """Staff's *send again* for a parked or waiting delivery: due now, with all its tries back. False when it is done."""
    waiting = (Delivery.State.PARKED, Delivery.State.RETRYING, Delivery.State.PENDING)
    return bool(_again(Delivery.objects.filter(pk=delivery.pk, state__in=waiting), delivery.connection, by))


def send_all_again(connection: Connection, *, by: str) -> int:
    """Everything parked on a connection, in order; returns how many. Pressed twice, the second finds nothing."""
    return _again(connection.deliveries.filter(state=Delivery.State.PARKED), connection, by)


def send_since(connection: Connection, since: datetime, *, by: str) -> int:
    """Everything that happened since `since`, also what was delivered: the same events under the same webhook-ids.

    Each order's events go in order again. Raises ValueError for a time that is more than 30 days ago.
    """
    if since < timezone.now() - AGAIN:
        raise ValueError("Only the last 30 days can be sent again.")
    done = (Delivery.State.DELIVERED, Delivery.State.PARKED, Delivery.State.SUPERSEDED)
    return _again(connection.deliveries.filter(entry__created_at__gte=since, state__in=done), connection, by)


@transaction.atomic
def _again(deliveries: QuerySet[Delivery], connection: Connection, by: str) -> int:
    """One statement under row locks: who presses a moment later waits and then finds nothing left to do."""
    ids = list(deliveries.order_by("id").select_for_update().values_list("id", flat=True))
    count = Delivery.objects.filter(pk__in=ids).update(
        state=Delivery.State.PENDING,
        parked_because="",
        attempts=0,
        due_at=timezone.now(),
        lease_until=None,
        delivered_at=None,
        behind=None,
        fence=F("fence") + 1,
        result=f"Sent again by {by}"[:255],
    )
    # The breaker, if it is open, lets one probe through at once.
    Health.objects.filter(connection=connection).update(open_until=None)
    failpoints.reach("outbox.sent_again")
    bells.ring_for(connection)
    return count
