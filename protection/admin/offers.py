"""What the reader of a claim page may press now: every verb its state knows, and where it is shut, the reason."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone

from orders.money import Money
from protection import appeals, asking, reversing
from protection.admin.claim_facts import Case
from protection.eligibility import ClaimRefused
from protection.models import Claim, Resolution
from protection.verbs import STAFF, VERBS
from protection.verdicts import DecisionRefused

State = Resolution.State
ENDING = ("withdraw", "say_arrived", "close")  # what no claim is ended by while a remedy of it is under way
DECIDING = ("decide", "propose", "confirm", "close")  # what nobody does again after an appeal
NOT_AGAIN = "You decided it before the appeal; another person must."


@dataclass(frozen=True, slots=True)
class RemedyRow:
    """A remedy and what may be pressed beside it."""

    resolution: Resolution
    may_reverse: bool
    why_not: str  # why what was carried out cannot be taken back
    in_doubt: bool


def offers(case: Case, user: User, limit: Money | None) -> dict[str, str]:
    """Verb → why it cannot be pressed, "" where it can, for a reader who may change claims.

    `limit` is the most they may approve, None without one. A verb that has no sense here is left out.
    """
    claim = case.claim
    found = {name: "" for name, verb in VERBS.items() if claim.state in verb.states and verb.roles & STAFF}
    if not claim.found_open:
        found.pop("settle_found", None)
    if claim.state not in (Claim.State.NEEDS_INFO, Claim.State.CLOSED) or not _may_be_answered(claim):
        found.pop("answer", None)
    if limit is None or case.proposal:
        found.pop("propose", None)
    if not case.proposal:
        found.pop("confirm", None)
        found.pop("decline", None)
    if doubt := next((row for row in remedies(case) if row.in_doubt), None):
        words = f"Nobody knows yet whether the shop has done this: {doubt.resolution.get_kind_display().lower()}."
        _shut(found, ("decide", "propose", "confirm"), f"{words} Look there first.")
    if any(resolution.state in (State.PLANNED, State.QUEUED) for resolution in case.resolutions) or doubt:
        _shut(found, ENDING, "A remedy is under way; undo it first, or wait for it.")
    if case.proposal and case.proposal.user_id == user.pk:
        _shut(found, ("confirm",), "You proposed it; another person must confirm it.")
    elif case.proposal and limit is not None and case.proposal.worth.amount > limit.amount:
        _shut(found, ("confirm",), f"It is worth {case.proposal.worth}, above your limit of {limit}.")
    if not claim.may_decide(user):
        _shut(found, DECIDING, NOT_AGAIN)
    if "appeal" in found:
        try:
            appeals.check_appeal(claim)
        except ClaimRefused as refusal:
            found["appeal"] = str(refusal)
    return found


def remedies(case: Case) -> list[RemedyRow]:
    """The case's remedies, newest first, as they are shown."""
    given_up = {resolution.instead_of_id for resolution in case.resolutions}
    return [_remedy(row, in_doubt=row.state == State.HELD and row.pk not in given_up) for row in case.resolutions]


def _remedy(resolution: Resolution, *, in_doubt: bool) -> RemedyRow:
    if resolution.state != State.EXECUTED:
        return RemedyRow(resolution, False, "", in_doubt)
    try:
        reversing.check_reversible(resolution)
    except DecisionRefused as refusal:
        return RemedyRow(resolution, False, str(refusal), in_doubt)
    return RemedyRow(resolution, True, "", in_doubt)


def _may_be_answered(claim: Claim) -> bool:
    if claim.state != Claim.State.CLOSED:
        return True
    closed_at = claim.closed_at if claim.outcome == Claim.Outcome.NO_RESPONSE else None
    return closed_at is not None and timezone.now() <= closed_at + asking.reply_window()


def _shut(found: dict[str, str], verbs: tuple[str, ...], why: str) -> None:
    for verb in verbs:
        if verb in found:
            found[verb] = why
