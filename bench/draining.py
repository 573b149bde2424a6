"""Figure 3: ordered deliveries drained a second, by one process, to a partner that answers at once."""

import json
import subprocess
from collections import Counter
from typing import NamedTuple

from bench.sink import Sink
from tests.processes import PYTHON, ROOT
from tests.running import Instance

DELIVERIES, ORDERS = 2_000, 200


class Drained(NamedTuple):
    """What one drain did."""

    deliveries: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.deliveries / self.seconds


def drain_once(backoffice: Instance, sink: Sink) -> Drained:
    """One round; every delivery arrives once, and those of an order in the order they were journaled."""
    endpoint = backoffice.value("SELECT id FROM integrations_connection WHERE system = 'webhook'")
    sink.arrivals.clear()
    done = subprocess.run(
        [PYTHON, "-m", "bench.draining_process", str(endpoint), str(DELIVERIES), str(ORDERS)],
        cwd=ROOT, env={**backoffice.environment, "DJANGO_SETTINGS_MODULE": "backoffice.settings"},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    drained = Drained(**json.loads(done.stdout))
    events = [json.loads(arrival.body) for arrival in sink.arrivals]
    assert len({event["id"] for event in events}) == len(events) == drained.deliveries == DELIVERIES
    last: Counter[str] = Counter()
    for event in events:
        order, sequence = event["order"]["id"], event["sequence"]
        assert sequence > last[order], "an order's events came out of order"
        last[order] = sequence
    assert len(last) == ORDERS
    return drained
