"""The values that stand for a text's variables: read from claim, order and what happened, written in its language.

Each variable has one function here; only those an event allows are asked, so that a short message costs few queries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from orders.models import Fulfillment, Order
from orders.money import Money
from protection.customer import links
from protection.messages import formats
from protection.messages.events import EVENTS
from protection.messages.words import Words, words_of
from protection.models import Claim, Decision, InfoRequest, Resolution
from protection.shares import bag_of

MOST_ITEMS = 50
_WEB = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class News:
    """What is told: of which order and claim, and the facts of the journal entry it comes from."""

    event: str
    order: Order
    claim: Claim | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    resolution: Resolution | None = None
    parcel: Fulfillment | None = None
    text: str = ""  # what staff wrote

    @property
    def about(self) -> Claim:
        assert self.claim is not None
        return self.claim


def values_of(news: News, language: str) -> dict[str, str]:
    """Every variable that the event allows, as plain text."""
    told = Told(news, language, words_of(language))
    return {name: VALUES[name](told) for name in EVENTS[news.event].variables}


@dataclass(frozen=True, slots=True)
class Told:
    news: News
    language: str
    words: Words

    def day(self, moment: datetime | str | None) -> str:
        """A moment of the facts (ISO text) or of a row, as a day on the shop's calendar."""
        if isinstance(moment, str):
            moment = parse_datetime(moment)
        return formats.day(moment, self.language, self.news.order.shop.time_zone)

    def say(self, phrase: str, **parts: object) -> str:
        return self.words.phrases[phrase].format(**parts).strip()

    def money(self, bag: Mapping[str, Any]) -> str:
        """The side of a money bag that the customer sees; empty without any."""
        return formats.money(bag_of(bag).presentment, self.language) if bag else ""


def first_name(order: Order) -> str:
    named = order.customer.first_name if order.customer else ""
    return named or (order.shipping_address or {}).get("first_name") or ""


def _greeting(told: Told) -> str:
    name = first_name(told.news.order)
    return told.say("hello", name=name) if name else told.say("hello_nobody")


def _items(told: Told) -> str:
    items = list(told.news.about.items.select_related("line")[: MOST_ITEMS + 1])
    lines = [f"- {item.quantity} × {item.line}" for item in items[:MOST_ITEMS]]
    if len(items) > MOST_ITEMS:
        lines.append(told.say("and_more", number=told.news.about.items.count() - MOST_ITEMS))
    return "\n".join(lines)


def _waits_why(told: Told) -> str:
    timing = told.news.facts.get("timing") or {}
    anchor, opens = timing.get("anchor"), parse_datetime(timing.get("opens_at") or "")
    happened = parse_datetime(timing.get("anchor_at") or "")
    if anchor not in told.words.anchors or opens is None or happened is None:
        return ""
    days = max(0, (opens - happened).days)
    return told.say("waits", days=days, anchor=told.words.anchors[anchor], date=told.day(happened))


def _questions(told: Told) -> str:
    facts = told.news.facts
    if "question" in facts:
        asked = str(facts["question"]).splitlines()
    else:
        request = InfoRequest.objects.filter(public_id=facts.get("request") or "").first()
        asked = list(request.asked) if request else []
    return "\n".join(f"- {one}" for one in asked)


def _standing(told: Told) -> list[Decision]:
    rows = Decision.objects.filter(item__claim=told.news.about, superseded=False)
    return list(rows.select_related("item__line").order_by("id"))


def _decision(told: Told) -> str:
    return "\n".join(f"- {_in_words(told, row)}" for row in _standing(told))


def _in_words(told: Told, row: Decision) -> str:
    parts = {"units": row.quantity, "item": str(row.item.line)}
    if row.verdict == Decision.Verdict.DENY:
        said = told.say("not_given", reason=told.words.denials.get(row.reason_code, ""), **parts)
    else:
        exchange = row.remedy == Decision.Remedy.REPLACEMENT and row.variant_id not in (None, row.item.line.variant_id)
        remedy = told.words.remedies.get("exchange" if exchange else row.remedy, "")
        phrase = "given_part" if row.verdict == Decision.Verdict.PARTIAL else "given_money"
        amount = told.money(row.amount)
        said = told.say(phrase if amount else "given", remedy=remedy, amount=amount, **parts)
    return f"{said} {row.note.strip()}".strip()


def _what_would_change_it(told: Told) -> str:
    """Nothing where everything was given."""
    short = [row for row in _standing(told) if row.verdict != Decision.Verdict.APPROVE]
    codes = dict.fromkeys(row.reason_code if row.reason_code in told.words.changes else "other" for row in short)
    return "\n".join([told.say("changes"), *(f"- {told.words.changes[code]}" for code in codes)]) if codes else ""


def _appeal_until(told: Told) -> str:
    claim = told.news.about
    if claim.appealed_at or claim.outcome == Claim.Outcome.APPROVED:
        return ""
    return told.day((claim.closed_at or timezone.now()) + timedelta(days=settings.APPEAL_DAYS))


def _appeal_link(told: Told) -> str:
    return links.appeal_url(told.news.about) if _appeal_until(told) else ""


def _remedy(told: Told) -> str:
    remedy = told.news.resolution
    if remedy is None:
        return ""
    return told.words.remedies.get("exchange" if remedy.is_exchange else remedy.kind, "")


def _tracking_link(told: Told) -> str:
    """As the shop has it: anybody may have written it there, so nothing but an address of the web is passed on."""
    urls = told.news.parcel.tracking_urls if told.news.parcel else []
    return next((url for url in urls if isinstance(url, str) and url.startswith(_WEB)), "")


def _tracking_number(told: Told) -> str:
    return ", ".join(map(str, told.news.parcel.tracking_numbers)) if told.news.parcel else ""


def _fact(name: str) -> Callable[[Told], str]:
    return lambda told: told.day(told.news.facts.get(name))


VALUES: dict[str, Callable[[Told], str]] = {
    "greeting": _greeting,
    "first_name": lambda told: first_name(told.news.order),
    "order_name": lambda told: told.news.order.name,
    "shop_name": lambda told: str(told.news.order.shop),
    "claim_id": lambda told: told.news.about.public_id,
    "reason": lambda told: told.words.reasons[told.news.about.reason],
    "items": _items,
    "filed_on": lambda told: told.day(told.news.about.created_at),
    "claim_link": lambda told: links.claim_url(told.news.about),
    "waits_until": _fact("eligible_at"),
    "waits_why": _waits_why,
    "scanned_on": _fact("happened_at"),
    "questions": _questions,
    "due_on": _fact("due_at"),
    "reopens_until": _fact("reopens_until"),
    "evidence_link": lambda told: links.evidence_url(told.news.about),
    "decision": _decision,
    "what_would_change_it": _what_would_change_it,
    "appeal_until": _appeal_until,
    "appeal_link": _appeal_link,
    "receipt_link": lambda told: links.receipt_url(told.news.about),
    "remedy": _remedy,
    "amount": lambda told: told.money(told.news.resolution.amount) if told.news.resolution else "",
    "replacement_order": lambda told: told.news.resolution.remote_order_name if told.news.resolution else "",
    "carrier": lambda told: told.news.parcel.tracking_company if told.news.parcel else "",
    "tracking_number": _tracking_number,
    "tracking_link": _tracking_link,
    "found_on": _fact("happened_at"),
    "closed_why": lambda told: told.words.closings.get(told.news.about.outcome, ""),
    "fee": lambda told: told.money(told.news.facts.get("fee") or {}),
    "filing_link": lambda told: links.filing_url(told.news.order),
    "feedback_link": lambda told: links.feedback_url(told.news.about),
    "message": lambda told: told.news.text,
}


def fee_paid(facts: Mapping[str, Any]) -> Money | None:
    """The fee in the facts of a coverage; None where nothing was paid."""
    bag = facts.get("fee") or {}
    paid = bag_of(bag).presentment if bag else None
    return paid if paid and paid.amount > 0 else None
