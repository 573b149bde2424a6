"""What became of a try: the delivery's next state, its line in the log, and how the connection does.

A batch of outcomes is one transaction. A sender that was frozen past its lease has lost its fencing number and writes
nothing. All times are the database's.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from backoffice import failpoints
from integrations import sql
from integrations.claiming import BREAKER_FAILURES, OPEN
from integrations.errors import GiveUp, NotYet, RetryLater, Throttled
from integrations.models import Delivery
from integrations.sent import Sent

# Seconds after the first try, which goes at once: Standard Webhooks' recommended schedule, 75 hours in all.
SCHEDULE = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.2  # up to this much later, never sooner
BREAKER_SECONDS = 10.0  # the first time it opens; then twice as long for each failed probe
MOST_BREAKER_SECONDS = 300.0
MOST_HOLD_SECONDS = 3600.0  # a Retry-After holds the whole connection for so long at the most
THROTTLED = frozenset({429, 502, 503, 504})  # the receiver has too much: fewer at a time


Result = Sent | RetryLater | GiveUp


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one try at a delivery that was claimed with this fencing number; `attempts` counts this try."""

    id: int
    connection_id: int
    fence: int
    attempts: int
    result: Result
    milliseconds: int
    version: str = ""


@dataclass(slots=True)
class _Tally:
    """What a batch says about one connection, in the order the tries ended."""

    successes: int = 0
    failing: bool = False  # the last one was no success, of whatever kind
    failures: int = 0  # in a row at the end, of the kind that says the receiver is down
    hold: float = 0.0
    throttled: bool = False


def tried(call: Callable[[], Sent]) -> Result:
    """What came of one try; never raises for what came back, nor for a bug of ours: it may be mended by then."""
    try:
        return call()
    except (RetryLater, GiveUp) as error:
        return error
    except Exception as error:  # noqa: BLE001 one broken receiver or event must not hold up everybody
        return RetryLater(f"{type(error).__name__}: {error}")


def settle(outcomes: Sequence[Outcome]) -> set[int]:
    """Write outcomes; returns the ids that were still ours. Connections that said 410 are the caller's to pause."""
    if not outcomes:
        return set()
    connections = sorted({outcome.connection_id for outcome in outcomes})
    with transaction.atomic():
        # In order of id, or two senders could wait for each other for ever.
        sql.run(_LOCK, connections)
        ours = {row[0] for row in sql.run(_SETTLE, *_columns(outcomes))}
        free(ours)
        batches: dict[int, list[Outcome]] = {}
        for outcome in outcomes:
            if outcome.id in ours:
                batches.setdefault(outcome.connection_id, []).append(outcome)
        _keep_health({connection_id: tally(batch) for connection_id, batch in batches.items()})
        failpoints.reach("outbox.settling")
    failpoints.reach("outbox.settled")
    return ours


_LOCK = "SELECT 1 FROM integrations_health WHERE connection_id = ANY(%s) ORDER BY connection_id FOR UPDATE"

_SETTLE = """
    WITH outcome AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::text[], %s::text[], %s::float8[], %s::text[],
                             %s::int[], %s::int[], %s::text[], %s::text[], %s::boolean[])
            AS o(id, fence, number, state, parked, wait, result, milliseconds, status, answer, version, went_well)
    ), settled AS (
        UPDATE integrations_delivery d
        SET state = o.state, parked_because = o.parked, result = o.result, lease_until = NULL,
            attempts = d.attempts - (o.number = 0)::int,
            due_at = CASE WHEN o.wait IS NULL THEN d.due_at
                ELSE statement_timestamp() + make_interval(secs => o.wait) END,
            delivered_at = CASE WHEN o.state = 'delivered' THEN statement_timestamp() END
        FROM outcome o WHERE d.id = o.id AND d.fence = o.fence RETURNING d.id
    )
    INSERT INTO integrations_deliveryattempt
        (delivery_id, number, started_at, milliseconds, status, outcome, answer, payload_version, went_well)
    SELECT o.id, o.number, statement_timestamp() - make_interval(secs => o.milliseconds / 1000.0), o.milliseconds,
        o.status, o.result, o.answer, o.version, o.went_well
    FROM settled JOIN outcome o USING (id) ORDER BY o.id
    RETURNING delivery_id
"""

# A statement of its own after the states: it must see those who came to wait while we waited for the rows.
_FREE = f"""
    UPDATE integrations_delivery d SET behind = NULL WHERE d.behind = ANY(%s)
        AND NOT EXISTS (SELECT 1 FROM integrations_delivery a WHERE a.id = d.behind AND a.state IN {OPEN})
"""  # noqa: S608 a constant of this module


def free(ids: Iterable[int]) -> None:
    """Let go what waited behind these, if they are done."""
    sql.run(_FREE, sorted(ids))


def _columns(outcomes: Sequence[Outcome]) -> list[list[Any]]:
    columns: list[list[Any]] = [[] for _ in range(12)]
    for outcome in outcomes:
        state, parked, wait = what_next(outcome)
        result = outcome.result
        words = result.outcome if isinstance(result, Sent) else str(result)
        number = 0 if isinstance(result, NotYet) else outcome.attempts  # which is no try: it does not count
        values = (
            outcome.id, outcome.fence, number, state, parked, wait, words.replace("\x00", "")[:255],
            outcome.milliseconds, result.status, result.answer.replace("\x00", "")[:4000], outcome.version,
            isinstance(result, Sent | NotYet),
        )  # fmt: skip
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    return columns


def what_next(outcome: Outcome) -> tuple[str, str, float | None]:
    """(state, why parked or "", seconds until the next try or None) after this try."""
    result = outcome.result
    if isinstance(result, Sent):
        return Delivery.State.DELIVERED.value, "", None
    if isinstance(result, GiveUp):
        return Delivery.State.PARKED.value, result.parked, None
    if isinstance(result, NotYet):
        return Delivery.State.RETRYING.value, "", result.after or SCHEDULE[0]
    if outcome.attempts > len(SCHEDULE):
        return Delivery.State.PARKED.value, Delivery.Parked.EXHAUSTED.value, None
    wait = SCHEDULE[outcome.attempts - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 spreading, not secrecy
    return Delivery.State.RETRYING.value, "", max(wait, result.after or 0)


def tally(outcomes: Sequence[Outcome]) -> _Tally:
    """Sum up one connection's outcomes. A refusal of one event (4xx) is no sign that the receiver is down."""
    sum_ = _Tally()
    for outcome in outcomes:
        result = outcome.result
        if isinstance(result, Sent | NotYet):
            sum_.successes += 1
            sum_.failing, sum_.failures = False, 0
            if isinstance(result, Throttled):
                sum_.hold = max(sum_.hold, min(result.after or 0.0, MOST_HOLD_SECONDS))
            continue
        sum_.failing = True
        down = isinstance(result, RetryLater) or result.parked in ("configuration", "blocked_address")
        sum_.failures += down
        sum_.throttled |= result.status in THROTTLED
        if isinstance(result, RetryLater) and result.after and result.status in THROTTLED:
            sum_.hold = max(sum_.hold, min(result.after, MOST_HOLD_SECONDS))
    return sum_


# While the breaker is open, tries that were on their way already do not count: only a failed probe opens it again.
_HEALTH = f"""
    WITH tally AS (
        SELECT * FROM unnest(%s::bigint[], %s::int[], %s::boolean[], %s::int[], %s::float8[], %s::boolean[],
                             %s::float8[])
            AS t(connection_id, successes, failing, failures, hold, throttled, spread)
    ), was AS (
        SELECT t.*, c.most_in_flight, h.failures AS failures_before, h.failing_since, h.last_success_at, h.open_until,
            h.recovering, h.failures >= {BREAKER_FAILURES} AS broken,
            COALESCE(h.open_until > statement_timestamp(), false) AS open
        FROM tally t JOIN integrations_health h USING (connection_id)
        JOIN integrations_connection c ON c.id = t.connection_id
    ), now AS (
        SELECT was.*, CASE
            WHEN successes > 0 THEN LEAST(failures, {BREAKER_FAILURES})
            WHEN broken AND open THEN failures_before
            WHEN broken THEN failures_before + LEAST(failures, 1)
            ELSE LEAST(failures_before + failures, {BREAKER_FAILURES}) END AS failures_now
        FROM was
    )
    UPDATE integrations_health h SET
        failures = now.failures_now,
        failing_since = CASE WHEN NOT now.failing THEN NULL WHEN now.successes > 0 THEN statement_timestamp()
            ELSE COALESCE(now.failing_since, statement_timestamp()) END,
        last_success_at = CASE WHEN now.successes > 0 THEN statement_timestamp() ELSE now.last_success_at END,
        open_until = GREATEST(
            CASE WHEN now.failures_now < {BREAKER_FAILURES} THEN NULL
                WHEN now.broken AND now.open AND now.successes = 0 THEN now.open_until
                ELSE statement_timestamp() + make_interval(secs => now.spread * LEAST({MOST_BREAKER_SECONDS},
                    {BREAKER_SECONDS} * 2 ^ LEAST(now.failures_now - {BREAKER_FAILURES}, 10))) END,
            CASE WHEN now.hold > 0 THEN statement_timestamp() + make_interval(secs => now.hold)
                WHEN now.open AND NOT now.broken THEN now.open_until END),
        recovering = NULLIF(CASE
            WHEN now.throttled THEN GREATEST(1, COALESCE(now.recovering, now.most_in_flight) / 2)
            WHEN now.broken AND now.successes > 0 THEN 1
            WHEN now.failures > 0 AND now.recovering IS NOT NULL THEN GREATEST(1, now.recovering / 2)
            ELSE LEAST(now.recovering + now.successes, now.most_in_flight) END, now.most_in_flight)
    FROM now WHERE h.connection_id = now.connection_id
"""  # noqa: S608 all parts are constants of this module


def _keep_health(tallies: dict[int, _Tally]) -> None:
    """One statement for all connections of a batch, in the order of their ids, as they are locked."""
    columns: list[list[Any]] = [[] for _ in range(7)]
    for connection_id, sum_ in sorted(tallies.items()):
        spread = random.uniform(1, 1 + JITTER)  # noqa: S311 spreading, not secrecy
        values = (connection_id, sum_.successes, sum_.failing, sum_.failures, sum_.hold, sum_.throttled, spread)
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    sql.run(_HEALTH, *columns)
