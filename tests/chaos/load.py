"""Thousands of signed order webhooks posted straight to the web port, each again and again until it is answered 200.

As Shopify does it: the same webhook id on every try, five seconds a try, now and then a message twice, and changes that
overtake one another. What came through is remembered, for the checker.
"""

import base64
import hashlib
import hmac
import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from tests.running import SHOP, Instance

POSTERS = 12
TRY_SECONDS = 5.0
AGAIN_SECONDS = 0.5  # Shopify waits a minute; nobody learns more from that
DOUBLED = 0.02  # share that is sent twice
FIRST_ORDER = 7_000_000_000_000_000
PATTERNS = 24
NOTE, UPDATED, NUMBER = "@@note@@", "@@updated@@", b"@@order@@"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One message: version 0 creates the order, later ones change its note."""

    key: str
    order: int
    version: int
    note: str
    topic: str
    body: bytes


class Shop:
    """Makes webhooks of orders nobody has seen yet, from bodies of the stand-in's own orders."""

    def __init__(self, backoffice: Instance, seed: int) -> None:
        self._dice = random.Random(seed)
        placed = [backoffice.place(protected=turn % 2 == 0) for turn in range(PATTERNS)]
        self._patterns = [self._pattern(backoffice, order) for order in placed]
        self._next = FIRST_ORDER

    def webhooks(self, count: int) -> Iterator[Webhook]:
        """`count` messages of some `count / 2` new orders, creations and changes mixed, some overtaking others."""
        plan: list[tuple[float, int, int]] = []
        while len(plan) < count:
            begun = float(len(plan))
            for version in range(self._dice.choice((1, 2, 2, 3))):
                plan.append((begun + version * self._dice.uniform(0, 60), self._next, version))
            self._next += 1
        plan = plan[:count]
        return (self._make(order, version) for _, order, version in sorted(plan))

    def _make(self, order: int, version: int) -> Webhook:
        pattern, updated_at = self._patterns[order % len(self._patterns)]
        note = f"version {version} of {order}"
        moment = (updated_at + timedelta(seconds=version)).isoformat(timespec="seconds")
        body = pattern.replace(NUMBER, b"%d" % order).replace(NOTE.encode(), note.encode())
        key = str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
        topic = "orders/updated" if version else "orders/create"
        return Webhook(key, order, version, note, topic, body.replace(UPDATED.encode(), moment.encode()))

    @staticmethod
    def _pattern(backoffice: Instance, order_id: int) -> tuple[bytes, datetime]:
        order = backoffice.look(f"/sandbox/orders/{order_id}.json")["order"]
        updated_at = datetime.fromisoformat(order["updated_at"])
        order |= {"note": NOTE, "updated_at": UPDATED}
        return json.dumps(order, separators=(",", ":")).encode().replace(b"%d" % order_id, NUMBER), updated_at


@dataclass(slots=True)
class Ledger:
    """What came of the posts."""

    accepted: set[str] = field(default_factory=set)
    newest: dict[int, tuple[int, str]] = field(default_factory=dict)  # order → (version, note) that was answered 200
    answers: Counter[str] = field(default_factory=Counter)  # every answer by its kind; what was no 200 is sent again
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, webhook: Webhook, answer: str) -> None:
        with self._lock:
            self.answers[answer] += 1
            if answer != "200":
                return
            self.accepted.add(webhook.key)
            version, _ = self.newest.get(webhook.order, (-1, ""))
            if webhook.version > version:
                self.newest[webhook.order] = (webhook.version, webhook.note)


class Load:
    """Posts webhooks at `rate` a second at the most, and only while `may_go` says so."""

    def __init__(
        self, backoffice: Instance, ledger: Ledger, webhooks: Iterator[Webhook], rate: float,
        may_go: Callable[[], bool] = lambda: True, seed: int = 1,
    ) -> None:  # fmt: skip
        self.done = 0
        self._ledger = ledger
        self._webhooks = webhooks
        self._rate = rate
        self._may_go = may_go
        self._url = urlsplit(backoffice.demo["webhook_url"])
        self._secret = backoffice.setting("SANDBOX_SECRET").encode()
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._due = time.monotonic()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._post_all, daemon=True) for _ in range(POSTERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def runs(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Begin no new message; every one that was begun is still answered 200 in the end."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _post_all(self) -> None:
        line = _Line(self._url.hostname or "", self._url.port or 80)
        while (webhook := self._take()) is not None:
            headers = self._headers(webhook)
            times = 1 + (self._dice.random() < DOUBLED)
            while times:
                answer = line.post(self._url.path, headers, webhook.body)
                self._ledger.keep(webhook, answer)
                if answer == "200":
                    times -= 1
                else:
                    time.sleep(AGAIN_SECONDS)
            self.done += 1
        line.close()

    def _take(self) -> Webhook | None:
        """The next message when its time has come; None when there is none or nobody wants more."""
        while not self._stopping.is_set():
            with self._lock:
                now = time.monotonic()
                if now >= self._due and self._may_go():
                    self._due = max(self._due + 1 / self._rate, now - 0.5)
                    return next(self._webhooks, None)
            self._stopping.wait(0.01)
        return None

    def _headers(self, webhook: Webhook) -> dict[str, str]:
        digest = hmac.digest(self._secret, webhook.body, hashlib.sha256)
        return {
            "Content-Type": "application/json",
            "X-Shopify-Topic": webhook.topic,
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
            "X-Shopify-Shop-Domain": SHOP,
            "X-Shopify-API-Version": "2026-10",
            "X-Shopify-Webhook-Id": webhook.key,
            "X-Shopify-Event-Id": str(uuid.uuid5(uuid.NAMESPACE_OID, webhook.key)),
        }


class _Line:
    """One kept connection, opened again when it broke."""

    def __init__(self, host: str, port: int) -> None:
        self._line = http.client.HTTPConnection(host, port, timeout=TRY_SECONDS)

    def post(self, path: str, headers: dict[str, str], body: bytes) -> str:
        """The status, or the kind of failure in a word."""
        try:
            self._line.request("POST", path, body, headers)
            answer = self._line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._line.close()
            return type(error).__name__
        return str(answer.status)

    def close(self) -> None:
        self._line.close()


def expected(ledgers: Sequence[Ledger]) -> dict[int, str]:
    """Order → the note of its newest message that was answered 200."""
    return {order: note for ledger in ledgers for order, (_, note) in ledger.newest.items()}
