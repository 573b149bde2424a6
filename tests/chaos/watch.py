"""Watches the work that waits for the partner, and tells how long it ever stood still."""

import heapq
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.running import Instance

EVERY = 0.5
BUSY, ARRIVAL, IDLE = "busy", "arrival", "idle"

_WAITING = """
    SELECT (SELECT count(*) FROM integrations_inboundmessage
            WHERE due_at IS NOT NULL AND (state = 'received' OR due_at <= now())),
        (SELECT count(*) FROM integrations_delivery WHERE connection_id = %s
            AND (state = 'sending' OR (state IN ('pending', 'retrying') AND behind IS NULL AND due_at <= now())))
"""


class Watch(threading.Thread):
    """Looks twice a second. `backlog` is (messages, deliveries) that wait, the last time the database answered."""

    def __init__(self, backoffice: Instance, connection: int) -> None:
        super().__init__(daemon=True)
        self.backlog = (0, 0)
        self.moments: list[tuple[float, str]] = []
        self.phases: list[tuple[str, float, float]] = []  # (name, from, to) in monotonic seconds
        self.dark = 0.0  # seconds in which the database did not answer
        self._backoffice = backoffice
        self._connection = connection
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(EVERY):
            try:
                with psycopg.connect(self._backoffice.database_url, autocommit=True, connect_timeout=3) as line:
                    while not self._over.wait(EVERY):
                        self._look(line)
            except (psycopg.Error, OSError):
                self.dark += EVERY
                self.moments.append((time.monotonic(), BUSY))  # for all anybody knows work is waiting

    def _look(self, line: psycopg.Connection[Any]) -> None:
        row = line.execute(_WAITING, [self._connection]).fetchone()
        assert row is not None
        self.backlog = (row[0], row[1])
        self.moments.append((time.monotonic(), BUSY if any(row) else IDLE))

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What happens inside belongs to the phase `name`."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.phases.append((name, began, time.monotonic()))

    def standstills(self, arrivals: Sequence[float]) -> dict[str, float]:
        """Phase → its longest standstill in seconds."""
        return {
            name: longest_standstill(
                [moment for moment in self.moments if began <= moment[0] <= ended],
                [at for at in arrivals if began <= at <= ended],
            )
            for name, began, ended in self.phases
        }

    def finish(self) -> None:
        self._over.set()
        self.join()


def longest_standstill(moments: Iterable[tuple[float, str]], arrivals: Iterable[float]) -> float:
    """The longest time, in seconds, in which work waited for the partner and nothing arrived there."""
    longest, since = 0.0, None
    for at, what in heapq.merge(moments, ((at, ARRIVAL) for at in arrivals)):
        if what == IDLE:
            since = None
            continue
        if since is not None:
            longest = max(longest, at - since)
        if what == ARRIVAL or since is None:
            since = at
    return longest
