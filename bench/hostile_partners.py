"""A healthy partner's latency alone, beside 30 more healthy endpoints, and beside 30 that do all they can to harm.

The third against the first is what was asked. The second says what 30 endpoints cost by being told the same events at
all: their rows, their requests, on the same two cores.
"""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import endpoints, latency, sink
from bench.figures import Figure, Measured, percentile
from bench.scene import Scene, size
from integrations.tests import hostile_partner
from tests.processes import family

SECONDS = size("HOSTILE_SECONDS", 15)
COUNT = 30
DEADLINE_SECONDS = 16.0
MANNERS = (
    "says nothing",
    "stops",
    "drips",
    "resets",
    "endless",
    "one endless",
    "an endless",
    "a body of",
    "a gzip",
)
HOW = f"{latency.ORDERS_A_SECOND:g} orders a second for {SECONDS} s each; the hostile ones begin with the third"

ALONE = Figure("healthy partner alone, webhook to partner, p95", "ms")
BESIDE_GOOD = Figure(f"… beside {COUNT} healthy ones, p95", "ms")
BESIDE_HOSTILE = Figure(f"… beside {COUNT} hostile ones, p95", "ms")
RATIO = Figure("… beside hostile ones / alone", "", most=1.1)
OF_GOOD = Figure("… beside hostile ones / beside healthy ones", "")
MEMORY = Figure("largest process of the worker among hostile partners", "MB", most=256)
LONGEST = Figure("longest attempt among hostile partners", "s", most=16)


def measure(scene: Scene, measured: Measured) -> None:
    """One round."""
    backoffice = scene.backoffice
    latency.order_to_partner(scene, 2)  # warm
    scene.settle()
    alone = percentile(latency.order_to_partner(scene, SECONDS), 95)
    with sink.running() as others:
        endpoints.add(backoffice, others.urls(COUNT))
        beside_good = percentile(latency.order_to_partner(scene, SECONDS), 95)
        scene.settle()
        endpoints.retire(backoffice)
    with _hostile() as urls:
        endpoints.add(backoffice, urls)
        beside_hostile = percentile(latency.order_to_partner(scene, SECONDS), 95)
        time.sleep(DEADLINE_SECONDS)  # those that were on their way at the end have their full time
        tried = "SELECT count(DISTINCT connection_id) FROM integrations_deliveryattempt a JOIN integrations_delivery d"
        on = " ON d.id = a.delivery_id JOIN integrations_connection c ON c.id = d.connection_id WHERE c.url = ANY(%s)"
        assert backoffice.value(tried + on, urls) == COUNT, "not all of the hostile ones were tried"
        longest = backoffice.value("SELECT max(milliseconds) FROM integrations_deliveryattempt")
        memory = max(_peak_megabytes(pid) for pid in family(backoffice.part("supervisor")))
        endpoints.retire(backoffice)
    measured.note(ALONE, alone)
    measured.note(BESIDE_GOOD, beside_good)
    measured.note(BESIDE_HOSTILE, beside_hostile)
    measured.note(RATIO, beside_hostile / alone)
    measured.note(OF_GOOD, beside_hostile / beside_good)
    measured.note(MEMORY, memory)
    measured.note(LONGEST, longest / 1000)


@contextlib.contextmanager
def _hostile() -> Iterator[list[str]]:
    """Addresses of 30 hostile endpoints in a process of their own."""
    with tempfile.TemporaryDirectory() as folder, hostile_partner.running(Path(folder)) as partner:
        chosen = [url for name, url in partner.urls.items() if name.startswith(MANNERS)]
        others = [url for name, url in partner.urls.items() if name.startswith(("closes", "half-closes"))]
        urls = [*chosen, *others][:COUNT]
        assert len(urls) == COUNT
        yield urls


def _peak_megabytes(pid: int) -> float:
    """The most memory a process has had resident (VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
