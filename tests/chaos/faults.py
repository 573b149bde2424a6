"""Faults from outside, by process id and only on one instance's own processes: killed, frozen, cut off."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence

import psycopg

from tests import processes
from tests.running import Instance

LEASE_SECONDS = 20.0  # a message's, a delivery's: the longest of those that a frozen worker can hold
FROZEN_SECONDS = LEASE_SECONDS + 5.0
# What may be killed, by how often. Those that take a whole cluster or all web workers with them come less often, or
# nothing would ever run.
VICTIMS = {
    "worker": 40, "web worker": 25, "pusher": 12, "monitor": 8, "web": 4, "sentinel": 4, "cluster": 4, "supervisor": 3,
}  # fmt: skip
FROZEN = ("worker", "web worker", "pusher")
KILL, FREEZE, RESTART, TERMINATE = "kill", "freeze", "restart PostgreSQL", "terminate a backend"


def plan(seed: int, kills: int, freezes: int, restarts: int, terminations: int) -> list[tuple[str, str]]:
    """(kind, victim) in the order to be done; the same seed gives the same plan. Every victim comes at least once."""
    dice = random.Random(seed)
    names, weights = list(VICTIMS), list(VICTIMS.values())
    every = names if kills >= len(names) else dice.sample(names, kills)
    victims = [*every, *dice.choices(names, weights, k=kills - len(every))]
    faults = [(KILL, victim) for victim in victims]
    faults += [(FREEZE, FROZEN[turn % len(FROZEN)]) for turn in range(freezes)]
    faults += [(RESTART, "")] * restarts + [(TERMINATE, "")] * terminations
    dice.shuffle(faults)
    return faults


class Faults:
    """Does them, and counts what was really done."""

    def __init__(self, backoffice: Instance, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self._backoffice = backoffice
        self._dice = random.Random(seed)
        self._thaws: list[threading.Timer] = []

    def do(self, kind: str, victim: str) -> None:
        """One fault, at once. Where the victim is just being replaced, another of the same kind of fault is done."""
        if kind == KILL:
            self._kill(victim)
        elif kind == FREEZE:
            self._freeze(victim)
        elif kind == RESTART:
            self._restart()
        else:
            self._terminate()

    def thaw(self) -> None:
        """Wait until everybody who was frozen goes on."""
        for timer in self._thaws:
            timer.join()

    def _kill(self, victim: str) -> None:
        for name in (victim, "worker", "web worker"):
            living = self._backoffice.parts(name)
            if living:
                processes.kill(self._dice.choice(living))
                self.done[f"{KILL} {name}"] += 1
                return
        self.missed[f"{KILL} {victim}"] += 1

    def _freeze(self, victim: str) -> None:
        living = self._backoffice.parts(victim)
        if not living:
            self.missed[f"{FREEZE} {victim}"] += 1
            return
        pid = self._dice.choice(living)
        processes.signal_all([pid], signal.SIGSTOP)
        self.done[f"{FREEZE} {victim}"] += 1
        thaw = threading.Timer(FROZEN_SECONDS, processes.signal_all, ([pid], signal.SIGCONT))
        thaw.daemon = True
        thaw.start()
        self._thaws.append(thaw)

    def _restart(self) -> None:
        """SIGQUIT is PostgreSQL's immediate shutdown; the instance's runner starts it again."""
        pid = self._backoffice.postmaster()
        if pid is None:
            self.missed[RESTART] += 1
            return
        processes.signal_all([pid], signal.SIGQUIT)
        self.done[RESTART] += 1

    def _terminate(self) -> None:
        """Cut off a backend in the middle of a transaction where there is one, else any."""
        try:
            busy = self._backends("state <> 'idle'") or self._backends("true")
            if busy:
                self._backoffice.rows("SELECT pg_terminate_backend(%s)", self._dice.choice(busy))
                self.done[TERMINATE] += 1
                return
        except psycopg.Error:
            pass  # it is being restarted
        self.missed[TERMINATE] += 1

    def _backends(self, condition: str) -> list[int]:
        rows = self._backoffice.rows(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND "
            + condition
        )
        return sorted(row[0] for row in rows)


def spread(count: int, total: int) -> Sequence[int]:
    """After how many of `total` messages each of `count` faults is due: evenly, none at the very ends."""
    return [total * turn // (count + 1) for turn in range(1, count + 1)]


def pause() -> None:
    """Between two faults, so that what one does is not hidden by the next."""
    time.sleep(0.3)
