"""Asking how it went: once for each claim that was decided, a day after it was closed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from backoffice.isolation import isolated
from orders.journal import record
from protection.filing import locked
from protection.messages import shops
from protection.models import Claim, CustomerMail, Feedback, Message

AFTER = timedelta(days=1)  # so that it does not come on the heels of the remedy
WITHIN = timedelta(days=14)  # later than this nobody remembers
AT_ONCE = 200  # claims in one run; the next takes the rest
DECIDED = (Claim.Outcome.APPROVED, Claim.Outcome.PARTIAL, Claim.Outcome.DENIED)


def run(now: datetime | None = None) -> int:
    """By the clock: ask those whose day has come; returns how many."""
    now, asked = now or timezone.now(), 0
    for claim in due(now)[:AT_ONCE]:
        with isolated("Asking how it went", claim.public_id):
            asked += ask(claim, now)
    return asked


def due(now: datetime) -> QuerySet[Claim]:
    """Claims to ask about: of shops that write to their customers, and not asked or answered before."""
    asked = Message.objects.filter(event="feedback", about=OuterRef("public_id"))
    closed = Claim.objects.filter(
        state=Claim.State.CLOSED, outcome__in=DECIDED, closed_at__lte=now - AFTER, closed_at__gt=now - WITHIN,
        order__redacted_at=None,
    )  # fmt: skip
    writes = CustomerMail.objects.filter(shop=OuterRef("order__shop"), on=True)
    silent = CustomerMail.objects.filter(shop=OuterRef("order__shop"), on=False)
    chosen = closed.filter(~Exists(silent)) if settings.CUSTOMER_MAILS else closed.filter(Exists(writes))
    answered = Feedback.objects.filter(claim=OuterRef("pk"))
    return chosen.filter(~Exists(asked), ~Exists(answered)).order_by("closed_at")


@transaction.atomic
def ask(claim: Claim, now: datetime) -> bool:
    """Ask about one claim; False where it was opened again meanwhile, or its shop writes to nobody."""
    claim = locked(claim)
    if not due(now).filter(pk=claim.pk).exists() or shops.why_off(shops.mail_of(claim.order.shop)):
        return False
    record("claim.feedback_asked", shop=claim.order.shop, order=claim.order, subject=claim.public_id, by="system")
    return True
