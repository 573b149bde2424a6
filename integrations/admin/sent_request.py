"""The request of a delivery as the partner got it, for the page that shows it.

Made anew from the immutable journal entry, in the version the try was sent in. Signatures are not kept and not made
again: whoever reads this page could otherwise play the sender.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from integrations.events import Event, UnknownVersion, represent
from integrations.models import Delivery, DeliveryAttempt

SYSTEM = "webhook"


@dataclass(frozen=True, slots=True)
class SentRequest:
    """`headers` of one try; `body` is the exact text, `size` its bytes. `problem` says why there is no body."""

    address: str
    headers: list[tuple[str, str]]
    body: str
    size: int
    problem: str = ""


def sent_request(delivery: Delivery, version: str, started_at: datetime | None) -> SentRequest | None:
    """The POST of `delivery` in `version`; None for systems that are not sent the event itself (Shopify).

    `started_at` of the try tells the time in its headers; None when it was not tried yet.
    """
    connection = delivery.connection
    if connection.system != SYSTEM:
        return None
    try:
        shape = represent(Event.of(delivery.entry), version)
    except UnknownVersion as error:
        return SentRequest(connection.url, [], "", 0, str(error))
    body = json.dumps(shape, separators=(",", ":"), ensure_ascii=False)
    stamp = str(int(started_at.timestamp())) if started_at else "the second it is sent"
    headers = [
        ("Content-Type", "application/json"),
        ("webhook-id", delivery.entry.public_id),
        ("webhook-timestamp", stamp),
        ("webhook-signature", "v1,… (made with the endpoint's secret; not kept)"),
    ]
    return SentRequest(connection.url, headers, body, len(body.encode()))


@dataclass(frozen=True, slots=True)
class Try:
    """One line of the log with the request it made."""

    attempt: DeliveryAttempt
    request: SentRequest | None
    tone: str


def tries(delivery: Delivery, attempts: list[DeliveryAttempt], failed: frozenset[int]) -> list[Try]:
    """`failed` holds the ids of the tries that were no success."""
    return [
        Try(
            attempt,
            sent_request(delivery, attempt.payload_version or delivery.connection.payload_version, attempt.started_at),
            "bad" if attempt.pk in failed else "good",
        )
        for attempt in attempts
    ]
