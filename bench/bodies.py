"""Order webhooks as a shop sends them: real bodies of the stand-in, each made a different order, 8.7 to 11.5 KB."""

import base64
import copy
import hashlib
import hmac
import itertools
import json
import random
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.running import SHOP, Instance

SMALLEST, LARGEST = 8_700, 11_500
PATTERNS = 40
WORDS = "please leave the parcel with our neighbour at number nine, ring twice and mind the dog. thank you! ".split()


@dataclass(frozen=True, slots=True)
class Webhook:
    """One signed delivery, ready to be written to a socket."""

    order_id: int
    webhook_id: str
    body: bytes
    request: bytes


class Bodies:
    """An endless supply of orders nobody has seen yet; the same seed gives the same sizes and contents."""

    def __init__(self, backoffice: Instance, seed: int = 1) -> None:
        self._come_from(SHOP, backoffice.demo["webhook_url"], local_settings(backoffice)["SANDBOX_SECRET"])
        self._dice = random.Random(seed)
        self._numbers = itertools.count(1)
        placed = [backoffice.place(protected=bool(turn % 3)) for turn in range(PATTERNS)]
        orders = [backoffice.look(f"/sandbox/orders/{order}.json")["order"] for order in placed]
        self.patterns = [self._pattern(order) for order in orders if len(_encoded(order)) < LARGEST - 200]

    def of_shop(self, domain: str, webhook_url: str, secret: str) -> "Bodies":
        """The same orders as another shop sends them; the numbers go on where these are."""
        other = copy.copy(self)
        other._come_from(domain, webhook_url, secret)
        return other

    def _come_from(self, domain: str, webhook_url: str, secret: str) -> None:
        self._shop, self._url, self._secret = domain, urlsplit(webhook_url), secret.encode()
        self.address = (str(self._url.hostname), int(self._url.port or 80))

    def make(self, count: int) -> list[Webhook]:
        """`count` orders/create webhooks, each of another order and with another id."""
        return [self._make(next(self._numbers)) for _ in range(count)]

    def _pattern(self, order: dict[str, Any]) -> bytes:
        """The order's body with a note that brings it to its size, and its ids as placeholders of equal length."""
        short = max(0, self._dice.randint(SMALLEST, LARGEST) - len(_encoded(order)) - 20)
        order["note"] = " ".join(self._dice.choices(WORDS, k=short // 5 + 1))[:short]
        return _encoded(order).replace(str(order["id"]).encode(), b"%(order_id)d")

    def _make(self, number: int) -> Webhook:
        order_id = 7_000_000_000_000_000 + number
        pattern = self.patterns[number % len(self.patterns)]
        # Lines belong to one order only: their ids must differ as well.
        body = pattern.replace(b"%(order_id)d", str(order_id).encode())
        webhook_id = str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
        return Webhook(order_id, webhook_id, body, self._request(webhook_id, body))

    def _request(self, webhook_id: str, body: bytes) -> bytes:
        signature = base64.b64encode(hmac.digest(self._secret, body, hashlib.sha256)).decode()
        lines = [
            f"POST {self._url.path} HTTP/1.1",
            f"Host: {self._url.netloc}",
            "User-Agent: Shopify-Captain-Hook",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "X-Shopify-Topic: orders/create",
            f"X-Shopify-Hmac-Sha256: {signature}",
            f"X-Shopify-Shop-Domain: {self._shop}",
            "X-Shopify-API-Version: 2026-10",
            f"X-Shopify-Webhook-Id: {webhook_id}",
            f"X-Shopify-Event-Id: {uuid.UUID(int=self._dice.getrandbits(128), version=4)}",
            "X-Shopify-Triggered-At: 2026-11-23T20:00:00.000000000Z",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def local_settings(backoffice: Instance) -> dict[str, str]:
    """What `up` wrote for itself, the sandbox's signing secret among it."""
    lines = (backoffice.directory / "local.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
