"""The cluster's ear: turns bells into django-q2 tasks, whatever queue carries the scheduled ones."""

import logging
import time
from typing import Any
from uuid import uuid4

import psycopg
from django.db import Error, connections
from django.utils import timezone
from django_q.brokers import Broker
from django_q.signing import SignedPackage

from backoffice import failpoints
from integrations import bells, worker

logger = logging.getLogger(__name__)

QUIET_SECONDS = 1.0
BROKEN_SECONDS = 0.2  # between attempts to reach a database that does not answer; it may be restarting

Task = tuple[Any, str]  # (what to acknowledge with, signed task), as django-q2 wants them
BELL = 0  # stands where a queue has its receipt: a bell is on no queue


class HearsBells(Broker):
    """Mix it in before a broker of django-q2: bells, due rows and beats are added to what that broker brings.

    Lives in the cluster's pusher process, which asks `dequeue` again and again.
    """

    _listener: psycopg.Connection[Any] | None = None
    _beat_at = 0.0
    _looked_at = 0.0

    def dequeue(self) -> list[Task]:
        """Tasks to run now, [] after a quiet second. Never raises: the pusher would be silent for ten seconds."""
        failpoints.reach("bells.queued")  # what was heard the last time
        try:
            rung = self._hear(QUIET_SECONDS)
            failpoints.reach("bells.heard")
            tasks: list[Task] = []
            now = time.monotonic()
            if now - self._looked_at >= QUIET_SECONDS:
                self._looked_at = now
                rung |= bells.due()
                tasks = self.take()
            if now - self._beat_at >= worker.BEAT_SECONDS:
                self._beat_at = now
                rung.add(bells.BEAT)
        except (Error, psycopg.Error) as error:
            logger.warning("The database does not answer (%s); listening again.", type(error).__name__)
            self.hang_up()
            connections.close_all()
            time.sleep(BROKEN_SECONDS)  # a pause between attempts, not a wait for an event
            return []
        return tasks + [(BELL, _package(bell)) for bell in sorted(rung)]

    def take(self) -> list[Task]:
        """Scheduled tasks that wait in the queue, some of them at least; must not wait for one to come."""
        raise NotImplementedError

    def _hear(self, seconds: float) -> set[str]:
        """Bells rung since last time, waiting up to `seconds` for the first."""
        if self._listener is None:
            self._listener = bells.listen(*sorted(set(bells.CHANNELS.values())))
            return bells.due()  # what was rung while nobody listened
        heard = {note.payload for note in self._listener.notifies(timeout=seconds, stop_after=1)}
        return heard | {note.payload for note in self._listener.notifies(timeout=0)}

    def hang_up(self) -> None:
        """Stop listening; the next `dequeue` listens again."""
        if self._listener is not None:
            self._listener.close()
        self._listener = None

    def acknowledge(self, receipt: Any) -> None:
        """Take a task off its queue. What cannot be taken off comes again, which is safe: the work itself is rows."""
        if not receipt:
            return
        try:
            self.open()
            super().acknowledge(receipt)
        except Exception:  # a queue may raise anything; the monitor process must live on
            logger.warning("A finished task could not be taken off the queue; it will run again.", exc_info=True)

    def open(self) -> None:
        """Have connections that are this process's own, where the queue needs any beside Django's."""

    def fail(self, receipt: Any) -> None:
        self.acknowledge(receipt)

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """django-q2's own statistics are not kept: heartbeats say who works, and no queue may hold up the guard."""


def _package(bell: str) -> str:
    """A signed django-q2 task for one bell; its arguments are ids only."""
    name, _, argument = bell.partition(":")
    return SignedPackage.dumps(
        {
            "id": uuid4().hex,
            "name": bell,
            "func": bells.TASKS[name],
            "args": (int(argument),) if argument else (),
            "kwargs": {},
            "started": timezone.now(),
            "ack_failure": True,
        }
    )
