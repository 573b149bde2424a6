"""Bells: "look now", rung in the transaction that made the work and heard when it commits.

A bell is a PostgreSQL NOTIFY and nothing else; the work is a row. `queues/hearing.py` turns what it hears into
django-q2 tasks. A lost bell costs time, never work: every second it looks for due rows itself.
See docs/decisions/0003 for why the queue's own polling table is not used for this.
"""

from typing import Any

import psycopg
from django.db import connection

from integrations import systems
from integrations.claiming import DUE, WAITING
from integrations.models import Connection

INBOX = "inbox"
OUTBOX = "outbox"
CALLS = "calls"
PASSES = "passes"
BEAT = "beat"
IN_SLICES = ("reconcile", "check", "backfill")  # kinds of passes (passes.py); silent for 30 s, nobody is at it any more
# Senders at work listen for the outbox's bells alone; everything else would wake them for nothing.
CHANNELS = {
    INBOX: "backoffice_bells",
    CALLS: "backoffice_bells",
    PASSES: "backoffice_bells",
    OUTBOX: "backoffice_outbox",
}
TASKS = {
    INBOX: "integrations.inbox.drain",
    OUTBOX: "integrations.sending.drain",
    CALLS: "integrations.calls.drain",
    PASSES: "integrations.passes.drain",
    BEAT: "integrations.worker.beat",
}

# One row per bell that should ring. Only connections that have something to send are looked at; what waits behind a
# parked delivery is put out of their index by the claim.
_DUE = f"""
    {WAITING}
    SELECT DISTINCT CASE WHEN c.system = ANY(%s::text[]) THEN 'outbox' ELSE 'calls:' || c.id END
    FROM waiting w JOIN integrations_connection c ON c.id = w.connection_id
    LEFT JOIN integrations_health h ON h.connection_id = c.id
    WHERE c.paused_at IS NULL AND (h.open_until IS NULL OR h.open_until <= statement_timestamp())
        AND EXISTS (SELECT 1 FROM integrations_delivery d WHERE d.connection_id = c.id AND {DUE})
    UNION ALL
    SELECT 'inbox' WHERE EXISTS (SELECT 1 FROM integrations_inboundmessage WHERE due_at <= statement_timestamp())
    UNION ALL
    SELECT 'passes' WHERE EXISTS (SELECT 1 FROM integrations_syncrun
        WHERE state = 'running' AND kind = ANY(%s::text[]) AND facts ->> 'round_trip' IS NULL
            AND (COALESCE(beat_at, '-infinity') < statement_timestamp() - interval '30 s'
                 OR (cursor ->> 'waits_until')::timestamptz <= statement_timestamp()))
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
        cursor.execute(_DUE, [list(systems.AT_ONCE), list(IN_SLICES)])
        return {row[0] for row in cursor.fetchall()}


class Listening:
    """A line that hears the outbox's bells while a sender is at work; between times it is kept but not listened to.

    A line that listens and is never read would hold up everybody's bells in the server in the end.
    """

    def __init__(self) -> None:
        self._line: psycopg.Connection[Any] | None = None
        self.is_open = False

    def open(self) -> None:
        """From now on `fileno` is readable when a bell rang; raises psycopg.OperationalError without a database."""
        if self._line is None:
            self._line = listen()
        self._line.execute(f"LISTEN {CHANNELS[OUTBOX]}")
        self.is_open = True

    def fileno(self) -> int:
        """For waiting on it together with sockets."""
        assert self._line is not None
        return self._line.fileno()

    def clear(self) -> None:
        """Forget what rang; raises psycopg.OperationalError when the line broke."""
        if self.is_open and self._line is not None:
            for _ in self._line.notifies(timeout=0):
                pass

    def close(self) -> None:
        """Listen no more; the line is kept for the next time."""
        if self.is_open and self._line is not None:
            self.is_open = False
            self._line.execute("UNLISTEN *")
            for _ in self._line.notifies(timeout=0):
                pass

    def hang_up(self) -> None:
        """Close the line."""
        self.is_open = False
        if self._line is not None:
            self._line.close()
            self._line = None


def listen(*channels: str) -> psycopg.Connection[Any]:
    """A line of its own to the database that hears these channels; raises psycopg.OperationalError without one."""
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    listener = psycopg.connect(**parameters, autocommit=True)
    for channel in channels:
        listener.execute(f"LISTEN {channel}")
    return listener
