"""What one partner that accepts requests and never answers costs the others.

It was well a moment ago, so its requests are let out like theirs, and it has as much to be told as each of them.
"""

import time

from bench import backlog, draining, endpoints, sink
from bench.figures import Figure, Measured
from bench.scene import Scene, size
from tests.processes import wait_until

HEALTHY = 4  # endpoints
EVENTS = size("DEAD_EVENTS", 2_500)  # for each of them
ORDERS = 500
PAIRS = 3  # a round, with and without in turn
HOW = f"{EVENTS} events to {HEALTHY} endpoints, with and without a dead one beside them, {PAIRS} pairs a round"

WITHOUT = Figure(f"deliveries to {HEALTHY} endpoints", "a second")
WITH = Figure("… with a dead one beside them", "a second")
COST = Figure("what a dead endpoint costs the others", "%", most=5)


def measure(scene: Scene, measured: Measured) -> None:
    """One round: pairs, who comes first in turn."""
    for pair in range(PAIRS):
        rates = {}
        for dead in (True, False) if pair % 2 else (False, True):
            rates[dead] = _rate(scene, dead=dead)
        measured.note(WITHOUT, rates[False])
        measured.note(WITH, rates[True])
        measured.note(COST, (1 - rates[True] / rates[False]) * 100)


def _rate(scene: Scene, *, dead: bool) -> float:
    """Deliveries a second to the healthy ones, from the start until they have them all."""
    backoffice, partner = scene.backoffice, scene.partner
    with sink.running(silent=True) as silent, draining.sender(backoffice) as sender:
        urls = [*partner.urls(HEALTHY), *silent.urls(1)[:dead]]
        with endpoints.instead(backoffice, urls, proven=True):
            backlog.make(backoffice, EVENTS, ORDERS)
            partner.arrivals.clear()
            wanted = EVENTS * HEALTHY
            began = time.perf_counter()
            sender.go()
            wait_until(lambda: len(partner.arrivals) >= wanted, 60, "all events at the healthy endpoints", every=0.02)
            delivered = "SELECT count(*) = %s FROM integrations_delivery WHERE state = 'delivered'"
            wait_until(lambda: backoffice.value(delivered, wanted), 10, "all of them written as delivered")
            sender.process.kill()
            sender.process.wait()
            assert len({(arrival.path, arrival.headers["webhook-id"]) for arrival in partner.arrivals}) == wanted
            assert len(partner.arrivals) == wanted
            assert bool(silent.arrivals) is dead
    return wanted / (partner.arrivals[-1].at - began)
