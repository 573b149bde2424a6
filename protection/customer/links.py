"""Signed links for customers: each opens one page of one order or claim, until its day or until staff end it.

A link is signed for its purpose, so that the link to give feedback can never appeal. It names how often the order's
links were ended; once that number has moved on, every older link of the order and its claims is over.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F

from orders.journal import record
from orders.models import Order, Shop
from protection.models import Claim, LinkGeneration

PREFIX = "/c"


class Purpose(StrEnum):
    """What a link is for; also the part of its address before the token."""

    FILE = "file"
    CLAIM = "claim"
    EVIDENCE = "evidence"
    RECEIPT = "receipt"
    APPEAL = "appeal"
    FEEDBACK = "feedback"


# How long after it was made a link opens its page; what the page lets one do has limits of its own (appeals: 30 days).
LASTS = {
    Purpose.FILE: timedelta(days=90),
    Purpose.CLAIM: timedelta(days=180),
    Purpose.EVIDENCE: timedelta(days=60),
    Purpose.RECEIPT: timedelta(days=365),
    Purpose.APPEAL: timedelta(days=60),
    Purpose.FEEDBACK: timedelta(days=60),
}


class LinkUnknown(Exception):
    """No link of ours, or one for another page."""


class LinkEnded(Exception):
    """The link was ours and its time is over, staff ended it, or the order's personal data was erased."""

    def __init__(self, shop: Shop | None) -> None:
        super().__init__("This link has ended.")
        self.shop = shop


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens: an order, and the claim on it unless the link is there to file one."""

    order: Order
    claim: Claim | None


def filing_url(order: Order) -> str:
    """Where the customer files a claim on this order."""
    return _url(Purpose.FILE, order.public_id, order)


def claim_url(claim: Claim) -> str:
    """Where the customer sees how their claim stands, answers, and says what has changed."""
    return _url(Purpose.CLAIM, claim.public_id, claim.order)


def evidence_url(claim: Claim) -> str:
    """Where the customer adds photos to their claim, and nothing else."""
    return _url(Purpose.EVIDENCE, claim.public_id, claim.order)


def receipt_url(claim: Claim) -> str:
    """Where the customer reads what was decided, by which rule, and on which facts."""
    return _url(Purpose.RECEIPT, claim.public_id, claim.order)


def appeal_url(claim: Claim) -> str:
    """Where the customer asks for another look."""
    return _url(Purpose.APPEAL, claim.public_id, claim.order)


def feedback_url(claim: Claim) -> str:
    """Where the customer says how it went."""
    return _url(Purpose.FEEDBACK, claim.public_id, claim.order)


def entry_url(shop: Shop | None = None, order_name: str = "") -> str:
    """The page for everybody: order number and e-mail, and the link comes by mail. No token in it."""
    asked = {"shop": shop.domain if shop else "", "order": order_name}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{settings.PUBLIC_URL}{PREFIX}/{'?' if query else ''}{query}"


def inside(url: str) -> str:
    """The same address for use on a page of ours: it keeps the visitor on the host they came by."""
    return url.removeprefix(settings.PUBLIC_URL)


def opened(token: str, purpose: Purpose) -> Opened:
    """What the token of a link for `purpose` opens; raises LinkUnknown or LinkEnded."""
    try:
        subject, number = _read(token, purpose)
    except signing.SignatureExpired:
        raise LinkEnded(_shop_of(token, purpose)) from None
    found = _find(subject)
    if found is None:
        raise LinkUnknown
    if number != generation(found.order) or found.order.redacted_at:
        raise LinkEnded(found.order.shop)
    return found


@transaction.atomic
def note_made(opens: Opened, purpose: Purpose, *, by: str) -> None:
    """Put on record that somebody made a link to hand it out themselves; the link itself is kept nowhere."""
    order, subject = opens.order, opens.claim.public_id if opens.claim else ""
    record("link.made", shop=order.shop, order=order, subject=subject, by=by, purpose=purpose.value)


@transaction.atomic
def end_links(order: Order, *, by: str) -> None:
    """End every link of this order and its claims that was made until now: one went to the wrong person, say."""
    LinkGeneration.objects.get_or_create(order=order)
    LinkGeneration.objects.filter(order=order).update(number=F("number") + 1)
    record("link.ended", shop=order.shop, order=order, by=by)


def generation(order: Order) -> int:
    """How often the order's links were ended."""
    return LinkGeneration.objects.filter(order=order).values_list("number", flat=True).first() or 0


def _url(purpose: Purpose, subject: str, order: Order) -> str:
    token = signing.dumps([subject, generation(order)], salt=_salt(purpose))
    return f"{settings.PUBLIC_URL}{PREFIX}/{purpose}/{token}"


def _salt(purpose: Purpose) -> str:
    return f"protection.customer.{purpose}"


def _read(token: str, purpose: Purpose, *, ever: bool = False) -> tuple[str, int]:
    try:
        subject, number = signing.loads(token, salt=_salt(purpose), max_age=None if ever else LASTS[purpose])
    except signing.SignatureExpired:
        raise
    except (signing.BadSignature, ValueError):
        raise LinkUnknown from None
    return str(subject), int(number)


def _shop_of(token: str, purpose: Purpose) -> Shop | None:
    found = _find(_read(token, purpose, ever=True)[0])
    return found.order.shop if found else None


def _find(subject: str) -> Opened | None:
    if subject.startswith("ord_"):
        order = Order.objects.select_related("shop").filter(public_id=subject).first()
        return Opened(order, None) if order else None
    claim = Claim.objects.select_related("order__shop", "rule").filter(public_id=subject).first()
    return Opened(claim.order, claim) if claim else None
