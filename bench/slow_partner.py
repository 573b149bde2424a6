"""Partners that answer after 100 ms: what 256 requests in flight make of it, against in-flight / latency."""

from bench import draining, endpoints, sink
from bench.figures import Figure, Measured
from bench.scene import Scene, size

DELIVERIES = size("SLOW_DELIVERIES", 10_240)
ORDERS = 1_024
LATENCY = 0.1  # s
IN_FLIGHT = 256
SPREAD = 16  # endpoints
HOW = f"{DELIVERIES} deliveries of {ORDERS} orders, answers after {LATENCY * 1000:g} ms, {IN_FLIGHT} in flight"

RATE = Figure("deliveries to one endpoint that answers after 100 ms", "a second")
RATIO = Figure("… / (in flight / latency)", "", least=0.6)
SPREAD_RATE = Figure(f"deliveries to {SPREAD} endpoints that answer after 100 ms", "a second")
SPREAD_RATIO = Figure(f"… / (in flight / latency), {SPREAD} endpoints", "", least=0.6)


def measure(scene: Scene, measured: Measured) -> None:
    """One round: one endpoint with all the requests, then as many endpoints with a share each."""
    most = IN_FLIGHT / LATENCY
    for count, rate, ratio in ((1, RATE, RATIO), (SPREAD, SPREAD_RATE, SPREAD_RATIO)):
        with sink.running(delay=LATENCY) as slow:
            drained = _drain(scene, slow, count)
        measured.note(rate, drained.rate)
        measured.note(ratio, drained.rate / most)


def _drain(scene: Scene, slow: sink.Sink, count: int) -> draining.Drained:
    with endpoints.instead(scene.backoffice, slow.urls(count), most_in_flight=IN_FLIGHT // count):
        entries = DELIVERIES // count
        drained = draining.drain(scene.backoffice, entries, ORDERS)
        draining.prove(scene.backoffice, slow.arrivals, DELIVERIES, min(ORDERS, entries))
    return drained
