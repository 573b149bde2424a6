"""Start a real stand-in in its own process, on a free port, for a test: ``shopify = running.start(tmp_path)``."""

import dataclasses
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
STOP_SECONDS = 5.0


@dataclass
class Sandbox:
    """A running stand-in: where it is, whose shop it plays, and how to talk to it."""

    url: str
    shop: str
    token: str
    secret: str
    process: subprocess.Popen[str]
    session: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, **fields: Any) -> requests.Response:
        """Press a button: ``post("/sandbox/orders.json", protected=True)``."""
        return self.session.post(self.url + path, json=fields, timeout=30)

    def get(self, path: str, **query: Any) -> Any:
        """Read JSON."""
        response = self.session.get(self.url + path, params=query, timeout=30)
        response.raise_for_status()
        return response.json()

    def place(self, **fields: Any) -> dict[str, Any]:
        """Place one order; returns ``{"id", "admin_graphql_api_id", "name"}``."""
        response = self.post("/sandbox/orders.json", **{"shop": self.shop, **fields})
        assert response.status_code == 201, response.text
        return dict(response.json()["orders"][0])

    def press(self, order_id: int, button: str, **fields: Any) -> dict[str, Any]:
        """Press a button of an order and expect it to work: ``press(order["id"], "fulfil")``."""
        response = self.post(f"/sandbox/orders/{order_id}/{button}.json", **fields)
        assert response.status_code in (200, 201), response.text
        return dict(response.json())

    def ask(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL document; returns the whole answer, errors and cost included."""
        response = self.session.post(
            f"{self.url}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": token or self.token},
            timeout=30,
        )
        return dict(response.json())

    def subscribe(self, topic: str, uri: str, **more: Any) -> str:
        """Subscribe an address to a topic (``ORDERS_CREATE``); returns the subscription's gid."""
        answer = self.ask(
            "mutation($topic: WebhookSubscriptionTopic!, $sub: WebhookSubscriptionInput!) {"
            " webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sub) {"
            " webhookSubscription { id } userErrors { field message } } }",
            topic=topic,
            sub={"uri": uri, **more},
        )
        created = answer["data"]["webhookSubscriptionCreate"]
        assert created["userErrors"] == [], created
        return str(created["webhookSubscription"]["id"])

    def stop(self) -> float:
        """Stop it as an operator would; returns the seconds that took."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> float:
        self.session.close()
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(STOP_SECONDS)
        if self.process.stdout:
            self.process.stdout.close()
        return time.monotonic() - began


def another_shop(sandbox: Sandbox) -> Sandbox:
    """A new shop at the same stand-in: orders placed by what is returned are its own."""
    token = secrets.token_hex(8)
    shop = dataclasses.replace(sandbox, shop=f"{token}.myshopify.com", token=token)
    added = shop.post("/sandbox/shops.json", domain=shop.shop, token=token, secret=shop.secret)
    assert added.status_code == 201, added.text
    return shop


def start(
    tmp_path: Path,
    *,
    shop: str = "demo-store.myshopify.com",
    token: str = "shpat_test",
    secret: str = "hush",
    speed: float = 1,
    port: int = 0,
    data: Path | None = None,
) -> Sandbox:
    """Start a stand-in and wait until it answers; its store is in ``tmp_path`` unless ``data`` says otherwise."""
    options = {"port": port, "data": data or tmp_path / "sandbox.sqlite3", "shop": shop, "token": token}
    options |= {"secret": secret, "speed": speed}
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *(f"--{name}={value}" for name, value in options.items())],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", said)
    if found is None:
        process.wait(STOP_SECONDS)
        process.stdout.close()
        raise RuntimeError(f"The sandbox did not start: {said!r}")
    sandbox = Sandbox(found[0], shop, token, secret, process)
    try:
        _wait_until_alive(sandbox)
    except BaseException:
        sandbox.kill()
        raise
    return sandbox


def _wait_until_alive(sandbox: Sandbox) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if sandbox.session.get(f"{sandbox.url}/livez", timeout=5).status_code == 200:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        if time.monotonic() > deadline or sandbox.process.poll() is not None:
            raise RuntimeError("The sandbox did not answer /livez")
        time.sleep(0.02)
