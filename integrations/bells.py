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

logger = logging.getLogger(__name__)

CHANNEL = "backoffice_bells"
QUIET_SECONDS = 1.0
BEAT_SECONDS = 5.0
INBOX = "inbox"
OUTBOX = "outbox"
BEAT = "beat"
TASKS = {
    INBOX: "integrations.inbox.drain",
    OUTBOX: "integrations.outbox.drain",
    BEAT: "integrations.worker.beat",
}

_DUE = """
    SELECT 'inbox' WHERE EXISTS (SELECT 1 FROM integrations_inboundmessage WHERE due_at <= now())
    UNION ALL
    SELECT 'outbox:' || id FROM integrations_connection c WHERE paused_at IS NULL AND EXISTS (
        SELECT 1 FROM integrations_delivery d WHERE d.connection_id = c.id AND d.due_at <= now()
        AND d.state IN ('pending', 'retrying', 'sending') AND (d.lease_until IS NULL OR d.lease_until < now())
        AND (d.order_id IS NULL OR NOT EXISTS (  -- what waits behind a parked head is not due
            SELECT 1 FROM integrations_delivery earlier WHERE earlier.connection_id = d.connection_id
            AND earlier.order_id = d.order_id AND earlier.id < d.id AND earlier.state <> 'delivered'))
    )
"""


def ring(name: str, *connection_ids: int) -> None:
    """Ring when the current transaction commits (at once outside of one), for each connection where some are given."""
    rung = [f"{name}:{pk}" for pk in connection_ids] or [name]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, bell) FROM unnest(%s::text[]) AS bell", [CHANNEL, rung])


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
            bells |= self._due()
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
                self._listener = _listen()
                return set(self._due())  # what was rung while nobody listened
            heard = {note.payload for note in self._listener.notifies(timeout=seconds, stop_after=1)}
            heard |= {note.payload for note in self._listener.notifies(timeout=0)}
            return heard
        except psycopg.OperationalError:
            logger.warning("The bell line broke; listening again.")
            self._listener = None
            connections.close_all()
            time.sleep(0.2)  # the server may be restarting; this is a pause between attempts, not a wait for an event
            return set()

    def _due(self) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(_DUE)
            return {row[0] for row in cursor.fetchall()}

    def acknowledge(self, task_id: int) -> None:
        if task_id:  # 0 is a bell: there is nothing to take off a queue
            super().acknowledge(task_id)

    def fail(self, task_id: int) -> None:
        self.acknowledge(task_id)


def _listen() -> psycopg.Connection[Any]:
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    listener = psycopg.connect(**parameters, autocommit=True)
    listener.execute(f"LISTEN {CHANNEL}")
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
