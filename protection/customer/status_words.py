"""Where a claim stands, for the customer: one line, what happens next, who has to act and until when."""

from dataclasses import dataclass
from datetime import datetime

from protection.asking import reply_window
from protection.customer.phrases import say
from protection.models import Claim, InfoRequest

State, Outcome = Claim.State, Claim.Outcome
ENDED: dict[str, str] = {
    Outcome.APPROVED: "Your claim was approved and everything is done",
    Outcome.PARTIAL: "A part of your claim was approved, and that is done",
    Outcome.DENIED: "Your claim was not approved",
    Outcome.WITHDRAWN: "You took this claim back",
    Outcome.DUPLICATE: "This was a second claim for the same thing",
    Outcome.ARRIVED: "Closed: your parcel arrived after all",
    Outcome.NO_RESPONSE: "Closed, because we had no answer from you",
}
DECIDED: dict[str, str] = {
    Outcome.APPROVED: "Your claim is approved",
    Outcome.PARTIAL: "A part of your claim is approved",
    Outcome.DENIED: "Your claim was not approved",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`tone` is good, wait, act or end; `until` is the day that counts now, None where there is none."""

    headline: str
    next: str
    tone: str
    until: datetime | None = None


def standing(claim: Claim, request: InfoRequest | None) -> Standing:
    """Where the claim stands; `request` is what the customer is asked for at this moment."""
    if claim.state == State.NEEDS_INFO and request is not None:
        words = "Please answer below. As soon as you have, we go on."
        return Standing(say("We need something from you"), say(words), "act", request.due_at)
    if claim.state == State.WAITING and claim.next_actor == Claim.Actor.CUSTOMER:
        words = "Please tell us below. Your claim stays until you do."
        return Standing(say("Your parcel has moved. Did it arrive?"), say(words), "act")
    if claim.state == State.WAITING:
        words = "You need not do anything. On that day we look at it by ourselves."
        return Standing(say("We have your claim, it waits for its day"), say(words), "wait", claim.eligible_at)
    if claim.state in (State.DECIDED, State.RESOLVING):
        words = "You need not do anything. What was decided is being carried out."
        return Standing(say(DECIDED.get(claim.outcome, "Your claim is decided")), say(words), "good")
    if claim.state == State.CLOSED:
        return _ended(claim)
    if claim.appealed_at:
        words = "Another person than before looks at it. You need not do anything."
        return Standing(say("We are looking at your claim again"), say(words), "wait")
    words = "A person reads it and decides. You need not do anything."
    return Standing(say("We are looking at your claim"), say(words), "wait")


def _ended(claim: Claim) -> Standing:
    if claim.outcome == Outcome.NO_RESPONSE and claim.closed_at:
        words = "If you answer now, we open it again."
        return Standing(say(ENDED[Outcome.NO_RESPONSE]), say(words), "act", claim.closed_at + reply_window())
    tone = "good" if claim.outcome in (Outcome.APPROVED, Outcome.PARTIAL, Outcome.ARRIVED) else "end"
    return Standing(say(ENDED[claim.outcome]), "", tone)
