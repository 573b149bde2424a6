"""The log of tries, summed up for people: how many deliveries a minute, and what went wrong how often.

The log has no index on time, for the senders pay for every index; so only its newest rows are read, and the answer says
when they do not reach back far enough.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import TruncMinute
from django.utils import timezone

from integrations.models import Delivery, DeliveryAttempt

NEWEST = 20_000  # tries of all connections together
MINUTES = 60
DAY = timedelta(hours=24)
MOST_OUTCOMES = 300
MOST_STUCK = 500


@dataclass(frozen=True, slots=True)
class Throughput:
    """Deliveries in each of the last 60 minutes, oldest first. `since` is set when the log read begins later."""

    minutes: list[tuple[datetime, int]]
    since: datetime | None

    @property
    def total(self) -> int:
        return sum(number for _, number in self.minutes)

    @property
    def most(self) -> int:
        return max(number for _, number in self.minutes)


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """So many tries of the last 24 hours that ended in the same way; `example` is the newest of them, as logged."""

    name: str
    number: int
    last: datetime
    example: str


def newest() -> QuerySet[DeliveryAttempt]:
    """The newest tries of all connections."""
    last = DeliveryAttempt.objects.aggregate(last=Max("pk"))["last"] or 0
    return DeliveryAttempt.objects.filter(pk__gt=last - NEWEST)


def tries_of(connection_id: int, among: QuerySet[DeliveryAttempt]) -> list[QuerySet[DeliveryAttempt]]:
    """One connection's tries `among` the newest, and apart those of what is stuck there, however long ago; none twice.

    Beside a busy connection the newest tries are soon all its own; what went wrong at a quiet one must not hide for it.
    Apart, for each half has an index and both in one condition would have none.
    """
    stuck = Delivery.objects.filter(
        connection=connection_id, state__in=(Delivery.State.PARKED, Delivery.State.RETRYING)
    ).order_by("-id")
    ids = list(stuck.values_list("id", flat=True)[:MOST_STUCK])
    mine = among.filter(delivery__connection=connection_id)
    return [mine.exclude(delivery__in=ids), DeliveryAttempt.objects.filter(delivery__in=ids)] if ids else [mine]


def last_tries(halves: list[QuerySet[DeliveryAttempt]], number: int) -> list[DeliveryAttempt]:
    """The newest tries of `tries_of`, with their delivery, its entry and order, and without their answers."""
    rows: list[DeliveryAttempt] = []
    for half in halves:
        related = half.select_related("delivery__entry", "delivery__order").defer("answer", "delivery__order__amounts")
        rows += related.order_by("-pk")[:number]
    return sorted(rows, key=lambda row: -row.pk)[:number]


def throughput(connection_id: int, tries: QuerySet[DeliveryAttempt]) -> Throughput:
    """What was delivered, minute by minute; `tries` from `newest`."""
    this_minute = timezone.now().replace(second=0, microsecond=0)
    first = this_minute - timedelta(minutes=MINUTES - 1)
    delivered = Delivery.objects.filter(
        pk__in=tries.order_by().values("delivery_id"),
        connection=connection_id,
        state=Delivery.State.DELIVERED,
        delivered_at__gte=first,
    ).order_by()
    rows = delivered.annotate(minute=TruncMinute("delivered_at")).values("minute").annotate(number=Count("id"))
    counts = {row["minute"]: row["number"] for row in rows}
    minutes = [first + timedelta(minutes=index) for index in range(MINUTES)]
    return Throughput([(minute, counts.get(minute, 0)) for minute in minutes], begins(tries, first))


def begins(tries: QuerySet[DeliveryAttempt], wanted: datetime) -> datetime | None:
    """When the log read begins, None when it holds everything since `wanted`."""
    ids = list(tries.order_by("pk").values_list("pk", "started_at")[:1])
    if not ids or ids[0][0] == 1 or ids[0][1] <= wanted:
        return None
    return ids[0][1] if DeliveryAttempt.objects.filter(pk__lt=ids[0][0]).exists() else None


def error_kinds(halves: list[QuerySet[DeliveryAttempt]]) -> list[ErrorKind]:
    """What went wrong in the last 24 hours, most frequent first; `halves` from `tries_of`."""
    first, *more = [_outcomes(half) for half in halves]
    rows: Any = first.union(*more, all=True) if more else first
    kinds: dict[str, ErrorKind] = {}
    for row in sorted(rows, key=lambda row: row["last"], reverse=True):
        name = kind_of(row["status"], row["outcome"])
        known = kinds.get(name) or ErrorKind(name, 0, row["last"], row["outcome"])
        kinds[name] = ErrorKind(name, known.number + row["number"], known.last, known.example)
    return sorted(kinds.values(), key=lambda kind: (-kind.number, kind.name))


def _outcomes(tries: QuerySet[DeliveryAttempt]) -> QuerySet[Any, Any]:
    """(status, outcome, number, last) rows of failures in the last 24 hours, the newest when there are very many."""
    recent = tries.filter(went_well=False, started_at__gte=timezone.now() - DAY).order_by().values("status", "outcome")
    return recent.annotate(number=Count("id"), last=Max("started_at")).order_by("-last")[:MOST_OUTCOMES]


_STATUSES = {
    408: "Timed out at the receiver (408)",
    410: "The receiver wants no more (410)",
    413: "Too big for the receiver (413)",
    429: "Too many requests for the receiver (429)",
}
# Words of the outcome → kind, the first that fits.
_WORDS = (
    ("not public", "Address not allowed"),
    ("tls failed", "TLS failed"),
    ("certificate", "TLS failed"),
    ("no whole answer within", "Timed out"),
    ("timed out", "Timed out"),
    ("timeout", "Timed out"),
    ("could not resolve", "Name not found"),
    ("name or service not known", "Name not found"),
    ("nameresolution", "Name not found"),
    ("connection refused", "Connection refused"),
    ("failed to connect", "Connection refused"),
    ("could not connect", "Connection refused"),
    ("couldn't connect", "Connection refused"),
    ("broke off", "Connection broken"),
    ("reset", "Connection broken"),
    ("empty reply", "Connection broken"),
    ("closed", "Connection broken"),
    ("not http", "Not HTTP"),
    ("bad address", "Our configuration"),
    ("signing secret", "Our configuration"),
    ("there is no version", "Our configuration"),
    ("throttles", "Shopify throttles us"),
)


def kind_of(status: int | None, outcome: str) -> str:
    """The kind of failure with which a try ended that did not go well."""
    lowered = outcome.lower()
    by_words = next((kind for words, kind in _WORDS if words in lowered), "")
    if status is None or 200 <= status < 300:
        return by_words or ("Refused by the system's rules" if status else "Another failure")
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return f"Error at the receiver ({status})"
    if status >= 400:
        return f"Refused by the receiver ({status})"
    return f"Redirects, which are not followed ({status})"
