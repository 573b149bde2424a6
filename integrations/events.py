"""How a journal entry looks from outside: the same object in the feed (/v1/events) and in a partner's webhook.

Thin on purpose: ids, the action, what changed. Names and addresses are read by API, under the reader's own scopes.
Each endpoint is sent the shape it was made with (Connection.payload_version) until its owner asks for another, so that
a field may be moved or renamed without breaking anybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from integrations.models import Connection
from integrations.models.connection import CURRENT_VERSION
from orders.models import JournalEntry

Shape = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """Everything that a payload is made of; `order` is (public id, remote id, name)."""

    public_id: str
    action: str
    created_at: datetime
    sequence: int
    shop: str
    order: tuple[str, int, str] | None
    subject: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, entry: JournalEntry) -> Self:
        """The event of a journal entry; reads its shop and its order."""
        order = None
        if entry.order is not None:
            order = (entry.order.public_id, entry.order.remote_id, entry.order.name)
        return cls(
            entry.public_id,
            entry.action,
            entry.created_at,
            entry.pk,
            entry.shop.domain,
            order,
            entry.subject,
            entry.facts,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """What a request needs of its endpoint: where to, the secrets to sign with now (one or two), which shape."""

    url: str
    secrets: tuple[str, ...]
    version: str

    @classmethod
    def of(cls, connection: Connection, now: datetime) -> Self:
        """The line as it stands at `now`; the old secret signs beside the new one until its time is over."""
        rotating = connection.old_secret_until is not None and connection.old_secret_until > now
        signing = connection.secrets.get("signing", [])[: 2 if rotating else 1]
        return cls(connection.url, tuple(signing), connection.payload_version)


class UnknownVersion(ValueError):
    """There is no such shape."""


def represent(event: Event, version: str = CURRENT_VERSION) -> Shape:
    """{"id", "type", "version", "created_at", "sequence", "shop", "order", "subject", "data"} in `version`'s shape.

    `sequence` rises per order. Raises UnknownVersion.
    """
    order = event.order
    shape = {
        "id": event.public_id,
        "type": event.action,
        "version": version,
        "created_at": event.created_at.isoformat(),
        "sequence": event.sequence,
        "shop": event.shop or None,
        "order": order and {"id": order[0], "remote_id": str(order[1]), "name": order[2]},
        "subject": event.subject or None,
        "data": event.facts,
    }
    try:
        return VERSIONS[version](shape)
    except KeyError:
        raise UnknownVersion(f"There is no version {version!r}; there are {', '.join(VERSIONS)}.") from None


def _as_it_is(shape: Shape) -> Shape:
    return shape


# version → what makes the newest shape into that one; the oldest first. A version is never changed once a partner may
# have been sent it: its bytes are kept in tests/golden/.
VERSIONS: Mapping[str, Callable[[Shape], Shape]] = {CURRENT_VERSION: _as_it_is}
