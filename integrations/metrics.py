"""`/metrics` for Prometheus, read from the database at each scrape: any process on any host gives the same answer.

Everything is a gauge. Attempts and handle times are told for a window (the last five minutes, shorter under load; its
length is a gauge too) and not as counters: a counter would have to be written with every batch of the hottest path, or
remembered as "counted up to id n" over ids that do not commit in order. Per second: attempts divided by the window.

A scrape costs what is open plus two reads of at most `NEWEST` rows from the end of a primary key; what was delivered or
handled is never read. PostgreSQL ends a question that takes longer than five seconds, and the scrape is answered with
503. Labels carry public ids, host names of workers and our own words only: no names, no addresses, no secrets.
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.db import connection as database
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from integrations import measures, proof
from integrations.models import Alert, AlertLimit, Delivery, InboundMessage

WINDOW_SECONDS = 300
NEWEST = 20_000  # rows of the log of tries, and of messages, that one scrape reads at the most
DEADLINE_MS = 5000
QUANTILES = (0.5, 0.95, 0.99)
OUTCOMES = ("2xx", "3xx", "4xx", "5xx", "no_answer")
SILENT_HOSTS = 24  # hours after which a host that stopped beating is no longer told


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The page. Not there without METRICS_TOKEN in the environment; with one, only for who sends it."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse("Send the token as `Authorization: Bearer …`.\n", "text/plain", 401, headers=CHALLENGE)
    registry = CollectorRegistry()
    registry.register(Figures())
    try:
        text = generate_latest(registry)
    except OperationalError:
        return HttpResponse("The database did not answer in time.\n", "text/plain", 503)
    return HttpResponse(text, CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


CHALLENGE = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}


class Figures(Collector):
    """All families, one question after the other."""

    def collect(self) -> Iterable[Metric]:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {DEADLINE_MS}")
            lines = _lines(cursor)
            yield from _of_connections(lines)
            yield from _of_stores(lines)
            yield from _of_outbox(lines)
            yield from _of_inbox(lines)
            yield from _of_attempts(cursor, lines)
            yield from _of_handling(cursor)
            yield from _of_workers(cursor)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the database."""
        return ()


class _Line:
    """The labels of one connection, and how its sender does."""

    __slots__ = ("failing", "failures", "labels", "open", "paused", "pk")

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.pk, public_id, system, self.paused, self.open, self.failures, self.failing = row
        self.labels = (str(public_id), str(system))


Lines = Mapping[int, _Line]
LABELS = ("connection", "system")

_LINES = """
    SELECT c.id, c.public_id, c.system, c.paused_at IS NOT NULL,
        COALESCE(h.open_until > statement_timestamp(), false), COALESCE(h.failures, 0),
        COALESCE(extract(epoch FROM statement_timestamp() - h.failing_since), 0)::float8
    FROM integrations_connection c LEFT JOIN integrations_health h ON h.connection_id = c.id
    WHERE c.removed_at IS NULL ORDER BY c.id
"""


def _lines(cursor: Any) -> Lines:
    cursor.execute(_LINES)
    return {row[0]: _Line(row) for row in cursor.fetchall()}


def _family(name: str, help_: str, labels: Iterable[str], rows: Iterable[tuple[Iterable[str], float]]) -> Metric:
    family = GaugeMetricFamily(f"backoffice_{name}", help_, labels=list(labels))
    for values, number in rows:
        family.add_metric(list(values), number)
    return family


def _per_line(name: str, help_: str, lines: Lines, values: Mapping[int, float]) -> Metric:
    """A sample for every connection, 0 included: a series that vanishes cannot be alerted on."""
    rows = ((line.labels, values.get(pk, 0)) for pk, line in lines.items())
    return _family(name, help_, LABELS, rows)


def _of_connections(lines: Lines) -> Iterator[Metric]:
    each = lines.values()
    yield _per_line("connection_paused", "1 while staff or we paused it.", lines, {x.pk: x.paused for x in each})
    yield _per_line("breaker_open", "1 while its circuit breaker is open.", lines, {x.pk: x.open for x in each})
    yield _per_line(
        "connection_failures",
        "Tries that failed without a success in between.",
        lines,
        {x.pk: x.failures for x in each},
    )
    yield _per_line(
        "connection_failing_seconds",
        "Since the first failure after the last success; paused at 432000.",
        lines,
        {x.pk: x.failing for x in each},
    )
    yield _per_line("drift_open", "Orders that another system holds differently.", lines, measures.drift())
    rows = Alert.objects.filter(ended_at=None).order_by().values_list("limit__measure").annotate(number=Count("id"))
    known = dict(rows)
    yield _family(
        "alerts_open",
        "Limits of staff that are passed now.",
        ["measure"],
        (((measure,), known.get(measure, 0)) for measure in AlertLimit.Measure.values),
    )


def _of_stores(lines: Lines) -> Iterator[Metric]:
    stores = [(lines[one.connection_id].labels, one) for one in proof.proofs() if one.connection_id in lines]
    for name, help_, read in (
        ("reconcile_age_seconds", "Since a pass over the store was finished.", lambda one: one.pass_age),
        ("proof_age_seconds", "Since a check found the store and us the same.", lambda one: one.proof_age),
        ("check_wrong", "What the last check of the store found wrong.", lambda one: one.wrong),
    ):
        yield _family(name, help_, LABELS, [(labels, read(one)) for labels, one in stores])


def _of_outbox(lines: Lines) -> Iterator[Metric]:
    rows = measures.open_deliveries()
    numbers = {(row.connection_id, row.state): row.number for row in rows}
    lag: dict[int, float] = {}
    overdue: dict[int, float] = {}
    for row in rows:
        lag[row.connection_id] = max(lag.get(row.connection_id, 0), row.lag)
        overdue[row.connection_id] = max(overdue.get(row.connection_id, 0), row.overdue)
    yield _family(
        "outbox_deliveries",
        "Deliveries that are not done, by state.",
        [*LABELS, "state"],
        (
            ((*line.labels, str(state.value)), numbers.get((pk, state.value), 0))
            for pk, line in lines.items()
            for state in Delivery.OPEN
        ),
    )
    yield _per_line("outbox_lag_seconds", "How long the oldest delivery has waited to arrive.", lines, lag)
    yield _per_line("outbox_overdue_seconds", "How long the oldest due one has waited for a sender.", lines, overdue)


def _of_inbox(lines: Lines) -> Iterator[Metric]:
    rows = measures.inbox()
    stuck = measures.stuck_messages()
    yield _per_line(
        "inbox_messages_waiting", "Messages to handle (again).", lines, {row.connection_id: row.number for row in rows}
    )
    yield _per_line(
        "inbox_lag_seconds", "Since the oldest of them came.", lines, {row.connection_id: row.lag for row in rows}
    )
    yield _per_line(
        "inbox_overdue_seconds",
        "How long the oldest due one has waited for a worker.",
        lines,
        {row.connection_id: row.overdue for row in rows},
    )
    yield _family(
        "inbox_messages_stuck",
        "Messages that failed and are tried again, or are parked.",
        [*LABELS, "state"],
        (
            ((*line.labels, str(state.value)), stuck.get((pk, state.value), 0))
            for pk, line in lines.items()
            for state in (InboundMessage.State.FAILED, InboundMessage.State.PARKED)
        ),
    )


# Both from the end of the primary key: the tables have no index on time, for those who write them would pay for it.
_ATTEMPTS = f"""
    WITH newest AS MATERIALIZED (
        SELECT delivery_id, started_at, status FROM integrations_deliveryattempt ORDER BY id DESC LIMIT {NEWEST}
    )
    SELECT NULL, NULL, NULL::bigint, CASE WHEN count(*) < {NEWEST} THEN {WINDOW_SECONDS} ELSE
        LEAST(extract(epoch FROM statement_timestamp() - min(started_at)), {WINDOW_SECONDS}) END::float8
    FROM newest
    UNION ALL
    SELECT d.connection_id, CASE WHEN status IS NULL THEN 'no_answer' ELSE status / 100 || 'xx' END, count(*), NULL
    FROM newest JOIN integrations_delivery d ON d.id = newest.delivery_id
    WHERE newest.started_at > statement_timestamp() - make_interval(secs => {WINDOW_SECONDS})
    GROUP BY 1, 2
"""  # noqa: S608 constants of this module


def _of_attempts(cursor: Any, lines: Lines) -> Iterator[Metric]:
    cursor.execute(_ATTEMPTS)
    window = float(WINDOW_SECONDS)
    numbers: dict[tuple[int, str], int] = {}
    for pk, outcome, number, seconds in cursor.fetchall():
        if pk is None:
            window = seconds
        else:
            numbers[pk, outcome] = number
    yield _family("delivery_attempts_window_seconds", "Length of the window of the next figures.", (), [((), window)])
    yield _family(
        "delivery_attempts_recent",
        "Tries that began within the window, by class of the answer.",
        [*LABELS, "outcome"],
        (
            ((*line.labels, outcome), numbers.get((pk, outcome), 0))
            for pk, line in lines.items()
            for outcome in OUTCOMES
        ),
    )


_HANDLED = f"""
    WITH newest AS MATERIALIZED (
        SELECT received_at, handled_at FROM integrations_inboundmessage ORDER BY id DESC LIMIT {NEWEST}
    )
    SELECT count(*), percentile_cont(ARRAY[{", ".join(map(str, QUANTILES))}]) WITHIN GROUP (
        ORDER BY extract(epoch FROM handled_at - received_at)::float8)
    FROM newest WHERE handled_at > statement_timestamp() - make_interval(secs => {WINDOW_SECONDS})
"""  # noqa: S608 constants of this module


def _of_handling(cursor: Any) -> Iterator[Metric]:
    cursor.execute(_HANDLED)
    number, seconds = cursor.fetchone()
    yield _family(
        "inbox_handled_recent",
        "Messages handled in the last five minutes, among the newest 20,000.",
        (),
        [((), number)],
    )
    quantiles = zip(QUANTILES, seconds or (), strict=False)
    yield _family(
        "inbox_handle_seconds",
        "From receipt to handled, of those; absent when there were none.",
        ["quantile"],
        (((f"{quantile:g}",), value) for quantile, value in quantiles),
    )


_BEATS = """
    SELECT host, GREATEST(extract(epoch FROM statement_timestamp() - beat_at), 0)::float8
    FROM integrations_heartbeat WHERE beat_at > statement_timestamp() - make_interval(hours => %s) ORDER BY host
"""


def _of_workers(cursor: Any) -> Iterator[Metric]:
    cursor.execute(_BEATS, [SILENT_HOSTS])
    rows = [((host,), age) for host, age in cursor.fetchall()]
    yield _family("worker_heartbeat_age_seconds", "Since a worker of this host last ran a task.", ["host"], rows)
