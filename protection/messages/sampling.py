"""How a text reads for a real claim, before anything like it has happened: for who writes texts."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from orders.models import Fulfillment
from protection.messages import markup, rendering
from protection.messages.rendering import Rendered
from protection.messages.values import News, values_of
from protection.models import Claim, Resolution

KINDS = {
    "refund_made": Resolution.Kind.REFUND,
    "credit_given": Resolution.Kind.STORE_CREDIT,
    "gift_card_sent": Resolution.Kind.GIFT_CARD,
    "handled_elsewhere": Resolution.Kind.HANDLED_ELSEWHERE,
}


def sample(event: str, language: str, claim: Claim, *, subject: str, text: str, html: str) -> Rendered:
    """The message as this claim's customer would read it; what has not happened to it yet is made up."""
    news = News(event, claim.order, claim, _facts(claim), _remedy(event, claim), _parcel(claim), "What you write.")
    values = values_of(news, language)
    return Rendered(
        subject=rendering.subject_of(subject, values),
        text=rendering.text_of(text, values),
        html=markup.whole(rendering.html_of(html, values), language),
    )


def _facts(claim: Claim) -> dict[str, Any]:
    now = timezone.now()

    def later(days: int, moment: datetime | None = None) -> str:
        return (moment or now + timedelta(days=days)).isoformat()

    timing = {"anchor": "last_scan", "anchor_at": later(-3), "opens_at": later(4)}
    coverage = getattr(claim.order, "coverage", None)
    return {
        "eligible_at": later(4, claim.eligible_at), "timing": timing, "happened_at": later(-1), "due_at": later(9),
        "reopens_until": later(30), "question": "A photo of the box", "fee": coverage.fee if coverage else {},
    }  # fmt: skip


def _remedy(event: str, claim: Claim) -> Resolution:
    kind = KINDS.get(event, Resolution.Kind.REPLACEMENT)
    given = claim.resolutions.filter(kind=kind).last()
    amount = claim.order.amounts.get("total", {}) if kind in Resolution.MONEY else {}
    return given or Resolution(claim=claim, kind=kind, amount=amount, remote_order_name=f"{claim.order.name}-R")


def _parcel(claim: Claim) -> Fulfillment:
    made_up = Fulfillment(
        tracking_company="UPS", tracking_numbers=["1Z 999"], tracking_urls=["https://example.com/1Z999"]
    )
    return claim.order.fulfillments.last() or made_up
