"""How far behind each connection is, in numbers: what alerts are raised on and what /metrics tells.

Every question is one query for all connections. Its cost grows with what is open, never with what was delivered or
handled: each reads one of the partial indexes over open rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection as database
from django.db.models import Count

from integrations import proof
from integrations.models import AlertLimit, Delivery, Drift, InboundMessage

Measure = AlertLimit.Measure


@dataclass(frozen=True, slots=True)
class Open:
    """The open deliveries of one connection in one state. Times in seconds; 0 when there is nothing to wait for.

    `lag` is how long the oldest one has waited to arrive: one that is tried again counts from when it was made, one
    that was not tried yet from when it was due (the end of an undo window, or the moment somebody pressed *send
    again*). `overdue` is how long the oldest that may go at once has waited for a sender. Neither counts what waits
    behind a parked delivery of its order: that is shown as parked, and time does not mend it.
    """

    connection_id: int
    state: str
    number: int
    lag: float
    overdue: float


_OPEN = """
    SELECT connection_id, state, count(*),
        COALESCE(extract(epoch FROM statement_timestamp() - min(
            CASE WHEN attempts = 0 OR (attempts = 1 AND state = 'sending') THEN due_at ELSE created_at END
        ) FILTER (WHERE behind IS NULL AND state <> 'parked'
                  AND (attempts > 0 OR due_at <= statement_timestamp()))), 0)::float8,
        COALESCE(extract(epoch FROM statement_timestamp() - min(due_at)
            FILTER (WHERE behind IS NULL AND state IN ('pending', 'retrying')
                    AND due_at <= statement_timestamp())), 0)::float8
    FROM integrations_delivery
    WHERE state IN ('pending', 'sending', 'retrying', 'parked')  -- the indexes' condition, word for word
        AND (%(connection)s::bigint IS NULL OR connection_id = %(connection)s)
    GROUP BY connection_id, state
"""


def open_deliveries(connection_id: int | None = None) -> list[Open]:
    """What is open, by connection and state; one pass over the open rows, or over those of one connection."""
    with database.cursor() as cursor:
        cursor.execute(_OPEN, {"connection": connection_id})
        return [Open(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Inbox:
    """The messages of one connection that still have to be handled. Times in seconds, as with `Open`."""

    connection_id: int
    number: int
    lag: float
    overdue: float


_INBOX = """
    SELECT connection_id, count(*), extract(epoch FROM statement_timestamp() - min(received_at))::float8,
        GREATEST(extract(epoch FROM statement_timestamp() - min(due_at)), 0)::float8
    FROM integrations_inboundmessage WHERE due_at IS NOT NULL GROUP BY connection_id
"""


def inbox() -> list[Inbox]:
    """Messages that wait to be handled, by connection; one pass over them."""
    with database.cursor() as cursor:
        cursor.execute(_INBOX)
        return [Inbox(*row) for row in cursor.fetchall()]


def stuck_messages() -> dict[tuple[int, str], int]:
    """(connection, "failed" or "parked") → how many messages."""
    stuck = InboundMessage.objects.filter(state__in=[InboundMessage.State.FAILED, InboundMessage.State.PARKED])
    rows = stuck.order_by().values("connection_id", "state").annotate(number=Count("id"))
    return {(row["connection_id"], row["state"]): row["number"] for row in rows}


def lag() -> dict[int, int]:
    """Connection → whole seconds that its oldest delivery has waited."""
    oldest: dict[int, int] = {}
    for row in open_deliveries():
        oldest[row.connection_id] = max(oldest.get(row.connection_id, 0), int(row.lag))
    return oldest


def parked() -> dict[int, int]:
    """Connection → deliveries parked."""
    rows = Delivery.objects.filter(state=Delivery.State.PARKED).order_by().values("connection_id")
    return {row["connection_id"]: row["number"] for row in rows.annotate(number=Count("id"))}


def drift() -> dict[int, int]:
    """Connection → orders that differ there now."""
    rows = Drift.objects.filter(healed_at=None).order_by().values("connection_id")
    return {row["connection_id"]: row["number"] for row in rows.annotate(number=Count("id"))}


def inbox_lag() -> dict[int, int]:
    """Connection → whole seconds since its oldest waiting message came."""
    return {row.connection_id: int(row.lag) for row in inbox()}


# Measure of an alert limit → connection → value; a connection with nothing open is absent and counts as 0.
MEASURES: dict[str, Callable[[], dict[int, int]]] = {
    Measure.LAG: lag,
    Measure.PARKED: parked,
    Measure.DRIFT: drift,
    Measure.INBOX: inbox_lag,
    Measure.PASS: proof.pass_age,
    Measure.PROOF: proof.wrong,
}
UNITS: dict[str, tuple[str, str]] = {  # one, several
    Measure.LAG: ("second", "seconds"),
    Measure.PARKED: ("delivery", "deliveries"),
    Measure.DRIFT: ("order", "orders"),
    Measure.INBOX: ("second", "seconds"),
    Measure.PASS: ("second", "seconds"),
    Measure.PROOF: ("finding", "findings"),
}
