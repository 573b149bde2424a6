"""Data out: one delivery per journal entry and interested connection, in strict order per order.

`fan_out` runs in the transaction of the change. `drain` claims the oldest open delivery of each order (never a later
one), sends outside of any transaction, and writes the outcome only while its lease still holds (fencing number).
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations import bells, systems
from integrations.drains import slot, until_empty
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection, Delivery
from integrations.transport import DEADLINE_SECONDS
from orders.models import JournalEntry

# After the first try at once: Standard Webhooks' recommended schedule, 75 hours in all.
SCHEDULE = [
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
]  # fmt: skip
JITTER = 0.2
BATCH = 50
BATCH_SECONDS = 5.0  # then the rest of a batch is given back, so that its leases outlast its last attempt
MARGIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What a push did: one line for the log, the HTTP status and the first part of the answer where there was one."""

    outcome: str
    status: int | None = None
    answer: str = ""


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
    bells.ring(bells.OUTBOX, *(delivery.connection_id for delivery in deliveries))


def _not_before(entry: JournalEntry) -> datetime:
    """Money effects name the end of their undo window; everything else goes at once."""
    raw = entry.facts.get("not_before")
    return (parse_datetime(raw) if isinstance(raw, str) else None) or timezone.now()


def drain(connection_id: int) -> int:
    """Send what is due on one connection for at most 20 s; returns how many tries. Rings again if some are left."""
    with slot(f"outbox:{connection_id}", 1) as mine:
        if not mine:
            return 0
        connection = Connection.objects.active().select_related("shop", "partner").filter(pk=connection_id).first()
        if connection is None:
            return 0
        done = until_empty(lambda: _send_batch(connection))
    if _claimable(connection_id):
        bells.ring(bells.OUTBOX, connection_id)
    return done


_HEADS = """
    SELECT d.id FROM integrations_delivery d
    WHERE d.connection_id = %(connection)s AND d.state IN ('pending', 'retrying', 'sending')
      AND d.due_at <= statement_timestamp() AND (d.lease_until IS NULL OR d.lease_until < statement_timestamp())
      AND (d.order_id IS NULL OR NOT EXISTS (
          SELECT 1 FROM integrations_delivery earlier
          WHERE earlier.connection_id = d.connection_id AND earlier.order_id = d.order_id
            AND earlier.id < d.id AND earlier.state <> 'delivered'))
    ORDER BY d.due_at, d.id LIMIT %(limit)s
"""


def _claimable(connection_id: int) -> bool:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({_HEADS})", {"connection": connection_id, "limit": 1})
        return bool(cursor.fetchone()[0])


def _claim(connection: Connection) -> list[Delivery]:
    """Lease the heads that are due. The database's clock decides, so that hosts need not agree on the time.

    The lease ends soon after the last attempt must have ended: a killed sender's deliveries wait no longer than that.
    """
    calls = systems.module(connection.system, "outbound").CALLS
    lease = calls * DEADLINE_SECONDS + BATCH_SECONDS + MARGIN_SECONDS
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            # Both parts are constants of this module; the values are parameters.
            f"""UPDATE integrations_delivery SET state = 'sending', fence = fence + 1, attempts = attempts + 1,
                    lease_until = statement_timestamp() + make_interval(secs => %(lease)s)
                WHERE id IN ({_HEADS} FOR UPDATE OF d SKIP LOCKED) RETURNING id""",  # noqa: S608
            {"connection": connection.pk, "limit": BATCH, "lease": lease},
        )
        ids = [row[0] for row in cursor.fetchall()]
    deliveries = Delivery.objects.filter(pk__in=ids).select_related("entry__shop", "entry__order")
    return sorted(deliveries, key=lambda d: d.pk)


def _send_batch(connection: Connection) -> int:
    claimed = _claim(connection)
    stop_at = timezone.now() + timedelta(seconds=BATCH_SECONDS)
    for index, delivery in enumerate(claimed):
        if timezone.now() > stop_at:  # slow receiver: give the rest back rather than let their leases run out
            _give_back(claimed[index:])
            return index
        delivery.connection = connection
        attempt(delivery)
    return len(claimed)


def _give_back(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        mine = Delivery.objects.filter(pk=delivery.pk, fence=delivery.fence)
        mine.update(state=Delivery.State.RETRYING, attempts=delivery.attempts - 1, lease_until=None)


def attempt(delivery: Delivery) -> None:
    """One try at a leased delivery, outside any transaction, and its outcome; never raises for what came back."""
    outbound = systems.module(delivery.connection.system, "outbound")
    started = timezone.now()
    try:
        sent = outbound.push(delivery)
        values: dict[str, Any] = {"state": Delivery.State.DELIVERED, "delivered_at": timezone.now()}
    except RetryLater as error:
        sent = Sent(str(error), error.status, error.answer)
        values = _retry(delivery, error.after)
    except GiveUp as error:
        sent = Sent(str(error), error.status, error.answer)
        values = {"state": Delivery.State.PARKED, "parked_because": error.parked}
    except Exception as error:  # noqa: BLE001 a bug of ours: try again, it may be mended by then
        sent = Sent(f"{type(error).__name__}: {error}")
        values = _retry(delivery, None)
    _settle(delivery, sent, started, **values)


def _retry(delivery: Delivery, after: float | None) -> dict[str, Any]:
    if delivery.attempts > len(SCHEDULE):
        return {"state": Delivery.State.PARKED, "parked_because": Delivery.Parked.EXHAUSTED}
    wait = SCHEDULE[delivery.attempts - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 spreading, not secrecy
    wait = max(wait, timedelta(seconds=after or 0))
    return {"state": Delivery.State.RETRYING, "due_at": timezone.now() + wait}


# One statement, for beside a fast receiver four round trips (begin, update, insert, commit) took longer than the POST.
_SETTLE = """
    WITH settled AS (
        UPDATE integrations_delivery
        SET state = %(state)s, parked_because = %(parked_because)s, result = %(outcome)s, lease_until = NULL,
            due_at = COALESCE(%(due_at)s, due_at), delivered_at = %(delivered_at)s
        WHERE id = %(id)s AND fence = %(fence)s RETURNING id
    )
    INSERT INTO integrations_deliveryattempt
        (delivery_id, number, started_at, milliseconds, status, outcome, answer, payload_version)
    SELECT id, %(number)s, %(started_at)s, %(milliseconds)s, %(status)s, %(outcome)s, %(answer)s, '' FROM settled
"""


def _settle(
    delivery: Delivery,
    sent: Sent,
    started: datetime,
    *,
    state: str,
    parked_because: str = "",
    due_at: datetime | None = None,
    delivered_at: datetime | None = None,
) -> None:
    """Write what became of a try, and its log line, while the lease is ours.

    A sender that was frozen past its lease has lost its fencing number: it writes nothing.
    """
    values: dict[str, Any] = {
        "id": delivery.pk,
        "fence": delivery.fence,
        "state": state,
        "parked_because": parked_because,
        "due_at": due_at,
        "delivered_at": delivered_at,
        "number": delivery.attempts,
        "started_at": started,
        "milliseconds": int((timezone.now() - started).total_seconds() * 1000),
        "status": sent.status,
        "outcome": sent.outcome.replace("\x00", "")[:255],
        "answer": sent.answer.replace("\x00", "")[:4000],
    }
    with database.cursor() as cursor:
        cursor.execute(_SETTLE, values)


def send_again(delivery: Delivery, *, by: str) -> None:
    """Staff's *send again* for a parked or waiting delivery: due now, with all its tries back."""
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if delivery.state == Delivery.State.DELIVERED:
            return
        delivery.state = Delivery.State.PENDING
        delivery.parked_because = ""
        delivery.attempts = 0
        delivery.due_at = timezone.now()
        delivery.lease_until = None
        delivery.fence += 1
        delivery.result = f"Sent again by {by}"[:255]
        delivery.save()
        bells.ring(bells.OUTBOX, delivery.connection_id)
