"""What happened to a claim, told to the customer from the journal: only what they did, were asked or were given.

Nothing that staff write for each other is here: an entry that has no sentence of its own below is not shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.models import JournalEntry
from protection.customer.phrases import day, listed, money, say
from protection.customer.status_words import DECIDED, ENDED
from protection.messages.conversation import shown
from protection.models import Claim, Resolution
from protection.models.reason_rule import REMEDIES
from protection.shares import bag_of

Outcome = Claim.Outcome
Facts = Mapping[str, Any]
GIVEN = {
    "replacement": "We have sent a replacement on its way",
    "refund": "We have refunded {amount}",
    "store_credit": "We have given you {amount} of store credit",
    "gift_card": "We have sent you a gift card of {amount}",
    "handled_elsewhere": "This was settled in another way",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened; `quote` is what was written, by us or by the customer."""

    at: datetime
    words: str
    quote: str = ""


def timeline(claim: Claim) -> list[Moment]:
    """Newest first; four queries whatever the claim's age."""
    remedies = {remedy.public_id: remedy for remedy in claim.resolutions.all()}
    subjects = [claim.public_id, *remedies]
    entries = JournalEntry.objects.filter(order=claim.order_id, subject__in=subjects, action__in=SENTENCES)
    written = {reply.public_id: reply.text for reply in claim.replies.all()}
    written |= {message.public_id: shown(message.text) for message in claim.messages.filter(event="written")}
    told = []
    for entry in entries.order_by("-id"):
        facts = entry.facts | {"remedy": remedies.get(entry.subject)}
        if words := SENTENCES[entry.action](facts):
            quote = entry.facts.get("question") or written.get(facts.get("reply") or facts.get("message") or "", "")
            if entry.action == "claim.in_review" and entry.facts.get("appealed"):
                quote = claim.appeal_why
            told.append(Moment(entry.created_at, words, quote))
    return told


def _in_review(facts: Facts) -> str:
    if facts.get("appealed"):
        return say("You asked for another look; another person takes it")
    words = {
        "submitted": "A person is going to look at it",
        "waiting": "Its day has come: a person is going to look at it",
        "needs_info": "Your answer came, and we go on",
        "closed": "We opened your claim again",
    }
    return say(words.get(facts.get("from", ""), "We are looking at it again"))


def _decided(facts: Facts) -> str:
    """A denial ends the claim in the same moment and is told there."""
    outcome = facts.get("outcome")
    if outcome == Outcome.DENIED:
        return ""
    return say(DECIDED[outcome]) if outcome in DECIDED else say("We have decided")


def _executed(facts: Facts) -> str:
    remedy: Resolution = facts["remedy"]
    words = GIVEN[remedy.pays_by or remedy.kind]
    return say(words, amount=money(bag_of(remedy.amount).presentment)) if remedy.amount else say(words)


def _held(facts: Facts) -> str:
    if not facts.get("instead"):
        return ""
    kinds = [say(REMEDIES[kind]) for kind in facts["instead"] if kind in REMEDIES]
    return say("What you wished for is sold out. Instead you get {kinds}", kinds=listed(kinds, "and"))


SENTENCES: dict[str, Callable[[Facts], str]] = {
    "claim.submitted": lambda facts: say("We got your claim"),
    "claim.waiting": lambda facts: say("It is early, so your claim waits until {day}",
                                       day=day(datetime.fromisoformat(facts["eligible_at"]))),
    "claim.in_review": _in_review,
    "claim.needs_info": lambda facts: say("We asked you for something"),
    "claim.decided": _decided,
    "claim.closed": lambda facts: say(ENDED[facts["outcome"]]),
    "claim.evidence_added": lambda facts: say("A photo was added"),
    "claim.evidence_withdrawn": lambda facts: say("A photo was taken back"),
    "claim.replied": lambda facts: say("You wrote to us"),
    "claim.message_queued": lambda facts: say("We wrote to you") if facts["tells"] == "written" else "",
    "claim.reminded": lambda facts: say("We reminded you"),
    "claim.asked_arrived": lambda facts: say("Your parcel has moved; we asked you whether it arrived"),
    "claim.not_arrived": lambda facts: say("You told us that it has not arrived"),
    "claim.parcel_found": lambda facts: say("The carrier says that the first parcel was delivered after all"),
    "claim.feedback": lambda facts: say("You told us how it went"),
    "resolution.executed": _executed,
    "resolution.failed": lambda facts: say("It could not be carried out yet; we look for another way"),
    "resolution.held": _held,
}  # fmt: skip
