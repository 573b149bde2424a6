"""Data in: store a signed message before it is answered, handle it afterwards in a worker.

`store` is one INSERT; `drain` claims due rows under a lease, so that a worker that dies gives them back, and counts the
attempt before it starts, so that a message that kills its worker is parked in the end. The lease is short and is kept
up while the batch lasts: what a killed worker held goes on within seconds.
"""

import hashlib
import random
import time
import traceback
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import psycopg
from django.db import connection, transaction
from django.db.models.functions import Now
from psycopg.types.json import Jsonb

from backoffice import failpoints
from integrations import bells, sql, systems, worker
from integrations.drains import slot, until_empty
from integrations.errors import Ignored, RetryLater, Throttled, Unreadable
from integrations.group_commit import GroupCommit
from integrations.models import Connection, InboundMessage
from orders.models import Order

BACKOFF = [timedelta(seconds=seconds) for seconds in (5, 30, 300, 1800, 7200, 18_000, 36_000)]
THROTTLED_SPREAD_SECONDS = 7  # over which those that a shop throttled at once come back
LEASE = timedelta(seconds=20)  # one message takes longer only when it reads from a slow shop; twice handled is harmless
BATCH = 10  # a store that has nothing else waiting waits for the rest of one, however many another has
WRITE_SECONDS = 1.0  # at the latest then what was handled is written, though the batch goes on
SLOTS = 2  # of each worker's processes at the most, so that the outbox always finds one


@dataclass(frozen=True, slots=True)
class Received:
    """A verified message on its way into the database; `body` is exactly what was signed."""

    connection_id: int
    topic: str
    delivery_key: str
    event_key: str
    headers: dict[str, str]
    body: bytes


def store(message: Received) -> None:
    """Commit the message, once: a delivery or a body that is there already changes nothing. Rings the inbox."""
    failpoints.reach("inbox.verified")
    _together.add(message)
    failpoints.reach("inbox.stored")


_STORE = """
    WITH stored AS (
        INSERT INTO integrations_inboundmessage
            (connection_id, topic, delivery_key, event_key, digest, headers, body_zlib, state, result, traceback,
             attempts, received_at, due_at)
        SELECT connection_id, topic, delivery_key, event_key, digest, headers, body, 'received', '', '',
               0, clock_timestamp(), clock_timestamp()
        FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::jsonb[], %b::bytea[])
            AS new (connection_id, topic, delivery_key, event_key, digest, headers, body)
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT pg_notify(%s, %s) FROM stored LIMIT 1
"""


def _insert(messages: Sequence[Received]) -> None:
    columns: list[list[Any]] = [
        [m.connection_id for m in messages],
        [m.topic for m in messages],
        [m.delivery_key for m in messages],
        [m.event_key for m in messages],
        [hashlib.sha256(m.body).digest() for m in messages],
        [Jsonb(m.headers) for m in messages],
        [_compressed(m.body) for m in messages],
    ]
    try:
        sql.run(_STORE, *columns, bells.CHANNELS[bells.INBOX], bells.INBOX)
    except psycopg.OperationalError:
        # The kept connection was dead (a health check before every commit costs a round trip). Storing twice is safe.
        connection.close()
        sql.run(_STORE, *columns, bells.CHANNELS[bells.INBOX], bells.INBOX)


def _compressed(body: bytes) -> bytes:
    """Zlib with tables the size of an order: clearing those of `zlib.compress` costs more than compressing 10 KB."""
    deflate = zlib.compressobj(level=2, wbits=14, memLevel=6)
    return deflate.compress(body) + deflate.flush()


_together = GroupCommit(_insert)


def drain() -> int:
    """Handle due messages for at most 20 s; returns how many. Rings again when some are left."""
    with slot(f"inbox:{worker.HOST}", SLOTS) as mine:
        if not mine:
            return 0
        done = until_empty(_drain_batch)
    if InboundMessage.objects.filter(due_at__lte=Now()).exists():
        bells.ring(bells.INBOX)
    return done


def _drain_batch() -> int:
    worker.keep_beating()
    claimed = _claim()
    handled: list[Handled] = []
    written_at = kept_at = time.monotonic()
    for index, message in enumerate(claimed):
        if message.suspect or time.monotonic() - written_at > WRITE_SECONDS:
            handled, written_at = _settle_handled(handled), time.monotonic()
        if time.monotonic() - kept_at > LEASE.total_seconds() / 2:
            _keep(claimed[index:])
            kept_at = time.monotonic()
        if (done := handle(message)) is not None:
            handled.append(done)
    _settle_handled(handled)
    return len(claimed)


# Stores take turns: each connection that has something due gives its oldest, so that a flood from one store delays no
# other by more than a batch. Connections are found by skipping from one to the next in the index. A suspect was taken
# before and nobody lived to say what became of it: one a batch, the last in it, so that it can take no other with it;
# those that were taken more often come later.
_CLAIM = """
    WITH RECURSIVE waiting(connection_id) AS (
        (SELECT connection_id FROM integrations_inboundmessage WHERE due_at IS NOT NULL
         ORDER BY connection_id LIMIT 1)
        UNION ALL
        SELECT (SELECT m.connection_id FROM integrations_inboundmessage m WHERE m.due_at IS NOT NULL
                AND m.connection_id > w.connection_id ORDER BY m.connection_id LIMIT 1)
        FROM waiting w WHERE w.connection_id IS NOT NULL
    ), turns AS (
        SELECT due.id, due.due_at, due.suspect, due.attempts,
            row_number() OVER (PARTITION BY w.connection_id, due.suspect ORDER BY due.due_at, due.id) AS turn
        FROM waiting w CROSS JOIN LATERAL (
            SELECT m.id, m.due_at, m.attempts, m.attempts > 0 AND m.state = 'received' AS suspect
            FROM integrations_inboundmessage m
            WHERE m.connection_id = w.connection_id AND m.due_at <= statement_timestamp()
            ORDER BY m.due_at, m.id LIMIT %(most)s
        ) due
    ), chosen AS (
        (SELECT id FROM turns WHERE NOT suspect ORDER BY turn, due_at, id LIMIT %(most)s)
        UNION ALL
        (SELECT id FROM turns WHERE suspect ORDER BY attempts, turn, due_at, id LIMIT 1)
    ), mine AS (
        SELECT id FROM integrations_inboundmessage
        WHERE id IN (SELECT id FROM chosen) AND due_at <= statement_timestamp() FOR UPDATE SKIP LOCKED
    )
    UPDATE integrations_inboundmessage m
    SET attempts = m.attempts + 1, due_at = statement_timestamp() + %(lease)s::interval
    FROM mine JOIN turns USING (id) WHERE m.id = mine.id RETURNING m.id, turns.suspect, turns.turn
"""


def _claim() -> list[InboundMessage]:
    """Take up to BATCH due messages and a suspect: ours until the lease ends, and the attempt counts from now."""
    turns = {pk: (suspect, turn, pk) for pk, suspect, turn in sql.run(_CLAIM, most=BATCH, lease=LEASE)}
    failpoints.reach("inbox.claimed")
    messages = list(InboundMessage.objects.filter(pk__in=turns))
    connections = Connection.objects.select_related("shop").prefetch_related("shop__plans__versions")
    known = connections.in_bulk({message.connection_id for message in messages})
    for message in messages:
        message.connection = known[message.connection_id]
        message.suspect = turns[message.pk][0]
    return sorted(messages, key=lambda message: turns[message.pk])


_KEEP = """
    UPDATE integrations_inboundmessage m SET due_at = statement_timestamp() + %s::interval
    FROM unnest(%s::bigint[], %s::int[]) AS mine(id, attempts)
    WHERE m.id = mine.id AND m.attempts = mine.attempts AND m.due_at IS NOT NULL
"""


def _keep(claimed: list[InboundMessage]) -> None:
    """Hold what is not handled yet for a full lease again; what another has taken meanwhile is not ours any more."""
    sql.run(_KEEP, LEASE, [message.pk for message in claimed], [message.attempts for message in claimed])


class Handled(NamedTuple):
    """A message that went through: what to say of it."""

    message: InboundMessage
    result: str
    order: Order | None


def handle(message: InboundMessage) -> Handled | None:
    """Handle one claimed message; never raises for what it contains.

    What went through is returned, for `_settle_handled` to write together with its neighbours; anything else is written
    here. A message that is handled and not written is handled again, which changes nothing.
    """
    if message.attempts > len(BACKOFF) + 1:
        _settle(message, InboundMessage.State.PARKED, "Its worker died each time it was tried.")
        return None
    try:
        inbound = systems.module(message.connection.system, "inbound")
        return Handled(message, *inbound.handle(message))
    except Ignored as reason:
        message.waits_for = reason.waits_for
        _settle(message, InboundMessage.State.IGNORED, str(reason))
    except Unreadable as reason:
        _settle(message, InboundMessage.State.PARKED, str(reason), why=traceback.format_exc())
    except Exception as error:  # noqa: BLE001 a bug of ours may delay a message, it can never lose one
        _fail(message, error)
    return None


_HANDLED = """
    UPDATE integrations_inboundmessage m
    SET state = 'handled', result = h.result, order_id = COALESCE(h.ord, m.order_id),
        traceback = '', handled_at = statement_timestamp(), due_at = NULL
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS h(id, result, ord) WHERE m.id = h.id
"""


def _settle_handled(handled: list[Handled]) -> list[Handled]:
    """Write them in one statement; returns the empty list that follows."""
    if handled:
        failpoints.reach("inbox.handled")
        sql.run(
            _HANDLED,
            [done.message.pk for done in handled],
            [done.result.replace("\x00", "")[:255] for done in handled],
            [done.order.pk if done.order else None for done in handled],
        )
        failpoints.reach("inbox.settled")
    return []


def _fail(message: InboundMessage, error: Exception) -> None:
    why = traceback.format_exc()
    if message.attempts > len(BACKOFF) and not isinstance(error, Throttled):
        _settle(message, InboundMessage.State.PARKED, f"All tries failed: {error}", why=why)
        return
    wait = timedelta(seconds=(error.after or 0) if isinstance(error, RetryLater) else 0)
    if isinstance(error, Throttled):
        # Nobody looked at it, so it is no failed try: with the growing pauses of one, a burst would stand still for
        # minutes while the shop has points to give again.
        message.attempts -= 1
        wait += timedelta(seconds=random.uniform(1, THROTTLED_SPREAD_SECONDS))  # noqa: S311 spreading, not secrecy
    else:
        wait = max(wait, BACKOFF[message.attempts - 1])
    message.due_at = Now() + wait
    _settle(message, InboundMessage.State.FAILED, f"{type(error).__name__}: {error}", why=why, due=True)


def _settle(
    message: InboundMessage, state: str, result: str, order: Order | None = None, *, why: str = "", due: bool = False
) -> None:
    message.state = state
    message.result = result.replace("\x00", "")[:255]
    message.traceback = why.replace("\x00", "")[-20_000:]
    message.order = order or message.order
    message.handled_at = None if due else Now()
    if not due:
        message.due_at = None
    fields = ["state", "result", "traceback", "attempts", "order", "waits_for", "handled_at", "due_at"]
    message.save(update_fields=fields)


def order_arrived(connection: Connection, remote_id: int) -> int:
    """Messages about parts of this order came before it: they are due now. Call it in the order's transaction."""
    waiting = InboundMessage.objects.filter(connection=connection, waits_for=remote_id)
    count = waiting.update(state=InboundMessage.State.RECEIVED, attempts=0, waits_for=None, due_at=Now())
    if count:
        bells.ring(bells.INBOX)
    return count


def handle_again(message: InboundMessage, *, by: str) -> None:
    """Staff's *handle again*: the message is due now, with all its tries back."""
    with transaction.atomic():
        message = InboundMessage.objects.select_for_update().get(pk=message.pk)
        message.state = InboundMessage.State.RECEIVED
        message.result = f"Handled again by {by}"[:255]
        message.attempts = 0
        message.due_at = Now()
        message.save(update_fields=["state", "result", "attempts", "due_at"])
        bells.ring(bells.INBOX)
