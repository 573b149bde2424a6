"""Ordered, signed, logged deliveries a second to a partner that answers at once, beside a bare loop and a peer."""

import json
import subprocess

from bench import celery_peer, draining, endpoints
from bench.figures import Figure, Measured
from bench.scene import Scene, size
from bench.sink import Arrival, Sink
from tests.processes import PYTHON, ROOT

DELIVERIES = size("DELIVERIES", 8_000)
ORDERS = 1_000
PEER_DELIVERIES = min(DELIVERIES, 3_000)

ONE = Figure("ordered deliveries, one process", "a second", least=2500)
DEFAULT = Figure("… with an endpoint's 16 in flight as it comes", "a second")
TWO = Figure("ordered deliveries, two processes", "a second")
CPU = Figure("ordered deliveries, the sender's CPU", "ms each")
BARE = Figure("bare keep-alive POST loop of the same bodies", "a second")
OF_BARE = Figure("ordered deliveries, one process / bare POST loop", "")
CELERY = Figure(celery_peer.NAME, "a second")
OF_CELERY = Figure("ordered deliveries, one process / Celery's two", "", least=4)
IN_FLIGHT = 256  # at most, to this endpoint; a new one has 16, where the round trips to the database set the pace
HOW = f"{DELIVERIES} deliveries of {ORDERS} orders, {IN_FLIGHT} in flight, {PEER_DELIVERIES} of them by the others"


def measure(scene: Scene, measured: Measured) -> None:
    """One round, all side by side."""
    one = _drain(scene, 1)
    measured.note(ONE, one.rate)
    measured.note(CPU, one.cpu_seconds / one.deliveries * 1000)
    arrivals = list(scene.partner.arrivals[:PEER_DELIVERIES])
    bare = _post(scene.partner, arrivals)
    measured.note(BARE, bare)
    measured.note(OF_BARE, one.rate / bare)
    measured.note(TWO, _drain(scene, 2).rate)
    measured.note(DEFAULT, _drain(scene, 1, most_in_flight=16).rate)
    if why := celery_peer.missing():
        measured.skip(celery_peer.NAME, why)
        return
    peer = celery_peer.rate(scene.partner, scene.backoffice.demo["endpoint_secret"], arrivals)
    measured.note(CELERY, peer)
    measured.note(OF_CELERY, one.rate / peer)


def _drain(scene: Scene, processes: int, most_in_flight: int = IN_FLIGHT) -> draining.Drained:
    with endpoints.instead(scene.backoffice, scene.partner.urls(1), most_in_flight=most_in_flight):
        scene.partner.arrivals.clear()
        drained = draining.drain(scene.backoffice, DELIVERIES, ORDERS, processes=processes)
        draining.prove(scene.backoffice, scene.partner.arrivals, DELIVERIES, ORDERS)
        assert drained.deliveries == DELIVERIES, f"{drained.deliveries} tries for {DELIVERIES} deliveries"
    return drained


def _post(partner: Sink, arrivals: list[Arrival]) -> float:
    """POSTs a second of these very requests, one after the other."""
    kept = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")
    lines = [
        json.dumps([arrival.path, {name: arrival.headers[name] for name in kept}, arrival.body.decode()])
        for arrival in arrivals
    ]
    partner.arrivals.clear()
    done = subprocess.run(
        [PYTHON, "-m", "bench.posting_process", partner.base.removeprefix("http://")],
        cwd=ROOT, input="\n".join(lines), check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert [arrival.body for arrival in partner.arrivals] == [arrival.body for arrival in arrivals]
    return len(lines) / float(json.loads(done.stdout))
