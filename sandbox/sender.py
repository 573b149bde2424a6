"""Sends webhooks by Shopify's rules: signed, at once, then eight more tries over four hours, then no more.

What is to be sent is in the store before anything is sent, so a killed process sends the rest when it is back.
"""

import base64
import hashlib
import heapq
import hmac
import itertools
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

from sandbox import app_settings, clock, shops, subscriptions
from sandbox.faults import Faults
from sandbox.posting import NoAnswer, Poster
from sandbox.store import Delivery, Store

IN_PARALLEL = 8
# Whom a forged delivery claims to come from; a signature does not cover that.
ANOTHER_SHOP = "someone-else.myshopify.com"
# Seconds from a failed try to the next: eight retries, four hours from the first try to the last.
RETRY_AFTER = (60, 120, 300, 600, 1_200, 2_400, 3_600, 6_120)


class Sender:
    """Eight posting threads and one that wakes the retries. ``speed`` 60 makes an hour a minute."""

    def __init__(self, store: Store, faults: Faults, speed: float) -> None:
        self._store = store
        self._faults = faults
        self._speed = speed
        self._ready: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._later: list[tuple[float, int, Delivery]] = []
        self._turn = itertools.count()
        self._wake = threading.Condition()
        self._stopping = False
        self._workers = [threading.Thread(target=self._post_all, daemon=True) for _ in range(IN_PARALLEL)]
        self._alarm = threading.Thread(target=self._wake_retries, daemon=True)

    def start(self) -> None:
        """Take up what an earlier process left unsent, then whatever the store starts."""
        with self._store.read() as connection:
            for row in connection.execute("SELECT * FROM deliveries WHERE state = 'waiting' ORDER BY id").fetchall():
                names = [name for name in Delivery.__dataclass_fields__ if name != "forged"]
                self._at(row["next_at"], Delivery(**{name: row[name] for name in names}))
        self._store.started = self.take
        for thread in (*self._workers, self._alarm):
            thread.start()

    def stop(self) -> None:
        """Begin nothing new and give running posts a moment; what they leave open is sent again after the start."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        for _ in self._workers:
            self._ready.put(None)
        deadline = time.monotonic() + 1.0
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))

    def take(self, deliveries: list[Delivery]) -> None:
        """Send new deliveries now, as far as no fault is switched on."""
        for delivery in deliveries:
            fate = list(self._faults.fate(self._speed))
            if not fate:
                self._settle(delivery, "lost", "dropped on purpose")
            for delay in fate:
                self._at(time.time() + delay if delay else 0.0, delivery)
            if forgery := self._faults.forgery():
                self._at(0.0, self._forged(delivery, forgery))

    def _at(self, moment: float, delivery: Delivery) -> None:
        if moment <= time.time():
            self._ready.put(delivery)
            return
        with self._wake:
            heapq.heappush(self._later, (moment, next(self._turn), delivery))
            self._wake.notify()

    def _wake_retries(self) -> None:
        with self._wake:
            while not self._stopping:
                while self._later and self._later[0][0] <= time.time():
                    self._ready.put(heapq.heappop(self._later)[2])
                self._wake.wait(self._later[0][0] - time.time() if self._later else None)

    def _post_all(self) -> None:
        poster = Poster()
        for delivery in iter(self._ready.get, None):
            if self._stopping:
                return
            self._try(delivery, poster.post)

    def _try(self, delivery: Delivery, post: Callable[[str, dict[str, str], bytes], int]) -> None:
        with self._store.read() as connection:
            shop = shops.by_domain(connection, delivery.shop)
            if shop is None:
                return
            secret = app_settings.signing_secret(connection, shop, self._faults.dice)
            version = app_settings.webhook_version(connection)
        began = time.monotonic()
        try:
            status = post(delivery.uri, headers(delivery, secret, version), delivery.body)
            answer = str(status)
        except NoAnswer as problem:
            status, answer = 0, str(problem)
        if delivery.forged:
            self._settle(delivery, "forged", f"{answer} to a wrong {delivery.forged}")
            return
        answer = f"{answer} ({(time.monotonic() - began) * 1000:.0f} ms)"
        delivery.tries += 1
        if 200 <= status < 300:
            self._settle(delivery, "delivered", answer)
        elif delivery.tries <= len(RETRY_AFTER):
            self._retry(delivery, answer)
        else:
            self._settle(delivery, "given up", f"{answer}; the subscription was removed")
            with self._store.write() as writing:
                subscriptions.remove(writing, delivery.subscription_id)

    def _forged(self, delivery: Delivery, forgery: str) -> Delivery:
        """A copy of a delivery as somebody else would send it; it is sent once and listed as what it is."""
        webhook_id = str(uuid.uuid4())
        with self._store.write() as writing:
            row = writing.connection.execute(
                "INSERT INTO deliveries (webhook_id, event_id, shop, subscription_id, topic, uri, name, order_id,"
                " triggered_at, body, state) SELECT ?, event_id, shop, subscription_id, topic, uri, name, order_id,"
                " triggered_at, body, 'forged' FROM deliveries WHERE id = ? RETURNING id",
                (webhook_id, delivery.id),
            ).fetchone()
        return replace(delivery, id=row["id"], webhook_id=webhook_id, tries=0, forged=forgery)

    def _retry(self, delivery: Delivery, answer: str) -> None:
        moment = time.time() + RETRY_AFTER[delivery.tries - 1] / self._speed
        with self._store.write() as writing:
            writing.connection.execute(
                "UPDATE deliveries SET tries = ?, next_at = ?, answer = ?, answered_at = ? WHERE id = ?",
                (delivery.tries, moment, answer, clock.now(), delivery.id),
            )
        self._at(moment, delivery)

    def _settle(self, delivery: Delivery, state: str, answer: str) -> None:
        with self._store.write() as writing:
            # A settled delivery's body is of no more use, and bodies are nearly all of the file.
            writing.connection.execute(
                "UPDATE deliveries SET state = ?, tries = ?, answer = ?, answered_at = ?, body = '' WHERE id = ?",
                (state, delivery.tries, answer, clock.now(), delivery.id),
            )


def headers(delivery: Delivery, secret: str, version: str) -> dict[str, str]:
    """The headers of one try; the signature covers the body alone."""
    secret = f"not {secret}" if delivery.forged == "signature" else secret
    signature = base64.b64encode(hmac.new(secret.encode(), delivery.body, hashlib.sha256).digest()).decode()
    named = {"X-Shopify-Name": delivery.name} if delivery.name else {}
    return {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "Accept": "*/*",
        "X-Shopify-Topic": delivery.topic,
        "X-Shopify-Hmac-Sha256": signature,
        "X-Shopify-Shop-Domain": ANOTHER_SHOP if delivery.forged == "shop" else delivery.shop,
        "X-Shopify-API-Version": version,
        "X-Shopify-Webhook-Id": delivery.webhook_id,
        "X-Shopify-Event-Id": delivery.event_id,
        "X-Shopify-Triggered-At": delivery.triggered_at,
        **named,
    }
