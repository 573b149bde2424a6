"""Writing a message in the transaction of what it tells of: heard from the journal, once for each entry.

Nothing is sent here. The entry written beside the message is what the outbox carries out, after the commit, when the
time to undo is over (`not_before`).
"""

import re
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from backoffice import failpoints
from orders.journal import record
from orders.models import JournalEntry, Order
from protection.messages import markup, rendering, shops, templates
from protection.messages.told import is_undoing, may_tell, news_of
from protection.messages.values import News, values_of
from protection.models import CustomerMail, Message, MessageTemplate

SYSTEM = "system"
ONCE = {"replacement_shipped", "feedback"}  # told once of each parcel, each claim
DECISIONS = ("approved", "partly_approved", "denied", "appeal_answered")
OF_CLAIMS = {
    "queued": "claim.message_queued", "sent": "claim.message_sent", "failed": "claim.message_failed",
}  # fmt: skip
OF_COVERAGE = {
    "queued": "coverage.message_queued", "sent": "coverage.message_sent", "failed": "coverage.message_failed",
}  # fmt: skip
SENDS = (OF_CLAIMS["queued"], OF_COVERAGE["queued"])  # the entries that the sender of mails carries out
NO_ADDRESS = "The order has no e-mail address."
BAD_ADDRESS = "The order's e-mail address cannot be one."
UNDONE = "The decision was undone before this went out."
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\\x00-\x20]+@[^\s@<>,;:\"\\\x00-\x20]+")


def hear(sender: Any, *, entry: JournalEntry, **kwargs: Any) -> None:
    """Write the message that this entry calls for, if any; call it in the entry's transaction."""
    if not may_tell(entry):
        return
    mail = shops.mail_of(entry.shop)
    if shops.why_off(mail):
        return
    if is_undoing(entry) and retract(entry.subject):
        return
    news = news_of(entry)
    if news is not None and news.order.redacted_at is None:
        compose(news, mail, entry=entry)


def compose(news: News, mail: CustomerMail, *, entry: JournalEntry | None = None, by: str = SYSTEM) -> Message | None:
    """Write a message and the entry that sends it; None where this was told before, or no text of the event is left."""
    about = _about(news)
    if about and Message.objects.filter(event=news.event, about=about).exists():
        return None
    languages = shops.languages_for(news.order, mail)
    template = templates.in_force(news.order.shop, news.event, languages)
    if template is None:
        return None
    rendered = render(template, news)
    to = address_of(news.order)
    why = NO_ADDRESS if not to else "" if _ADDRESS.fullmatch(to) else BAD_ADDRESS
    message = Message.objects.create(
        order=news.order, claim=news.claim, event=news.event, about=about, template=template, entry=entry,
        language=template.language, to=to, subject=rendered.subject, text=rendered.text, html=rendered.html,
        by=by[:255], state=Message.State.DROPPED if why else Message.State.QUEUED, why=why,
    )  # fmt: skip
    if not why:
        note(message, "queued", by, **_waits(news))
    failpoints.reach("message.composed")
    return message


def render(template: MessageTemplate, news: News) -> rendering.Rendered:
    """A text with its values put in."""
    values = values_of(news, template.language)
    return rendering.Rendered(
        subject=rendering.subject_of(template.subject, values),
        text=rendering.text_of(template.text, values),
        html=markup.whole(rendering.html_of(template.html, values), template.language),
    )


def retract(claim_id: str) -> bool:
    """Drop the message of a decision that is taken back; False where it was on its way already, or never written."""
    waiting = Message.objects.select_for_update().filter(claim__public_id=claim_id, event__in=DECISIONS)
    newest = waiting.order_by("-id").first()
    if newest is None or newest.state != Message.State.QUEUED:
        return False
    newest.state, newest.why = Message.State.DROPPED, UNDONE
    newest.save(update_fields=["state", "why"])
    return True


def address_of(order: Order) -> str:
    return (order.email or (order.customer.email if order.customer else "")).strip()


def note(message: Message, what: str, by: str, /, **facts: Any) -> None:
    """Journal that a message was queued, sent or refused: of the claim it is about, else of the order's coverage."""
    claim = message.claim
    action = (OF_CLAIMS if claim else OF_COVERAGE)[what]
    record(
        action, shop=message.order.shop, order=message.order, by=by,
        subject=claim.public_id if claim else "", message=message.public_id, tells=message.event,
        language=message.language, **facts,
    )  # fmt: skip


def _about(news: News) -> str:
    if news.event not in ONCE:
        return ""
    return news.parcel.public_id if news.parcel else news.about.public_id


def _waits(news: News) -> dict[str, str]:
    """A decision that gives something can be undone for a while; its message waits for as long."""
    gives = any(part.get("remedy") not in (None, "none") for part in news.facts.get("decisions", ()))
    if news.event not in DECISIONS or not gives:
        return {}
    return {"not_before": (timezone.now() + timedelta(seconds=settings.UNDO_SECONDS)).isoformat()}
