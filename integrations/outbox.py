"""Data out: one delivery per journal entry and interested connection, written in the transaction of the change.

From there: claiming.py says what may go now, sending.py (partner endpoints) and calls.py (Shopify) send it,
settling.py writes what became of it. Here: the way in, and staff's and partners' *send again*.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from backoffice import failpoints
from integrations import bells, sql, systems
from integrations.models import Connection, Delivery, Health
from orders.models import JournalEntry

AGAIN = timedelta(days=30)  # how far back "everything since" may reach


# One statement for every entry: which connections want it, their deliveries, and whom to ring. `events` holds "*", an
# action or "subject.*"; an empty `shops` means all.
_FAN_OUT = """
    WITH made AS (
        INSERT INTO integrations_delivery (connection_id, entry_id, order_id, shop_id, state, parked_because, attempts,
            due_at, fence, result, created_at)
        SELECT c.id, %(entry)s::bigint, %(order)s::bigint, %(shop)s::bigint, 'pending', '', 0,
            COALESCE(%(due)s::timestamptz, statement_timestamp()), 0, '',
            statement_timestamp()
        FROM integrations_connection c
        WHERE (c.shop_id = %(shop)s::bigint OR c.shop_id IS NULL) AND c.public_id <> %(source)s::text
            AND c.events ?| %(actions)s::text[] AND (c.shops = '[]' OR c.shops ? %(domain)s::text)
        RETURNING connection_id
    ), bells AS (
        SELECT DISTINCT CASE WHEN c.system = ANY(%(at_once)s::text[]) THEN 'outbox' ELSE 'calls:' || c.id END AS bell
        FROM made JOIN integrations_connection c ON c.id = made.connection_id
    )
    SELECT pg_notify(CASE WHEN bell = 'outbox' THEN %(outbox)s::text ELSE %(calls)s::text END, bell) FROM bells
"""


def fan_out(sender: Any, *, entry: JournalEntry, **kwargs: Any) -> None:
    """Insert a delivery for every connection that wants this entry; never to where the entry came from."""
    sql.run(
        _FAN_OUT,
        entry=entry.pk,
        order=entry.order_id,
        shop=entry.shop_id,
        due=_not_before(entry),
        source=entry.source,
        actions=["*", entry.action, f"{entry.action.split('.', 1)[0]}.*"],
        domain=entry.shop.domain,
        at_once=list(systems.AT_ONCE),
        outbox=bells.CHANNELS[bells.OUTBOX],
        calls=bells.CHANNELS[bells.CALLS],
    )
    failpoints.reach("outbox.fanned_out")


def _not_before(entry: JournalEntry) -> datetime | None:
    """Money effects name the end of their undo window; everything else goes at once."""
    raw = entry.facts.get("not_before")
    return parse_datetime(raw) if isinstance(raw, str) else None


def send_again(delivery: Delivery, *, by: str) -> bool:
    """Staff's *send again* for a parked or waiting delivery: due now, all its tries back. False when it is done."""
    waiting = (Delivery.State.PARKED, Delivery.State.RETRYING, Delivery.State.PENDING)
    return bool(_again(Delivery.objects.filter(pk=delivery.pk, state__in=waiting), delivery.connection, by))


def send_all_again(connection: Connection, *, by: str, because: str = "") -> int:
    """Everything parked on a connection (`because` of one reason only), in order; returns how many.

    Pressed twice, the second finds nothing.
    """
    parked = connection.deliveries.filter(state=Delivery.State.PARKED)
    return _again(parked.filter(parked_because=because) if because else parked, connection, by)


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
        due_at=Now(),
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
