"""Which entry of the journal is told to the customer, by which message; and why what is not told stays silent.

Every step that `Claim.MOVES` allows has its place in MOVES here: a test walks them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orders.models import Fulfillment, JournalEntry
from protection.filing import locked
from protection.messages.values import News, fee_paid
from protection.models import Claim, Resolution

State, Outcome = Claim.State, Claim.Outcome
UNDONE = "decision undone"


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing is told, because of this."""

    why: str


Facts = Mapping[str, Any]
Rule = str | Silent | Callable[[Claim, Facts], "str | Silent"]


def _closed(claim: Claim, facts: Facts) -> str | Silent:
    asked_in_vain = claim.outcome == Outcome.NO_RESPONSE and facts.get("request")
    return "no_response" if asked_in_vain else "closed"


def _decided(claim: Claim, facts: Facts) -> str | Silent:
    if not facts.get("decisions"):
        return Silent("Nothing new was decided: what was in doubt is settled, and the remedy's own message tells it.")
    if claim.appealed_at:
        return "appeal_answered"
    return {Outcome.APPROVED.value: "approved", Outcome.DENIED.value: "denied"}.get(claim.outcome, "partly_approved")


def _looked_at_again(claim: Claim, facts: Facts) -> str | Silent:
    return "appeal_received" if facts.get("appealed") else "in_review"


def _taken_back(claim: Claim, facts: Facts) -> str | Silent:
    """A decision that was undone before its message went out is not told at all (`composing.retract`)."""
    return "in_review" if facts.get("why") == UNDONE else "remedy_failed"


def is_undoing(entry: JournalEntry) -> bool:
    """Whether a decision is taken back as if it had never been; one whose remedy failed stands, and is told."""
    move = tuple(entry.facts.get(name) for name in ("from", "to", "why"))
    return move == (State.DECIDED, State.IN_REVIEW, UNDONE)


MOVES: dict[tuple[str, str], Rule] = {
    (State.DRAFT, State.SUBMITTED): Silent("It goes on at once, to review or to wait, and that is told."),
    (State.DRAFT, State.CLOSED): Silent("A draft was never filed; the customer was told nothing of it."),
    (State.SUBMITTED, State.WAITING): "waiting",
    (State.SUBMITTED, State.IN_REVIEW): "received",
    (State.SUBMITTED, State.DECIDED): _decided,
    (State.SUBMITTED, State.CLOSED): _closed,
    (State.WAITING, State.IN_REVIEW): "in_review",
    (State.WAITING, State.CLOSED): _closed,
    (State.IN_REVIEW, State.NEEDS_INFO): "needs_info",
    (State.IN_REVIEW, State.DECIDED): _decided,
    (State.IN_REVIEW, State.CLOSED): _closed,
    (State.NEEDS_INFO, State.IN_REVIEW): "in_review",
    (State.NEEDS_INFO, State.CLOSED): _closed,
    (State.DECIDED, State.RESOLVING): Silent(
        "The decision's message said what comes; each remedy tells when it is done."
    ),
    (State.DECIDED, State.IN_REVIEW): _taken_back,
    (State.DECIDED, State.CLOSED): Silent("The decision's message, of the same moment, said it."),
    (State.RESOLVING, State.IN_REVIEW): "remedy_failed",
    (State.RESOLVING, State.CLOSED): Silent("The last remedy's message said it; a day later we ask how it went."),
    (State.CLOSED, State.IN_REVIEW): _looked_at_again,
}
GIVEN = {"refund": "refund_made", "store_credit": "credit_given", "gift_card": "gift_card_sent"}


def told_by_move(claim: Claim, facts: Facts) -> str | Silent:
    """The event of a step of the claim, or why none is told."""
    rule = MOVES[facts["from"], facts["to"]]
    return rule(claim, facts) if callable(rule) else rule


def may_tell(entry: JournalEntry) -> bool:
    """Whether the entry is of a kind that is told; asks the database nothing, for most entries are not."""
    if entry.action not in TELLERS or entry.order is None:
        return False
    return entry.action not in PARCELS or bool(entry.order.source_identifier)


def news_of(entry: JournalEntry) -> News | None:
    """What this entry tells the customer; None where nothing. Reads the claim it is about."""
    tell = TELLERS.get(entry.action)
    return tell(entry) if tell and entry.order_id else None


def _move(entry: JournalEntry) -> News | None:
    claim = _claim(entry.subject)
    event = told_by_move(claim, entry.facts) if claim else Silent("")
    return News(event, claim.order, claim, entry.facts) if claim and isinstance(event, str) else None


def _reminded(entry: JournalEntry) -> News | None:
    return _of_claim("reminder" if entry.facts.get("number") == 1 else "last_reminder")(entry)


def _of_claim(event: str) -> Callable[[JournalEntry], News | None]:
    def tell(entry: JournalEntry) -> News | None:
        claim = _claim(entry.subject)
        return News(event, claim.order, claim, entry.facts) if claim else None

    return tell


def _executed(entry: JournalEntry) -> News | None:
    remedy = Resolution.objects.filter(public_id=entry.subject).first()
    claim = _claim(entry.facts.get("claim", ""))
    if remedy is None or claim is None:
        return None
    of_goods = {Resolution.Kind.REPLACEMENT.value: "replacement_ordered"}
    event = of_goods.get(remedy.kind) or GIVEN.get(remedy.pays_by, "handled_elsewhere")
    return News(event, claim.order, claim, entry.facts, remedy)


def _shipped(entry: JournalEntry) -> News | None:
    """A parcel of a replacement's order that can be followed; told once (`Message.about`)."""
    order = entry.order
    try:
        intent = UUID(order.source_identifier) if order else None
    except ValueError:
        return None
    if intent is None or not entry.facts.get("tracking", {}).get("numbers") or entry.facts["status"] == "cancelled":
        return None
    remedy = Resolution.objects.filter(uuid=intent, claim__order__shop=entry.shop_id).first()
    parcel = Fulfillment.objects.filter(public_id=entry.subject).first()
    if remedy is None or parcel is None:
        return None
    claim = locked(remedy.claim)  # it is another order's entry: this one's must be drawn under its own lock
    return News("replacement_shipped", claim.order, claim, entry.facts, remedy, parcel)


def _fee_refunded(entry: JournalEntry) -> News | None:
    order = entry.order
    return News("fee_refunded", order, None, entry.facts) if order and fee_paid(entry.facts) else None


def _asked_for_link(entry: JournalEntry) -> News | None:
    return News("link", entry.order, None, entry.facts) if entry.order else None


def _fee_partly_refunded(entry: JournalEntry) -> News | None:
    facts = {"fee": entry.facts.get("amount") or {}}
    return News("fee_partly_refunded", entry.order, None, facts) if entry.order and fee_paid(facts) else None


_NEEDED = ("order__shop", "order__customer")


def _claim(public_id: str) -> Claim | None:
    return Claim.objects.select_related(*_NEEDED).filter(public_id=public_id).first()


PARCELS = ("fulfillment.created", "fulfillment.updated")
TELLERS: dict[str, Callable[[JournalEntry], News | None]] = {
    **{f"claim.{state}": _move for state in State.values},
    "claim.reminded": _reminded,
    "claim.asked_arrived": _of_claim("asked_arrived"),
    "claim.parcel_found": _of_claim("parcel_found"),
    "claim.feedback_asked": _of_claim("feedback"),
    "resolution.executed": _executed,
    **dict.fromkeys(PARCELS, _shipped),
    "coverage.removed": _fee_refunded,
    "fee_refund.paid": _fee_partly_refunded,
    "link.asked": _asked_for_link,
}
