"""Webhooks for what happened: one row per interested subscription, in the same transaction as the change itself."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from sandbox import bodies, clock, subscriptions
from sandbox.store import Delivery, Writing

Document = dict[str, Any]

# The subscription of what comes without one; there is none with this id.
UNSUBSCRIBED = 0


class Announcement:
    """One action of the merchant or a customer; every webhook it causes carries the same event id."""

    def __init__(self, writing: Writing, shop: str, order_id: int | None) -> None:
        self._writing = writing
        self._shop = shop
        self._order_id = order_id
        self._event_id = str(uuid.uuid4())
        self._triggered_at = f"{clock.now()[:-1]}000Z"

    def add(self, topic: str, build: Callable[[], Document]) -> None:
        """Queue this topic for its subscriptions; the body is built only if there are any."""
        interested = subscriptions.of_topic(self._writing.connection, self._shop, topic)
        if not interested:
            return
        body = build()
        whole = _encode(body)
        for subscription in interested:
            fields = subscription.include_fields
            sent = _encode({key: body[key] for key in fields if key in body}) if fields else whole
            self._queue(topic, subscription.id, subscription.uri, subscription.name, sent)

    def order(self, order: Document, *topics: str) -> None:
        """Queue topics whose body is the whole order."""
        built: list[Document] = []

        def build() -> Document:
            if not built:
                built.append(bodies.order_body(order))
            return built[0]

        for topic in topics:
            self.add(topic, build)

    def send(self, topic: str, uri: str, body: Document) -> None:
        """Queue one webhook for an address that needs no subscription."""
        self._queue(topic, UNSUBSCRIBED, uri, None, _encode(body))

    def _queue(self, topic: str, subscription_id: int, uri: str, name: str | None, body: bytes) -> None:
        webhook_id = str(uuid.uuid4())
        row = self._writing.connection.execute(
            "INSERT INTO deliveries (webhook_id, event_id, shop, subscription_id, topic, uri, name, order_id,"
            " triggered_at, body, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting') RETURNING id",
            (
                webhook_id,
                self._event_id,
                self._shop,
                subscription_id,
                topic,
                uri,
                name,
                self._order_id,
                self._triggered_at,
                body,
            ),
        ).fetchone()
        self._writing.deliveries.append(
            Delivery(
                id=row["id"],
                webhook_id=webhook_id,
                event_id=self._event_id,
                shop=self._shop,
                subscription_id=subscription_id,
                topic=topic,
                uri=uri,
                name=name,
                triggered_at=self._triggered_at,
                body=body,
            )
        )


def _encode(body: Document) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
