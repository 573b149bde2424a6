"""Claims that were filed too early: looked at when their day comes, or before it when staff say why."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from backoffice.isolation import isolated
from protection.eligibility import ClaimRefused
from protection.filing import locked
from protection.models import Claim
from protection.models.claim import MoveRefused
from protection.verbs import check

AT_ONCE = 500  # claims in one run; the next minute takes the rest


def run(now: datetime | None = None) -> None:
    """By the clock: put those whose day has come before an agent, also when the customer was asked and is silent."""
    now = now or timezone.now()
    due = Claim.objects.filter(state=Claim.State.WAITING, eligible_at__lte=now).order_by("eligible_at")
    for claim in list(due[:AT_ONCE]):
        with isolated("Waking", claim.public_id), suppress(ClaimRefused, MoveRefused):  # it has moved on meanwhile
            wake(claim, now, by="system")


@transaction.atomic
def wake(claim: Claim, now: datetime, *, by: str) -> Claim:
    """In review now that its day has come; raises MoveRefused where it does not wait, ClaimRefused before its day."""
    claim = locked(claim)
    check(claim, "wake", by=by)
    if claim.eligible_at is None or claim.eligible_at > now:
        raise ClaimRefused("too_early", "Its day has not come yet.")
    claim.move_to(Claim.State.IN_REVIEW, by=by, why="The day it waited for has come.")
    return claim


@transaction.atomic
def review_now(claim: Claim, why: str, *, by: str) -> Claim:
    """Staff look at it before its day, for a reason that stays on record; raises ClaimRefused, MoveRefused."""
    if not why.strip():
        raise ClaimRefused("reason_missing", "Say why it is looked at before its day.")
    claim = locked(claim)
    check(claim, "review_now", by=by)
    claim.override_reason = why.strip()
    claim.move_to(Claim.State.IN_REVIEW, by=by, why=why.strip())
    return claim
