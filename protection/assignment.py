"""Who works on a claim: taking it, giving it back."""

from django.contrib.auth.models import User
from django.db import transaction

from orders.journal import record
from protection.filing import locked
from protection.models import Claim
from protection.models.claim import MoveRefused


@transaction.atomic
def take(claim: Claim, *, user: User) -> Claim:
    """`user` takes the claim, also from somebody else (who may be ill); raises MoveRefused when it is closed."""
    claim = locked(claim)
    if not claim.is_open:
        raise MoveRefused("This claim is closed.")
    if claim.assignee_id != user.pk:
        assign(claim, user, by=f"staff:{user.get_username()}")
    return claim


@transaction.atomic
def give_back(claim: Claim, *, user: User) -> Claim:
    """Back to the queue, for anybody to take."""
    claim = locked(claim)
    if claim.assignee_id is not None:
        assign(claim, None, by=f"staff:{user.get_username()}")
    return claim


def assign(claim: Claim, assignee: User | None, *, by: str) -> None:
    """Write who works on it, whoever says so; call it with the claim locked."""
    # Not a move: the version stays, so that a decision being written is not refused for it.
    claim.assignee = assignee
    claim.save(update_fields=["assignee", "updated_at"])
    record("claim.assigned", shop=claim.order.shop, order=claim.order, subject=claim.public_id,
           by=by, assignee=assignee.get_username() if assignee else "")  # fmt: skip
