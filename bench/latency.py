"""From just before a shop posts orders/create until the partner has the signed order.created event of it."""

import json
import threading
import time
from collections.abc import Callable, Container

from bench.bodies import Webhook
from bench.figures import Figure, Measured, percentile
from bench.load import OK, Connection
from bench.scene import Scene, size
from bench.sink import Sink
from tests.processes import wait_until

ORDERS_A_SECOND = 20.0
SECONDS = size("LATENCY_SECONDS", 20)
POSTERS = 4  # so that a slow answer does not hold up the next order
ARRIVAL_SECONDS = 30.0
HOW = f"{ORDERS_A_SECOND:g} orders a second for {SECONDS} s"

P50 = Figure("webhook to partner, p50", "ms", most=50)
P95 = Figure("webhook to partner, p95", "ms", most=150)


def measure(scene: Scene, measured: Measured) -> None:
    """One round."""
    milliseconds = order_to_partner(scene, SECONDS)
    measured.note(P50, percentile(milliseconds, 50))
    measured.note(P95, percentile(milliseconds, 95))


def order_to_partner(scene: Scene, seconds: float, *, rate: float = ORDERS_A_SECOND) -> list[float]:
    """`rate` orders a second; a latency in milliseconds for each, none missing, every signature verified."""
    idle = "SELECT count(*) = 0 FROM integrations_inboundmessage WHERE due_at IS NOT NULL"
    wait_until(lambda: scene.backoffice.value(idle), ARRIVAL_SECONDS, "an idle worker")
    webhooks = scene.bodies.make(int(rate * seconds))
    scene.partner.arrivals.clear()
    posted = post_evenly(scene.bodies.address, webhooks, rate)
    assert len(posted) == len(webhooks), "a webhook was not accepted"
    sink = scene.partner
    wait_until(
        lambda: len(created(sink, posted)) == len(posted), ARRIVAL_SECONDS, "all events at the partner", every=0.5
    )
    secret = scene.backoffice.demo["endpoint_secret"]
    assert all(arrival.is_signed_with(secret) for arrival in scene.partner.arrivals)
    return [(at - posted[order_id]) * 1000 for order_id, at in created(scene.partner, posted).items()]


def post_evenly(
    address: tuple[str, int], webhooks: list[Webhook], rate: float, *, until: Callable[[], bool] = lambda: False
) -> dict[int, float]:
    """Post `rate` a second, each at its own moment; returns when each was posted, by order, of those accepted.

    Ends early as soon as `until` says so.
    """
    posted: dict[int, float] = {}
    began = time.perf_counter() + 0.2

    def post(first: int) -> None:
        connection = Connection(address)
        for turn in range(first, len(webhooks), POSTERS):
            time.sleep(max(0.0, began + turn / rate - time.perf_counter()))
            if until():
                break
            now = time.perf_counter()
            if connection.post(webhooks[turn]).startswith(OK):
                posted[webhooks[turn].order_id] = now
        connection.close()

    posters = [threading.Thread(target=post, args=(first,)) for first in range(POSTERS)]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    return posted


def created(sink: Sink, orders: Container[int]) -> dict[int, float]:
    """When order.created of each of these orders came first."""
    first: dict[int, float] = {}
    for arrival in list(sink.arrivals):
        if b'"type":"order.created"' in arrival.body:
            order = int(json.loads(arrival.body)["order"]["remote_id"])
            if order in orders:
                first.setdefault(order, arrival.at)
    return first
