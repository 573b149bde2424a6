"""What was said about a claim, in both directions, in the order it was said."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.models import Order
from protection.customer.links import PREFIX
from protection.messages.events import EVENTS
from protection.models import Claim, Message

TONES = {Message.State.SENT: "good", Message.State.FAILED: "bad", Message.State.DROPPED: "warn"}
# A customer's links open what only the customer may do: they are for their mailbox, and for nobody who reads along.
_LINK = re.compile(rf"https?://[^\s/]+{PREFIX}/[a-z]+/[\w:.=-]+")
HIDDEN = "(link)"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said. `direction` is "out" to the customer, "in" from them; `state` and `tone` of what went out."""

    id: str
    at: datetime
    direction: str
    by: str
    text: str
    subject: str = ""
    event: str = ""
    state: str = ""
    words: str = ""
    tone: str = ""
    why: str = ""
    to: str = ""
    sent_at: datetime | None = None
    language: str = ""

    @property
    def title(self) -> str:
        return EVENTS[self.event].title if self.event in EVENTS else ""


def conversation(claim: Claim) -> list[Said]:
    """Everything said, oldest first; two queries, none for what is prefetched."""
    said = [_sent(message) for message in claim.messages.all()]
    said += [Said(reply.public_id, reply.created_at, "in", reply.by, reply.text) for reply in claim.replies.all()]
    if claim.appealed_at and claim.appeal_why:
        said.append(Said("", claim.appealed_at, "in", "customer", claim.appeal_why, event="appeal_received"))
    return sorted(said, key=lambda one: (one.at, one.id))


def shown(text: str) -> str:
    """The text of a message without the customer's links."""
    return _LINK.sub(HIDDEN, text)


def messages_of(orders: Iterable[Order]) -> list[dict[str, Any]]:
    """Everything written to the customers of these orders, for who asks what we hold on them."""
    rows = Message.objects.filter(order__in=orders).select_related("order", "claim").order_by("id")
    return [
        {"order": row.order.public_id, "claim": row.claim and row.claim.public_id, **represent(_sent(row))}
        for row in rows
    ]


def represent(said: Said) -> dict[str, Any]:
    """As JSON, for partners: the shape of docs/customer-messages.md."""
    return {
        "id": said.id or None,
        "direction": said.direction,
        "by": said.by,
        "event": said.event or None,
        "language": said.language or None,
        "to": said.to or None,
        "subject": said.subject or None,
        "text": said.text,
        "status": said.state or None,
        "failure": said.why or None,
        "created_at": said.at,
        "sent_at": said.sent_at,
    }


def _sent(message: Message) -> Said:
    return sent(
        id=message.public_id, at=message.created_at, by=message.by, text=message.text, subject=message.subject,
        event=message.event, state=message.state, why=message.why, to=message.to, sent_at=message.sent_at,
        language=message.language,
    )  # fmt: skip


def sent(*, state: str, text: str, **facts: Any) -> Said:
    """What went out, from the columns of a message."""
    now = Message.State(state)
    return Said(direction="out", text=shown(text), state=state, words=now.label, tone=TONES.get(now, "info"), **facts)
