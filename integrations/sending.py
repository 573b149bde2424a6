"""The sender: many deliveries at the same time on one thread, to every partner endpoint.

A loop of three steps: claim what may go and start it, wait until something ended or a bell rings, write what became of
it. Of each order only the oldest open delivery is on its way, so hundreds in flight keep every order's order.
"""

import time
from collections.abc import Hashable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.db import DatabaseError

from backoffice import failpoints
from integrations import bells, failing, systems, worker
from integrations.claiming import MARGIN_SECONDS, Claim, Claimed, claim, ensure_health
from integrations.drains import DRAIN_SECONDS, slot, watched
from integrations.errors import GiveUp, RetryLater
from integrations.events import Line
from integrations.models import Connection
from integrations.settling import Outcome, Result, settle, tried
from integrations.transfers import Transfers

SENDERS = 2  # of the workers at the most; one is enough, the other takes over while it waits for its last answers
IN_FLIGHT = 256
LINE_SECONDS = 30.0  # an endpoint's secrets are read again at the latest after this
QUICK_SECONDS = 0.05  # after so long without an answer the sender listens for bells while it waits
GATHER_SECONDS = 0.001
RING_SECONDS = 0.1
FROZEN_SECONDS = 20  # a sender that says nothing to the database for so long loses its session, slot and locks
LOOK_SECONDS = 1.0  # between looks at what has become due while requests are on their way


class _Known(NamedTuple):
    line: Line
    version: str
    system: str
    read_at: float


class Sender:
    """One process's connections to partners, kept from one drain to the next."""

    def __init__(self) -> None:
        self.transfers = Transfers(IN_FLIGHT)
        self._lines: dict[int, _Known] = {}
        self._started: dict[Hashable, tuple[Claimed, float]] = {}
        self._refused: list[Outcome] = []
        self._bells = bells.Listening()
        self.sent = 0

    def send(self, until: float) -> None:
        """Send until nothing is due or time.monotonic() is `until`; what is on its way then is `finish`'s."""
        with closing(self._bells):
            while time.monotonic() < until:
                worker.keep_beating()
                before = time.monotonic()
                claimed = claim(systems.AT_ONCE, IN_FLIGHT - self.transfers.in_flight)
                self._start(claimed, before)
                idle = not self._started and not self._refused
                if idle and (claimed.wait is None or claimed.wait > LOOK_SECONDS):
                    return
                # Most receivers answer before it is worth while to listen; a bell rung until then the claim finds.
                longest = LOOK_SECONDS if self._bells.is_open else QUICK_SECONDS
                if not self._wait(min(longest, claimed.wait or longest)) and not self._bells.is_open:
                    self._bells.open()

    def finish(self) -> None:
        """Wait for what is on its way; every attempt has its deadline."""
        while self._started:
            self._wait(LOOK_SECONDS)

    def close(self) -> None:
        """Hang up everything; leases run out and others send it again."""
        self.transfers.close()
        self._bells.hang_up()

    def _start(self, claimed: Claim, before: float) -> None:
        for delivery in claimed.deliveries:
            passed = time.monotonic() - before
            if passed > MARGIN_SECONDS / 2:
                return  # this process stood still since the claim: what is left may be another's by now
            # Receivers refuse what was signed minutes off; hosts' clocks jump, and the database's decides everything.
            now = (claimed.at or datetime.now(UTC)) + timedelta(seconds=passed)
            try:
                known = self._line(delivery.connection_id, claimed.versions[delivery.connection_id], now)
                request = systems.module(known.system, "outbound").request(delivery.event, known.line, now)
            except GiveUp as error:
                self._refused.append(_outcome(delivery, error, 0, ""))
            except DatabaseError:
                raise
            except Exception as error:  # noqa: BLE001 a bug of ours, or a secret that cannot be opened: this one waits
                self._refused.append(_outcome(delivery, RetryLater(f"{type(error).__name__}: {error}"), 0, ""))
            else:
                self._started[delivery.id] = (delivery, time.monotonic())
                self.transfers.start(delivery.id, request)
        failpoints.reach("outbox.started")

    def _wait(self, seconds: float) -> bool:
        """Write what ends within `seconds`; returns at the first end or bell, False when there was no end."""
        outcomes, self._refused = self._refused, []
        also = (self._bells.fileno(),) if self._bells.is_open else ()
        ended = self.transfers.wait(0 if outcomes else seconds, *also)
        if ended and self.transfers.in_flight:
            ended += self.transfers.wait(GATHER_SECONDS)  # what comes at the same moment is written in one go
        self._bells.clear()
        for key, answer in ended:
            delivery, started = self._started.pop(key)
            known = self._lines[delivery.connection_id]
            milliseconds = int((time.monotonic() - started) * 1000)
            outcomes.append(_outcome(delivery, _result(known.system, answer), milliseconds, known.line.version))
        if not outcomes:
            return False
        failpoints.reach("outbox.answered")
        self.sent += len(settle(outcomes))
        for outcome in outcomes:
            if isinstance(outcome.result, GiveUp) and outcome.result.parked == "gone":
                failing.gone(Connection.objects.get(pk=outcome.connection_id))
        return True

    def _line(self, connection_id: int, version: str, now: datetime) -> _Known:
        known = self._lines.get(connection_id)
        if known is None or known.version != version or time.monotonic() - known.read_at > LINE_SECONDS:
            connection = Connection.objects.get(pk=connection_id)
            line = Line.of(connection, now)
            known = self._lines[connection_id] = _Known(line, version, connection.system, time.monotonic())
        return known


def _outcome(delivery: Claimed, result: Result, milliseconds: int, version: str) -> Outcome:
    return Outcome(
        delivery.id, delivery.connection_id, delivery.fence, delivery.attempts, result, milliseconds, version
    )


def _result(system: str, answer: Any) -> Result:
    if isinstance(answer, (RetryLater, GiveUp)):
        return answer
    return tried(partial(systems.module(system, "outbound").read, answer))


_sender: Sender | None = None
_rang_at = 0.0


def drain() -> int:
    """Send what is due on all partner endpoints for at most 20 s; returns how many tries. Rings again if any are left.

    The slot is given back before the last answers are waited for: a receiver that is slow to answer delays nobody else.
    """
    global _sender
    with slot("outbox", SENDERS) as mine:
        if not mine:
            return 0
        ensure_health()
        _sender = sender = _sender or Sender()
        sender.sent = 0
        try:
            with watched(FROZEN_SECONDS):
                sender.send(time.monotonic() + DRAIN_SECONDS)
        except BaseException:
            hang_up()
            raise
    try:
        _ring_again()
        sender.finish()
    except BaseException:
        hang_up()
        raise
    return sender.sent


def _ring_again() -> None:
    """For what came while we were closing; not often, for what is due may wait for a free place at its receiver."""
    global _rang_at
    if time.monotonic() - _rang_at > RING_SECONDS and bells.OUTBOX in bells.due():
        _rang_at = time.monotonic()
        bells.ring(bells.OUTBOX)


def hang_up() -> None:
    """Close this process's connections to partners; the next drain begins anew. After an error nothing else is safe."""
    global _sender
    if _sender is not None:
        _sender.close()
    _sender = None
