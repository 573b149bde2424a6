"""How long a store front waits for the price of protection: carts of 20 lines, one after the other."""

import http.client
import json
import time
from urllib.parse import urlsplit

from bench.figures import Figure, Measured, percentile
from bench.scene import Scene
from tests.running import SHOP

CARTS = 300
LINES = 20
HOW = f"{CARTS} carts of {LINES} lines a round, one kept connection, each sent when the last was answered"

QUOTE_P50 = Figure("cart of 20 lines quoted, p50", "ms")
QUOTE_P95 = Figure("cart of 20 lines quoted, p95", "ms", most=50)


def measure(scene: Scene, measured: Measured) -> None:
    """One round."""
    url = urlsplit(scene.backoffice.url)
    connection = http.client.HTTPConnection(str(url.hostname), url.port or 80, timeout=30)
    headers = {"Authorization": f"Bearer {scene.backoffice.api_key}", "Content-Type": "application/json"}
    line = {"sku": "FW-MUG", "quantity": 2, "price": "20.00", "discount": "5.00", "tax": "3.10", "tags": ["new"]}
    cart = json.dumps({"shop": SHOP, "currency": "USD", "lines": [line] * LINES})
    milliseconds = []
    for _ in range(CARTS):
        began = time.perf_counter()
        connection.request("POST", "/v1/quotes", cart, headers)
        answer = connection.getresponse()
        body = answer.read()
        milliseconds.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, body
    connection.close()
    measured.note(QUOTE_P50, percentile(milliseconds, 50))
    measured.note(QUOTE_P95, percentile(milliseconds, 95))
