"""What may go now: the oldest open delivery of each order, in fair turns, within each connection's limits.

Every claim runs under the lock of the connections' `Health` rows, taken with SKIP LOCKED: two senders never claim on
one connection at the same moment, and neither ever waits. The database's clock decides everything, so that hosts
need not agree on the time.

Fair turns: each connection has room of its own, and within a connection each shop has its turn (a shop with 50,000
events does not delay the event of another). A connection that has not proved itself lately gets few requests at a
time and all such connections together half of what there is, so that the dead cannot use up what the living need.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from backoffice import failpoints
from integrations import coalescing, sql
from integrations.events import Event
from integrations.transport import DEADLINE_SECONDS

MARGIN_SECONDS = 5.0  # a lease outlasts its attempt by this
BREAKER_FAILURES = 5  # in a row; then nothing is sent but one probe at a time
UNPROVEN = 4  # requests at a time for a connection without a recent success
LOOK_AHEAD = 32  # rows read beyond the room there is, for some of them wait behind others

# The same words as in the partial indexes of Delivery, or the planner cannot use them.
OPEN = "('pending', 'sending', 'retrying', 'parked')"
SENDABLE = "state IN ('pending', 'sending', 'retrying') AND behind IS NULL"
DUE = f"{SENDABLE} AND due_at <= statement_timestamp() AND (state <> 'sending' OR lease_until < statement_timestamp())"

# Connections that have anything to send, found by skipping from one to the next in the index.
WAITING = f"""
    WITH RECURSIVE waiting(connection_id) AS (
        (SELECT connection_id FROM integrations_delivery WHERE {SENDABLE} ORDER BY connection_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.connection_id FROM integrations_delivery d WHERE {SENDABLE}
                AND d.connection_id > w.connection_id ORDER BY d.connection_id LIMIT 1)
        FROM waiting w WHERE w.connection_id IS NOT NULL
    )
"""  # noqa: S608 a constant of this module


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that is ours until its lease ends."""

    id: int
    connection_id: int
    fence: int
    attempts: int
    event: Event


@dataclass(slots=True)
class Claim:
    """`deliveries` in the order to send them; `at` is when, by the database's clock, None when nothing was claimed.

    `wait` is the seconds until a rate limit lets more go, None without one. `versions` tells for each connection which
    version of its row the claim saw, so that a change is noticed at once; `coalescing` which want no update that a
    newer one has overtaken; `moved` whether rows were put out of the way.
    """

    deliveries: list[Claimed] = field(default_factory=list)
    versions: dict[int, str] = field(default_factory=dict)
    at: datetime | None = None
    wait: float | None = None
    coalescing: set[int] = field(default_factory=set)
    moved: bool = False


@dataclass(slots=True)
class _Line:
    """One connection with something to send, as the claim found it."""

    connection_id: int
    version: str
    most_in_flight: int
    most_per_second: float | None
    failures: int
    recovering: int | None
    proven: bool
    tokens: float
    in_flight: int
    coalesce: bool
    room: int = 0


def claim(systems: Sequence[str], room: int, *, calls: int = 1, only: int | None = None) -> Claim:
    """Lease up to `room` deliveries of connections of these systems (of `only` one); each makes up to `calls` requests.

    Waits for nobody. Returns an empty claim when nothing is due or all that is due must wait.
    """
    lease = calls * DEADLINE_SECONDS + MARGIN_SECONDS
    claim = Claim()
    while True:
        with transaction.atomic():
            lines = _lines(systems, only)
            _divide(lines, room, claim)
            lines = [line for line in lines if line.room > 0]
            if not lines:
                return claim
            heads, followers = _candidates(lines)
            claim.moved = coalescing.leave_out([pk for pk, _ in heads + followers], claim.coalescing)
            if not claim.moved:
                _pick(claim, lines, heads, lease)
                claim.moved = _set_behind(followers)
            failpoints.reach("outbox.claiming")
        failpoints.reach("outbox.claimed")
        if claim.deliveries or not claim.moved:
            return claim
        # All that was read waits behind something else; it is out of the way now, so read on.


def ensure_health() -> None:
    """Every connection has its row of health; a new one gets it here."""
    sql.run(
        "INSERT INTO integrations_health (connection_id, failures, tokens, warned) SELECT c.id, 0, 1, 0"
        " FROM integrations_connection c WHERE NOT EXISTS"
        " (SELECT 1 FROM integrations_health h WHERE h.connection_id = c.id) ON CONFLICT DO NOTHING"
    )


_LINES = f"""
    {WAITING}
    SELECT c.id, c.xmin::text, c.most_in_flight, c.most_per_second, h.failures, h.recovering,
        h.failures = 0 AND COALESCE(h.last_success_at > statement_timestamp() - interval '1 minute', false),
        CASE WHEN h.tokens_at IS NULL THEN GREATEST(c.most_per_second, 1) ELSE
            LEAST(GREATEST(c.most_per_second, 1), h.tokens + COALESCE(c.most_per_second, 0)
            * GREATEST(0, EXTRACT(EPOCH FROM statement_timestamp() - h.tokens_at))) END::float8,
        (SELECT count(*) FROM integrations_delivery d WHERE d.connection_id = c.id AND d.state = 'sending'
            AND d.lease_until >= statement_timestamp()),
        c.coalesce
    FROM waiting w JOIN integrations_connection c ON c.id = w.connection_id
    JOIN integrations_health h ON h.connection_id = c.id
    WHERE c.paused_at IS NULL AND c.system = ANY(%s::text[]) AND (%s::bigint IS NULL OR c.id = %s::bigint)
        AND (h.open_until IS NULL OR h.open_until <= statement_timestamp())
    ORDER BY c.id FOR UPDATE OF h SKIP LOCKED
"""  # noqa: S608 all parts are constants of this module


def _lines(systems: Sequence[str], only: int | None) -> list[_Line]:
    return [_Line(*row) for row in sql.run(_LINES, list(systems), only, only)]


def _divide(lines: list[_Line], room: int, claim: Claim) -> None:
    """Give each line its room: its own limits first, then what is left of all, those that prove themselves first."""
    unproven_room = max(1, room // 2)
    for line in sorted(lines, key=lambda line: (not line.proven, line.in_flight, line.connection_id)):
        claim.versions[line.connection_id] = line.version
        if line.coalesce:
            claim.coalescing.add(line.connection_id)
        most = line.most_in_flight
        if line.failures >= BREAKER_FAILURES:
            most = 1
        elif line.recovering is not None:
            most = min(most, line.recovering)
        elif not line.proven:
            most = min(most, UNPROVEN)
        line.room = max(0, min(most - line.in_flight, room if line.proven else min(room, unproven_room)))
        if line.most_per_second is not None:
            if line.tokens < 1:
                wait = (1 - line.tokens) / line.most_per_second
                claim.wait = min(wait, claim.wait) if claim.wait is not None else wait
            line.room = min(line.room, int(line.tokens))
        room -= line.room
        if not line.proven:
            unproven_room -= line.room


# Per line and shop the rows that are due, oldest first; `ahead` is the nearest open delivery of the same order.
_CANDIDATES = f"""
    WITH RECURSIVE line(connection_id, shop_id, most) AS (
        SELECT l.connection_id, (SELECT d.shop_id FROM integrations_delivery d WHERE {SENDABLE}
            AND d.connection_id = l.connection_id ORDER BY d.shop_id LIMIT 1), l.most
        FROM unnest(%s::bigint[], %s::int[]) AS l(connection_id, most)
        UNION ALL
        SELECT l.connection_id, (SELECT d.shop_id FROM integrations_delivery d WHERE {SENDABLE}
            AND d.connection_id = l.connection_id AND d.shop_id > l.shop_id ORDER BY d.shop_id LIMIT 1), l.most
        FROM line l WHERE l.shop_id IS NOT NULL
    )
    SELECT due.id, l.connection_id, due.turn, (
        SELECT e.id FROM integrations_delivery e WHERE e.connection_id = l.connection_id AND e.order_id = due.order_id
        AND e.id < due.id AND e.state IN {OPEN} ORDER BY e.id DESC LIMIT 1) AS ahead
    FROM line l CROSS JOIN LATERAL (
        SELECT d.id, d.order_id, row_number() OVER (ORDER BY d.due_at, d.id) AS turn
        FROM integrations_delivery d
        WHERE d.connection_id = l.connection_id AND d.shop_id = l.shop_id AND {DUE}
        ORDER BY d.due_at, d.id LIMIT l.most
    ) due
    ORDER BY due.turn, due.id
"""  # noqa: S608 all parts are constants of this module


def _candidates(lines: list[_Line]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(id, connection) of the heads in fair order, (id, id ahead of it) of the others that were met."""
    heads, followers = [], []
    rooms = [line.room + LOOK_AHEAD for line in lines]
    for pk, connection_id, _turn, ahead in sql.run(_CANDIDATES, [line.connection_id for line in lines], rooms):
        if ahead is None:
            heads.append((pk, connection_id))
        else:
            followers.append((pk, ahead))
    return heads, followers


_CLAIM = f"""
    WITH mine AS (
        SELECT id FROM integrations_delivery WHERE id = ANY(%s::bigint[]) AND {DUE} FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE integrations_delivery d SET state = 'sending', fence = d.fence + 1, attempts = d.attempts + 1,
            lease_until = statement_timestamp() + make_interval(secs => %s::float8)
        FROM mine WHERE d.id = mine.id RETURNING d.id, d.connection_id, d.fence, d.attempts, d.entry_id
    )
    SELECT c.id, c.connection_id, c.fence, c.attempts, e.public_id, e.action, e.created_at, e.id, s.domain,
        o.public_id, o.remote_id, o.name, e.subject, e.facts::text, statement_timestamp()
    FROM claimed c JOIN orders_journalentry e ON e.id = c.entry_id JOIN orders_shop s ON s.id = e.shop_id
    LEFT JOIN orders_order o ON o.id = e.order_id ORDER BY c.id
"""  # noqa: S608 all parts are constants of this module


def _pick(claim: Claim, lines: list[_Line], heads: list[tuple[int, int]], lease: float) -> None:
    left = {line.connection_id: line.room for line in lines}
    chosen = []
    for pk, connection_id in heads:
        if left[connection_id] > 0:
            left[connection_id] -= 1
            chosen.append(pk)
    if not chosen:
        return
    for row in sql.run(_CLAIM, chosen, lease):
        order = (row[9], row[10], row[11]) if row[9] else None
        claim.at = row[14]
        event = Event(row[4], row[5], row[6], row[7], row[8], order, row[12], json.loads(row[13]))
        claim.deliveries.append(Claimed(row[0], row[1], row[2], row[3], event))
    # Who answered lately is served first: the others may take longer to begin with.
    proven = {line.connection_id for line in lines if line.proven}
    claim.deliveries.sort(key=lambda delivery: (delivery.connection_id not in proven, delivery.id))
    _spend(lines, claim)


def _spend(lines: list[_Line], claim: Claim) -> None:
    """Take what was claimed off the tokens of connections whose rate is limited."""
    for line in lines:
        if line.most_per_second is not None:
            taken = sum(1 for delivery in claim.deliveries if delivery.connection_id == line.connection_id)
            sql.run(
                "UPDATE integrations_health SET tokens = %s, tokens_at = statement_timestamp()"
                " WHERE connection_id = %s",
                line.tokens - taken,
                line.connection_id,
            )


# The one ahead is locked: if it is being settled at this moment it is skipped, so that nobody waits behind what is
# done. A statement of its own, for a row can be ahead of one and behind another.
_STILL_AHEAD = f"""
    SELECT id FROM integrations_delivery WHERE id = ANY(%s::bigint[]) AND state IN {OPEN}
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608 a constant of this module
_SET_BEHIND = """
    UPDATE integrations_delivery d SET behind = f.ahead FROM unnest(%s::bigint[], %s::bigint[]) AS f(id, ahead)
    WHERE d.id = f.id AND d.behind IS NULL AND d.state IN ('pending', 'retrying') RETURNING d.id
"""


def _set_behind(followers: list[tuple[int, int]]) -> bool:
    if not followers:
        return False
    still = {row[0] for row in sql.run(_STILL_AHEAD, sorted({ahead for _, ahead in followers}))}
    waiting = [(pk, ahead) for pk, ahead in followers if ahead in still]
    return bool(sql.run(_SET_BEHIND, [pk for pk, _ in waiting], [ahead for _, ahead in waiting]))
