"""Bells: "look now", rung in the transaction that made the work and heard when it commits.

A bell is a PostgreSQL NOTIFY and nothing else; the work is a row. `BellBroker` turns what it hears into django-q2
tasks. A lost bell costs time, never work: whenever it is quiet for a second the broker looks for due rows itself.
See docs/decisions/0003 for why the queue's own polling table is not used for this.
"""

import logging
import time
from typing import Any
from uuid import uuid4

import psycopg
from django.db import connection, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from integrations import systems
from integrations.claiming import DUE, SENDABLE
from integrations.models import Connection

logger = logging.getLogger(__name__)

INBOX = "inbox"
OUTBOX = "outbox"
CALLS = "calls"
BEAT = "beat"
# Senders at work listen for the outbox's bells alone; everything else would wake them for nothing.
CHANNELS = {INBOX: "backoffice_bells", CALLS: "backoffice_bells", OUTBOX: "backoffice_outbox"}
QUIET_SECONDS = 1.0
BEAT_SECONDS = 5.0
TASKS = {
    INBOX: "integrations.inbox.drain",
    OUTBOX: "integrations.sending.drain",
    CALLS: "integrations.calls.drain",
    BEAT: "integrations.worker.beat",
}

# One row per bell that should ring. Only connections that have something to send are looked at, found by skipping from
# one to the next in the index; what waits behind a parked delivery is put out of that index by the claim.
_DUE = f"""
    WITH RECURSIVE waiting(connection_id) AS (
        (SELECT connection_id FROM integrations_delivery WHERE {SENDABLE} ORDER BY connection_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.connection_id FROM integrations_delivery d WHERE {SENDABLE}
                AND d.connection_id > w.connection_id ORDER BY d.connection_id LIMIT 1)
        FROM waiting w WHERE w.connection_id IS NOT NULL
    )
    SELECT DISTINCT CASE WHEN c.system = ANY(%s::text[]) THEN 'outbox' ELSE 'calls:' || c.id END
    FROM waiting w JOIN integrations_connection c ON c.id = w.connection_id
    LEFT JOIN integrations_health h ON h.connection_id = c.id
    WHERE c.paused_at IS NULL AND (h.open_until IS NULL OR h.open_until <= statement_timestamp())
        AND EXISTS (SELECT 1 FROM integrations_delivery d WHERE d.connection_id = c.id AND {DUE})
    UNION ALL
    SELECT 'inbox' WHERE EXISTS (SELECT 1 FROM integrations_inboundmessage WHERE due_at <= statement_timestamp())
"""  # noqa: S608 all parts are constants


def ring(name: str, *connection_ids: int) -> None:
    """Ring when the current transaction commits (at once outside of one), for each connection where some are given."""
    rung = [f"{name}:{pk}" for pk in connection_ids] or [name]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, bell) FROM unnest(%s::text[]) AS bell", [CHANNELS[name], rung])


def ring_for(*lines: Connection) -> None:
    """Ring whoever sends to these connections."""
    if any(line.system in systems.AT_ONCE for line in lines):
        ring(OUTBOX)
    if calls := [line.pk for line in lines if line.system not in systems.AT_ONCE]:
        ring(CALLS, *calls)


def due() -> set[str]:
    """The bells that should ring now: looked up, for bells can be lost."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [list(systems.AT_ONCE)])
        return {row[0] for row in cursor.fetchall()}


class Listening:
    """A line that hears the outbox's bells while a sender is at work; `fileno` is readable when one rang."""

    def __init__(self) -> None:
        self._line = _listen(CHANNELS[OUTBOX])

    def fileno(self) -> int:
        """For waiting on it together with sockets."""
        return self._line.fileno()

    def clear(self) -> None:
        """Forget what rang; raises psycopg.OperationalError when the line broke."""
        for _ in self._line.notifies(timeout=0):
            pass

    def close(self) -> None:
        self._line.close()


class BellBroker(ORM):
    """django-q2's ORM broker for scheduled tasks, woken by bells; lives in the cluster's pusher process."""

    _listener: psycopg.Connection[Any] | None = None
    _beat_at = 0.0
    _looked_at = 0.0

    def dequeue(self) -> list[tuple[int, str]]:
        """Tasks to run now, [] after a quiet second; (acknowledge id, signed task) as django-q2 wants them."""
        tasks = self._scheduled()
        bells = self._hear(0 if tasks else QUIET_SECONDS)
        now = time.monotonic()
        if now - self._looked_at >= QUIET_SECONDS:
            self._looked_at = now
            bells |= due()
        if now - self._beat_at >= BEAT_SECONDS:
            self._beat_at = now
            bells.add(BEAT)
        return tasks + [(0, _package(bell)) for bell in sorted(bells)]

    def _scheduled(self) -> list[tuple[int, str]]:
        """Tasks of django-q2's scheduler, oldest first, each to one worker only."""
        rows = OrmQ.objects.filter(key=self.list_key, lock__lte=timezone.now()).order_by("id")[:10]
        return [
            (row.pk, row.payload)
            for row in rows
            if OrmQ.objects.filter(pk=row.pk, lock=row.lock).update(lock=self.timeout(row))
        ]

    def _hear(self, seconds: float) -> set[str]:
        """Bells rung since last time, waiting up to `seconds` for the first. A broken line is opened again."""
        try:
            if self._listener is None:
                self._listener = _listen(*sorted(set(CHANNELS.values())))
                return due()  # what was rung while nobody listened
            heard = {note.payload for note in self._listener.notifies(timeout=seconds, stop_after=1)}
            heard |= {note.payload for note in self._listener.notifies(timeout=0)}
            return heard
        except psycopg.OperationalError:
            logger.warning("The bell line broke; listening again.")
            self._listener = None
            connections.close_all()
            time.sleep(0.2)  # the server may be restarting; this is a pause between attempts, not a wait for an event
            return set()

    def acknowledge(self, task_id: int) -> None:
        if task_id:  # 0 is a bell: there is nothing to take off a queue
            super().acknowledge(task_id)

    def fail(self, task_id: int) -> None:
        self.acknowledge(task_id)


def _listen(*channels: str) -> psycopg.Connection[Any]:
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    listener = psycopg.connect(**parameters, autocommit=True)
    for channel in channels:
        listener.execute(f"LISTEN {channel}")
    return listener


def _package(bell: str) -> str:
    """A signed django-q2 task for one bell; its arguments are ids only."""
    name, _, argument = bell.partition(":")
    return SignedPackage.dumps(
        {
            "id": uuid4().hex,
            "name": bell,
            "func": TASKS[name],
            "args": (int(argument),) if argument else (),
            "kwargs": {},
            "started": timezone.now(),
            "ack_failure": True,
        }
    )
