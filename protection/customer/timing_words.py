"""When a claim may be made, in the customer's words and language: the date, what it counts from, and the rule."""

from protection.customer.phrases import day, say
from protection.models import Claim
from protection.rules import window_text
from protection.windows import Event, Timing

Reason = Claim.Reason
# What customers call it; the first thing they choose.
REASONS = {
    Reason.LOST: "It has not arrived",
    Reason.NOT_RECEIVED: "It says delivered, but I do not have it",
    Reason.STOLEN: "It was stolen after delivery",
    Reason.DAMAGED: "It arrived damaged",
    Reason.WRONG_ITEM: "I got something else",
    Reason.MISSING_ITEM: "Something is missing from the parcel",
    Reason.RETURNED: "It went back to the shop",
    Reason.WRONG_ADDRESS: "The address was wrong",
    Reason.DELAYED: "It is late",
    Reason.CUSTOMS: "It is held by customs",
}


def reason_words(reason: str) -> str:
    return say(REASONS[Reason(reason)])


def short(timing: Timing) -> str:
    """One line beside the reason, "" where there is nothing to say about time."""
    if timing.opens_at is None or timing.closes_at is None:
        return ""
    words = {
        "too_early": "Early: we take it now and look at it from {opens} on",
        "open": "Until {closes}",
        "late": "The time for this ended on {closes}",
    }[timing.state]
    return say(words, opens=day(timing.opens_at), closes=day(timing.closes_at))


def long(timing: Timing) -> str:
    """The dates, what they count from, and the rule's own words."""
    if timing.rule is None:
        return say("A person looks at it.")
    rule = say("The rule: {rule}", rule=window_text(timing.rule, say))
    if timing.happened is None or timing.opens_at is None or timing.closes_at is None:
        return f"{rule} {say('None of these dates is known to us yet, so a person looks at it.')}"
    words = {
        "too_early": "It can be looked at from {opens} on",
        "open": "It can be claimed until {closes}",
        "late": "It could be claimed until {closes}",
    }[timing.state]
    since = say("the days count from {event} on {date}", event=say(Event(timing.anchor).label),
                date=day(timing.happened.at))  # fmt: skip
    return f"{say(words, opens=day(timing.opens_at), closes=day(timing.closes_at))}: {since}. {rule}"
