"""Senders at work on a backlog, and the proof of what arrived: each once, signed, logged, each order's in order."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from bench import backlog
from bench.sink import Arrival
from tests.processes import PYTHON, ROOT
from tests.running import Instance


class Drained(NamedTuple):
    """What one drain did."""

    deliveries: int
    seconds: float
    cpu_seconds: float  # of the senders

    @property
    def rate(self) -> float:
        return self.deliveries / self.seconds


class Sender:
    """A process that is ready to send."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def result(self) -> dict[str, float]:
        """What it printed at its end."""
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))


@contextmanager
def sender(backoffice: Instance) -> Iterator[Sender]:
    """One, with nothing to send yet; killed when the block ends before it does."""
    command = [PYTHON, "-m", "bench.draining_process"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, env=backlog.environment(backoffice), stdin=pipe, stdout=pipe, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", "a sender did not start"
            yield Sender(process)
        finally:
            process.kill()


def drain(backoffice: Instance, entries: int, orders: int, *, processes: int = 1) -> Drained:
    """Make a backlog for the endpoints there are and send it all."""
    with ExitStack() as stack:
        senders = [stack.enter_context(sender(backoffice)) for _ in range(processes)]
        backlog.make(backoffice, entries, orders)
        for one in senders:
            one.go()
        done = [one.result() for one in senders]
    seconds = max(one["ended"] for one in done) - min(one["began"] for one in done)
    return Drained(int(sum(one["tries"] for one in done)), seconds, sum(one["cpu_seconds"] for one in done))


def prove(backoffice: Instance, arrivals: Sequence[Arrival], deliveries: int, orders: int) -> None:
    """Every delivery came once, signed, those of an order and endpoint in order; and each has its line in the log."""
    secret = backoffice.demo["endpoint_secret"]
    seen: set[tuple[str, str]] = set()
    last: Counter[tuple[str, str]] = Counter()
    for arrival in arrivals:
        event = json.loads(arrival.body)
        seen.add((arrival.path, event["id"]))
        assert arrival.headers["webhook-id"] == event["id"]
        assert arrival.is_signed_with(secret)
        line = (arrival.path, event["order"]["id"])
        assert event["sequence"] > last[line], "an order's events came out of order"
        last[line] = event["sequence"]
    assert len(seen) == len(arrivals) == deliveries, f"{len(arrivals)} arrived, {len(seen)} different, of {deliveries}"
    assert len({order for _, order in last}) == orders
    states = backoffice.rows("SELECT state, count(*) FROM integrations_delivery GROUP BY state")
    assert states == [("delivered", deliveries)], states
    assert backoffice.value("SELECT count(*) FROM integrations_deliveryattempt") == deliveries
