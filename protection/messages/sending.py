"""What the sender of mails asks and says of a message: around the network, never inside it; each safe to call twice."""

from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from django.utils.encoding import punycode

from backoffice import failpoints
from orders.models import Order
from protection.messages import shops
from protection.messages.composing import address_of, note
from protection.messages.rendering import one_line
from protection.models import CustomerMail, Message

State = Message.State


@transaction.atomic
def start(public_id: str) -> tuple[Message, CustomerMail] | None:
    """From here on the customer may have read it: undoing tells them. None when there is nothing (more) to send.

    It goes to the address the order has by now, and not at all where the store has switched mails off meanwhile.
    """
    message = Message.objects.select_for_update(of=("self",)).filter(public_id=public_id).first()
    if message is None or message.is_settled:
        return None
    message.order = Order.objects.select_related("shop", "customer").get(pk=message.order_id)
    mail = shops.mail_of(message.order.shop)
    if why := shops.why_off(mail) or _erased(message):
        message.state, message.why = State.DROPPED, why[:255]
        message.save(update_fields=["state", "why"])
        return None
    message.state, message.to, message.why = State.SENDING, address_of(message.order) or message.to, ""
    message.save(update_fields=["state", "to", "why"])
    failpoints.reach("message.starting")
    return message, mail


@transaction.atomic
def mark_sent(message: Message) -> None:
    """The mail server has taken it."""
    message = _locked(message)
    if message.is_settled:
        return
    message.state, message.sent_at, message.why = State.SENT, timezone.now(), ""
    message.save(update_fields=["state", "sent_at", "why"])
    note(message, "sent", message.by)


@transaction.atomic
def mark_failed(message: Message, why: str) -> None:
    """The mail server refused it for good: somebody must look."""
    message = _locked(message)
    if message.is_settled or (message.state == State.FAILED and message.why == why[:255]):
        return
    message.state, message.why = State.FAILED, why[:255]
    message.save(update_fields=["state", "why"])
    note(message, "failed", message.by)


def mail_for(message: Message, mail: CustomerMail) -> EmailMultiAlternatives:
    """The mail of a message; its Message-ID is the same at every try."""
    name = one_line(mail.sender_name or str(message.order.shop))
    sender = mail.sender_address or settings.DEFAULT_FROM_EMAIL
    if "<" not in sender:
        local, _, domain = sender.rpartition("@")
        sender = formataddr((name, f"{local}@{punycode(domain)}"))
    headers = {"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"}
    written = EmailMultiAlternatives(
        message.subject, message.text, sender, [message.to],
        headers=headers, reply_to=[mail.reply_to] if mail.reply_to else None,
    )  # fmt: skip
    written.attach_alternative(message.html, "text/html")
    return written


def _locked(message: Message) -> Message:
    """With its order's row locked before its own, as every journal entry of an order is written."""
    Order.objects.select_for_update(of=("self",)).get(pk=message.order_id)
    rows = Message.objects.select_for_update(of=("self",)).select_related("order__shop", "claim")
    return rows.get(pk=message.pk)


def _erased(message: Message) -> str:
    return "The customer's data was erased." if message.order.redacted_at else ""
