"""Feedback: one question after a claim was closed, once for each closing, changeable for some days."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from orders.journal import record
from protection.eligibility import ClaimRefused
from protection.filing import locked
from protection.models import Claim, Feedback
from protection.verbs import check

ASKED_FOR = timedelta(days=60)  # after the claim was closed
CHANGEABLE = timedelta(days=7)  # after it was given


@transaction.atomic
def give_feedback(claim: Claim, score: int, comment: str = "", *, by: str, source: str = "") -> Feedback:
    """Note how the customer found it, 1 (bad) to 5 (good); again within a week it replaces what was said.

    Raises ClaimRefused with invalid_score or feedback_closed, MoveRefused for a claim that is not closed. The journal
    holds the score only: the comment may name people, and has one place.
    """
    if isinstance(score, bool) or not 1 <= score <= 5:
        raise ClaimRefused("invalid_score", "Choose a score from 1 to 5.", "/score")
    claim = locked(claim)
    check(claim, "give_feedback", by=by)
    assert claim.closed_at is not None
    given = feedback_of(claim)
    if timezone.now() > feedback_until(claim, given):
        raise ClaimRefused("feedback_closed", "The time to give feedback on this claim is over.")
    if given is not None and (given.score, given.comment) == (score, comment.strip()):
        return given
    given = given or Feedback(claim=claim, closed_at=claim.closed_at)
    given.score, given.comment, given.by = score, comment.strip(), by
    given.save()
    record("claim.feedback", shop=claim.order.shop, order=claim.order, subject=claim.public_id, by=by, source=source,
           feedback=given.public_id, score=score)  # fmt: skip
    return given


def feedback_of(claim: Claim) -> Feedback | None:
    """What was said about the claim's last closing; None while it is open."""
    return Feedback.objects.filter(claim=claim, closed_at=claim.closed_at).first() if claim.closed_at else None


def feedback_until(claim: Claim, given: Feedback | None) -> datetime:
    """The last moment to give it, or to change what was given. Call it for a closed claim."""
    assert claim.closed_at is not None
    return given.created_at + CHANGEABLE if given else claim.closed_at + ASKED_FOR
