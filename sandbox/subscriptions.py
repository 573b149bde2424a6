"""Webhook subscriptions: who wants to hear about which topic, and where."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox import clock
from sandbox.store import Writing

# What a topic is about; the longest that fits splits ``FULFILLMENT_ORDERS_MOVED`` into its two halves.
SUBJECTS = (
    "orders", "refunds", "order_transactions", "returns", "fulfillments", "fulfillment_events", "fulfillment_orders",
    "fulfillment_holds", "inventory_levels", "inventory_items", "products", "variants", "customers", "disputes",
    "draft_orders", "locations", "app", "shop", "bulk_operations",
)  # fmt: skip


class Refused(Exception):
    """The subscription cannot be as asked; ``field`` is the path of the wrong input."""

    def __init__(self, field: list[str], message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic, one address. ``topic`` is in the webhook form, ``orders/create``."""

    id: int
    shop: str
    topic: str
    uri: str
    name: str | None
    filter: str | None
    include_fields: list[str]
    namespaces: list[str]
    format: str
    created_at: str
    updated_at: str


def topic_of(enum_value: str) -> str:
    """``ORDERS_CREATE`` → ``orders/create``."""
    text = enum_value.lower()
    subject = max((subject for subject in SUBJECTS if text.startswith(f"{subject}_")), key=len)
    return f"{subject}/{text[len(subject) + 1 :]}"


def enum_of(topic: str) -> str:
    """``orders/create`` → ``ORDERS_CREATE``."""
    return topic.upper().replace("/", "_")


def of_topic(connection: sqlite3.Connection, shop: str, topic: str) -> list[Subscription]:
    """The subscriptions of a shop to one topic."""
    rows = connection.execute("SELECT * FROM subscriptions WHERE shop = ? AND topic = ? ORDER BY id", (shop, topic))
    return [_subscription(row) for row in rows]


def of_shop(connection: sqlite3.Connection, shop: str) -> list[Subscription]:
    """All subscriptions of a shop, oldest first."""
    rows = connection.execute("SELECT * FROM subscriptions WHERE shop = ? ORDER BY created_at, id", (shop,))
    return [_subscription(row) for row in rows]


def every(connection: sqlite3.Connection) -> list[Subscription]:
    """All subscriptions of all shops."""
    return [_subscription(row) for row in connection.execute("SELECT * FROM subscriptions ORDER BY shop, topic")]


def by_id(connection: sqlite3.Connection, shop: str, subscription_id: int | None) -> Subscription | None:
    """One subscription of a shop."""
    row = connection.execute(
        "SELECT * FROM subscriptions WHERE id = ? AND shop = ?", (subscription_id, shop)
    ).fetchone()
    return _subscription(row) if row else None


def create(writing: Writing, shop: str, topic: str, wanted: dict[str, Any]) -> int:
    """A new subscription (``wanted`` is a WebhookSubscriptionInput); raises Refused. Returns its id."""
    uri = wanted.get("uri") or ""
    known = writing.connection.execute(
        "SELECT 1 FROM subscriptions WHERE shop = ? AND topic = ? AND uri = ?", (shop, topic, uri)
    ).fetchone()
    if known:
        raise _taken()
    _check(writing.connection, shop, uri, wanted.get("name"), None)
    subscription_id, moment = writing.new_id(), clock.now()
    writing.connection.execute(
        "INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            subscription_id,
            shop,
            topic,
            uri,
            wanted.get("name"),
            wanted.get("filter"),
            json.dumps(wanted.get("includeFields") or []),
            json.dumps(wanted.get("metafieldNamespaces") or []),
            wanted.get("format") or "JSON",
            moment,
            moment,
        ),
    )
    return subscription_id


def update(writing: Writing, subscription: Subscription, wanted: dict[str, Any]) -> None:
    """Change the given fields only; raises Refused."""
    _check(writing.connection, subscription.shop, wanted.get("uri", subscription.uri), wanted.get("name"), subscription)
    given = {
        "uri": wanted.get("uri", subscription.uri),
        "name": wanted.get("name", subscription.name),
        "filter": wanted.get("filter", subscription.filter),
        "include_fields": json.dumps(wanted.get("includeFields", subscription.include_fields) or []),
        "namespaces": json.dumps(wanted.get("metafieldNamespaces", subscription.namespaces) or []),
        "format": wanted.get("format", subscription.format),
        "updated_at": clock.now_after(subscription.updated_at),
        "id": subscription.id,
    }
    try:
        writing.connection.execute(
            "UPDATE subscriptions SET uri = :uri, name = :name, filter = :filter, include_fields = :include_fields,"
            " namespaces = :namespaces, format = :format, updated_at = :updated_at WHERE id = :id",
            given,
        )
    except sqlite3.IntegrityError:
        raise _taken() from None


def remove(writing: Writing, subscription_id: int) -> None:
    """Nothing more is sent for it, except what is already on its way."""
    writing.connection.execute("DELETE FROM subscriptions WHERE id = ?", (subscription_id,))


def _check(connection: sqlite3.Connection, shop: str, uri: str, name: str | None, itself: Subscription | None) -> None:
    field = ["webhookSubscription", "callbackUrl"]
    # Shopify refuses http; here the receiver usually lives on the same computer and has no certificate.
    if not uri:
        raise Refused(field, "Address can't be blank")
    if not uri.startswith(("https://", "http://")):
        raise Refused(field, "Address is invalid")
    if name is None:
        return
    if len(name) > 50:
        raise Refused(["webhookSubscription", "name"], "Name is too long (maximum is 50 characters)")
    row = connection.execute(
        "SELECT 1 FROM subscriptions WHERE shop = ? AND lower(name) = lower(?) AND id <> ?",
        (shop, name, itself.id if itself else 0),
    ).fetchone()
    if row:
        raise Refused(["webhookSubscription", "name"], "Name has already been taken")


def _taken() -> Refused:
    return Refused(["webhookSubscription", "callbackUrl"], "Address for this topic has already been taken")


def _subscription(row: sqlite3.Row) -> Subscription:
    return Subscription(
        id=row["id"],
        shop=row["shop"],
        topic=row["topic"],
        uri=row["uri"],
        name=row["name"],
        filter=row["filter"],
        include_fields=json.loads(row["include_fields"]),
        namespaces=json.loads(row["namespaces"]),
        format=row["format"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
