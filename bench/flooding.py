"""One shop floods us; another shop's orders must reach the partner all the same.

The flood is posted as fast as it is accepted. The other shop posts a few orders a second from the flood's first second
on, while the flood waits in the inbox or is being sent. When it has been measured, the rest of the flood is thrown away
with the instance.
"""

import json
import threading
import time
from collections.abc import Iterator

from bench import latency
from bench.bodies import Bodies, Webhook, local_settings
from bench.figures import Figure, Measured, percentile
from bench.load import Load, post_all
from bench.scene import Scene, size
from tests.processes import wait_until

FLOOD = size("FLOOD", 10_000)  # the closing run takes 50000
SECONDS = size("FLOOD_SECONDS", 20)
ORDERS_A_SECOND = 5.0
CONNECTIONS = 32
CHUNK = 1_000  # webhooks made at a time; each is 20 KB
DOMAIN = "quiet-store.myshopify.com"
HOW = f"{FLOOD} webhooks over {CONNECTIONS} connections; the other shop {ORDERS_A_SECOND:g} orders/s for {SECONDS} s"

ACCEPTED = Figure("a shop's flood accepted", "a second")
LEFT = Figure("… of it not handled when the other shop was measured", "")
P50 = Figure("another shop's webhook to partner during it, p50", "ms")
P95 = Figure("another shop's webhook to partner during it, p95", "ms", most=2000)


def measure(scene: Scene, measured: Measured) -> None:
    """One round; the scene is good for nothing else afterwards."""
    backoffice, partner = scene.backoffice, scene.partner
    scene.settle()
    quiet = _connect(scene)
    orders = quiet.make(int(SECONDS * ORDERS_A_SECOND))
    partner.arrivals.clear()
    loads: list[Load] = []
    flood = threading.Thread(target=lambda: loads.extend(_flood(scene.bodies)))
    flood.start()
    time.sleep(1.0)
    posted = latency.post_evenly(quiet.address, orders, ORDERS_A_SECOND)
    # Long before the flood is over, or this would not measure what it says.
    left = "SELECT count(*) FROM integrations_inboundmessage m JOIN integrations_connection c ON c.id = m.connection_id"
    left += " JOIN orders_shop s ON s.id = c.shop_id WHERE m.due_at IS NOT NULL AND s.domain <> %s"
    rest = backoffice.value(left, DOMAIN)
    assert len(posted) == len(orders), "a webhook was not accepted"
    wait_until(lambda: len(latency.created(partner, posted)) == len(posted), 60, "the quiet shop's events", every=0.5)
    flood.join()
    arrived = latency.created(partner, posted)
    mine = [arrival for arrival in list(partner.arrivals) if DOMAIN.encode() in arrival.body]
    assert all(json.loads(arrival.body)["shop"] == DOMAIN for arrival in mine)
    assert all(arrival.is_signed_with(backoffice.demo["endpoint_secret"]) for arrival in mine)
    milliseconds = [(at - posted[order]) * 1000 for order, at in arrived.items()]
    accepted = sum(len(load.accepted) for load in loads)
    assert accepted == FLOOD, loads[0].refused[:1]
    measured.note(ACCEPTED, accepted / sum(load.seconds for load in loads))
    measured.note(LEFT, rest)
    measured.note(P50, percentile(milliseconds, 50))
    measured.note(P95, percentile(milliseconds, 95))


def _connect(scene: Scene) -> Bodies:
    """The orders of another shop that has just been connected."""
    secret = "secret-of-the-quiet-store"
    backoffice = scene.backoffice
    sandbox = local_settings(backoffice)["SANDBOX_TOKEN"]
    said = backoffice.manage(
        "connect_shop", "--domain", DOMAIN, "--api-url", backoffice.sandbox_url, "--token", sandbox, "--secret", secret
    )
    return scene.bodies.of_shop(DOMAIN, json.loads(said)["webhook_url"], secret)


def _flood(bodies: Bodies) -> Iterator[Load]:
    for first in range(0, FLOOD, CHUNK):
        webhooks: list[Webhook] = bodies.make(min(CHUNK, FLOOD - first))
        yield post_all(bodies.address, webhooks, connections=CONNECTIONS)
