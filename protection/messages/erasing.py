"""Erasing what was written to a customer; that something was told, when, and whether it went out, stays."""

from collections.abc import Collection

from orders.models import Order
from orders.redaction import ERASED, scrubbed_text
from protection.models import Message

GONE = "The customer's data was erased."


def erase_messages(order: Order, personal: Collection[str]) -> list[str]:
    """Blank every message of this order, and send none that waits; returns their public ids."""
    messages = Message.objects.filter(order=order)
    waiting = messages.filter(state__in=(Message.State.QUEUED, Message.State.SENDING, Message.State.FAILED))
    waiting.update(state=Message.State.DROPPED, why=GONE)
    for message in messages.exclude(why__in=("", GONE)):
        message.why = scrubbed_text(message, "why", personal)
        message.save(update_fields=["why"])
    messages.update(to="", subject=ERASED, text=ERASED, html=ERASED)
    return list(messages.values_list("public_id", flat=True))
