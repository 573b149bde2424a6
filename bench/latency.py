"""Figure 2: from just before a shop posts orders/create until the partner has the signed order.created event of it."""

import json
import threading
import time
from collections.abc import Container

from bench.bodies import Bodies, Webhook
from bench.load import OK, Connection
from bench.sink import Sink
from tests.processes import wait_until
from tests.running import Instance

ORDERS_A_SECOND = 20.0
SECONDS = 20.0
POSTERS = 4  # so that a slow answer does not hold up the next order
ARRIVAL_SECONDS = 30.0


def order_to_partner(backoffice: Instance, bodies: Bodies, sink: Sink) -> list[float]:
    """One round; returns a latency in milliseconds for each order, none missing, every signature verified."""
    idle = "SELECT count(*) = 0 FROM integrations_inboundmessage WHERE due_at IS NOT NULL"
    wait_until(lambda: backoffice.value(idle), ARRIVAL_SECONDS, "an idle worker")
    webhooks = bodies.make(int(ORDERS_A_SECOND * SECONDS))
    sink.arrivals.clear()
    posted: dict[int, float] = {}
    began = time.perf_counter() + 0.2
    work = (bodies.address, webhooks, began, posted)
    posters = [threading.Thread(target=_post, args=(first, *work)) for first in range(POSTERS)]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    assert len(posted) == len(webhooks), "a webhook was not accepted"
    wait_until(
        lambda: len(_created(sink, posted)) == len(posted), ARRIVAL_SECONDS, "all events at the partner", every=0.5
    )
    secret = backoffice.demo["endpoint_secret"]
    assert all(arrival.is_signed_with(secret) for arrival in sink.arrivals)
    return [(at - posted[order_id]) * 1000 for order_id, at in _created(sink, posted).items()]


def _post(
    first: int, address: tuple[str, int], webhooks: list[Webhook], began: float, posted: dict[int, float]
) -> None:
    """Every fourth webhook at its own moment, late or not."""
    connection = Connection(address)
    for turn in range(first, len(webhooks), POSTERS):
        time.sleep(max(0.0, began + turn / ORDERS_A_SECOND - time.perf_counter()))
        now = time.perf_counter()
        if connection.post(webhooks[turn]).startswith(OK):
            posted[webhooks[turn].order_id] = now
    connection.close()


def _created(sink: Sink, orders: Container[int]) -> dict[int, float]:
    """When order.created of each of these orders came first."""
    first: dict[int, float] = {}
    for arrival in list(sink.arrivals):
        if b'"type":"order.created"' in arrival.body:
            order = int(json.loads(arrival.body)["order"]["remote_id"])
            if order in orders:
                first.setdefault(order, arrival.at)
    return first
