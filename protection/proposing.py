"""Decisions above somebody's limit: proposed by one person, confirmed or sent back by another."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from orders.journal import record
from orders.money import text_of
from protection import review
from protection.filing import locked
from protection.models import Claim, ClaimItem, Proposal
from protection.verbs import check
from protection.verdicts import DecisionRefused, ItemDecision, judge

State = Proposal.State


@transaction.atomic
def propose(claim: Claim, parts: Sequence[ItemDecision], *, user: User) -> Proposal:
    """Put a decision before a lead; it is judged now as it would be then. Raises DecisionRefused, MoveRefused."""
    claim = locked(claim)
    check(claim, "propose", by=_by(user))
    review.check_can_be_decided(claim, user)
    if standing(claim):
        raise DecisionRefused("A proposal waits for a lead already; send it back first.", "proposed_already")
    claim.proposals.filter(state=State.OPEN).update(state=State.DROPPED, settled_at=timezone.now())
    value = review.worth(claim, judge(claim, parts, {"decided_by": user}))
    _turn(claim, Claim.Actor.LEAD)
    proposal = Proposal.objects.create(
        claim=claim,
        parts=[_stored(part) for part in parts],
        amount={"amount": text_of(value.amount, value.currency), "currency": value.currency},
        version=claim.version,
        proposed_by=user,
    )
    _tell(claim, user, "open", proposal=proposal.public_id, amount=proposal.amount)
    return proposal


@transaction.atomic
def confirm(claim: Claim, *, user: User, despite_stock: bool = False) -> Claim:
    """Decide as proposed, by somebody else within their own limit; raises DecisionRefused, MoveRefused."""
    claim = locked(claim)
    check(claim, "confirm", by=_by(user))
    proposal = _waiting(claim)
    if proposal.proposed_by_id == user.pk:
        raise DecisionRefused("Who proposed it does not confirm it.", "own_proposal")
    _settle(proposal, State.CONFIRMED, user)
    items = {item.pk: item for item in claim.items.select_related("line")}
    parts = [_part(items, stored) for stored in proposal.parts]
    return review.decide(claim, parts, user=user, despite_stock=despite_stock)


@transaction.atomic
def decline(claim: Claim, why: str, *, user: User) -> Claim:
    """Send a proposal back with a reason (or take one's own back): an agent decides again. Raises DecisionRefused."""
    claim = locked(claim)
    check(claim, "decline", by=_by(user))
    proposal = _waiting(claim)
    if not why.strip():
        raise DecisionRefused("Say why it is sent back.", "reason_needed", "/why")
    _settle(proposal, State.DROPPED if proposal.proposed_by_id == user.pk else State.DECLINED, user, why.strip())
    _turn(claim, Claim.Actor.AGENT)
    _tell(claim, user, proposal.state, proposal=proposal.public_id, why=why.strip())
    return claim


def standing(claim: Claim) -> Proposal | None:
    """The proposal that waits for a lead; None when the claim was moved by something else since."""
    return claim.proposals.filter(state=State.OPEN, version=claim.version).select_related("proposed_by").first()


def _waiting(claim: Claim) -> Proposal:
    proposal = standing(claim)
    if proposal is None:
        raise DecisionRefused("Nothing is proposed, or the claim was changed since.", "nothing_proposed")
    return proposal


def _settle(proposal: Proposal, state: str, user: User, why: str = "") -> None:
    proposal.state, proposal.settled_by, proposal.settled_at, proposal.why = state, user, timezone.now(), why
    proposal.save(update_fields=["state", "settled_by", "settled_at", "why"])


def _turn(claim: Claim, actor: str) -> None:
    claim.next_actor = actor
    claim.version += 1
    claim.save(update_fields=["next_actor", "version", "updated_at"])


def _tell(claim: Claim, user: User, state: str, **facts: Any) -> None:
    record("claim.proposed", shop=claim.order.shop, order=claim.order, subject=claim.public_id,
           by=_by(user), state=state, next_actor=claim.next_actor, **facts)  # fmt: skip


def _by(user: User) -> str:
    return f"staff:{user.get_username()}"


def _stored(part: ItemDecision) -> dict[str, Any]:
    fields = {name: str(value) if isinstance(value, Decimal) else value for name, value in _fields(part).items()}
    return {**fields, "item": part.item.pk}


def _fields(part: ItemDecision) -> dict[str, Any]:
    return {name: getattr(part, name) for name in ItemDecision.__slots__ if name != "item"}


def _part(items: dict[int, ClaimItem], stored: dict[str, Any]) -> ItemDecision:
    money = {name: stored[name] and Decimal(stored[name]) for name in ("amount", "percent")}
    return ItemDecision(**{**stored, **money, "item": items[stored["item"]], "otherwise": tuple(stored["otherwise"])})
