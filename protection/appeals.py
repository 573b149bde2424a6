"""Appeals: once, in time, and never to those who decided before."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from orders.models import JournalEntry
from protection.eligibility import ClaimRefused
from protection.filing import hold_again, locked
from protection.models import Claim, Decision
from protection.verbs import check

# What was given or taken back by the customer is nothing to appeal.
NOTHING_TO_APPEAL = frozenset({Claim.Outcome.APPROVED, Claim.Outcome.WITHDRAWN})


@transaction.atomic
def appeal(claim: Claim, why: str, *, by: str, source: str = "") -> Claim:
    """The customer asks for another look, by another person: in review again, and taken off whoever decided.

    Raises ClaimRefused with reason_missing, already_appealed, nothing_to_appeal, appeal_too_late or already_claimed,
    MoveRefused for a claim that is not closed.
    """
    if not why.strip():
        raise ClaimRefused("reason_missing", "Say what the decision got wrong.", "/why")
    claim = locked(claim)
    check(claim, "appeal", by=by)
    check_appeal(claim)
    hold_again(claim)
    claim.appealed_at, claim.appeal_why = timezone.now(), why.strip()
    claim.not_again_by = sorted(_deciders(claim))
    if claim.assignee_id in claim.not_again_by:
        claim.assignee = None
    claim.move_to(Claim.State.IN_REVIEW, by=by, source=source, why=why.strip(), appealed=True)
    return claim


def check_appeal(claim: Claim) -> None:
    """Raise ClaimRefused for a closed claim that cannot be appealed (any more)."""
    if claim.appealed_at:
        raise ClaimRefused("already_appealed", f"This claim was appealed on {claim.appealed_at:%-d %b %Y} already.")
    if claim.outcome in NOTHING_TO_APPEAL:
        raise ClaimRefused("nothing_to_appeal", f"This claim was {claim.get_outcome_display().lower()}.")
    until = appeal_until(claim)
    if until is not None and timezone.now() > until:
        raise ClaimRefused("appeal_too_late", f"The time to appeal was over on {until:%-d %b %Y}.")


def appeal_until(claim: Claim) -> datetime | None:
    """The last moment to appeal; None where there is nothing to appeal, or it was done."""
    if claim.closed_at is None or claim.appealed_at or claim.outcome in NOTHING_TO_APPEAL:
        return None
    return claim.closed_at + timedelta(days=settings.APPEAL_DAYS)


def _deciders(claim: Claim) -> set[int]:
    """Users who decided any of its items, or closed it without a decision."""
    decisions = Decision.objects.filter(item__claim=claim, decided_by__isnull=False)
    users = set(decisions.values_list("decided_by_id", flat=True))
    closings = JournalEntry.objects.filter(subject=claim.public_id, action="claim.closed", by__startswith="staff:")
    names = [by.removeprefix("staff:") for by in closings.values_list("by", flat=True)]
    return users | set(User.objects.filter(username__in=names).values_list("pk", flat=True))
