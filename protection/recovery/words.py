"""A recovery in words for people: how long there is, and what days and money were computed from."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from protection.models import CarrierTerms, ReasonRule, Recovery
from protection.recovery.deadlines import zone_of

SOON = 7  # days: nearer than that is a matter of this week


def countdown(recovery: Recovery, now: datetime | None = None) -> str:
    """How long there is to file, or what the days were; empty when it is over or filed."""
    if recovery.state != Recovery.State.ELIGIBLE:
        return ""
    if recovery.last_day is None:
        return "last day not known"
    left = days_left(recovery, now)
    if left < 0:
        return f"{-left} day{'s' if left < -1 else ''} too late"
    return {0: "today is the last day", 1: "1 day left"}.get(left, f"{left} days left")


def days_left(recovery: Recovery, now: datetime | None = None) -> int:
    """Days until the last one, 0 on that day itself; it must be known."""
    assert recovery.last_day is not None
    today = (now or timezone.now()).astimezone(zone_of(recovery.order.shop)).date()
    return (recovery.last_day - today).days


def tone(recovery: Recovery, now: datetime | None = None) -> str:
    """The colour of its days."""
    if recovery.state != Recovery.State.ELIGIBLE or recovery.last_day is None:
        return "warn" if recovery.state == Recovery.State.ELIGIBLE else ""
    left = days_left(recovery, now)
    return "bad" if left <= 2 else "warn" if left <= SOON else "good"


def days_in_words(recovery: Recovery) -> list[str]:
    """From when until when, each with what it counts from."""
    facts: dict[str, Any] = recovery.deadline_from
    zone = zone_of(recovery.order.shop)
    words = []
    if recovery.opens_at and facts.get("opens_from"):
        opens = recovery.opens_at.astimezone(zone)
        words.append(f"From {opens:%-d %b %Y}: {_counted(facts, 'opens')}.")
    if recovery.last_day and facts.get("closes_from"):
        words.append(f"Until {recovery.last_day:%-d %b %Y} ({zone.key}): {_counted(facts, 'closes')}.")
    if facts.get("why_not"):
        words.append(str(facts["why_not"]))
    return words


def money_in_words(recovery: Recovery) -> str:
    """Why so much is expected, or why nobody can tell."""
    facts: dict[str, Any] = recovery.expected_from
    if facts.get("why_not"):
        return str(facts["why_not"])
    goods = facts.get("goods")
    if not goods:
        return ""
    code = goods["currency"]
    at = CarrierTerms.GoodsAt(facts["goods_at"]).label.lower()
    label = f", with {facts['label']} {code} for the label" if facts["label"].strip("0.") else ""
    cover = f"; the carrier covers {facts['cover']} {code} at most" if facts["cover"] is not None else ""
    return f"Goods for {goods['amount']} {code} ({at}){label}{cover}."


def _counted(facts: dict[str, Any], side: str) -> str:
    number = facts[f"{side}_after"]
    since = datetime.fromisoformat(facts[f"{side}_from_at"])
    event = ReasonRule.Anchor(facts[f"{side}_from"]).label
    return f"{number} day{'s' if number != 1 else ''} after {event}, {since:%-d %b %Y}"
