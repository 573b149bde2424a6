"""A decision beside what was decided on the claims most like it: warned of before, kept afterwards, never forbidden."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User

from protection.models import Claim, ComparedDecision
from protection.similar import traits
from protection.similar.nearest import nearest
from protection.verdicts import DecisionRefused, ItemDecision

Side = ComparedDecision.Side


def check(claim: Claim, parts: Iterable[ItemDecision], why: str) -> None:
    """Raise DecisionRefused (differs_from_similar) where nine of ten were decided otherwise and nobody says why not."""
    expected = nearest(claim)
    side = Side.DENIED if all(part.verdict == "deny" for part in parts) else Side.APPROVED
    if expected.expected and expected.expected != side and not why.strip():
        raise DecisionRefused(
            f"{expected.sentence} To decide otherwise tick the box beside it and say why.", "differs_from_similar"
        )


def keep(claim: Claim, outcome: str, user: User | None, why: str) -> dict[str, Any]:
    """Write down what was decided beside what was expected; returns the facts for the journal, where they differ."""
    traits.note([claim.pk])
    found = nearest(claim)
    side = Side.DENIED if outcome == Claim.Outcome.DENIED else Side.APPROVED
    differs = bool(found.expected) and found.expected != side
    earlier = claim.compared.filter(undone=False).order_by("-id").first()
    if earlier and claim.appealed_at and earlier.decided_at < claim.appealed_at and earlier.side != side:
        earlier.overturned = True
        earlier.save(update_fields=["overturned"])
    kept = ComparedDecision.objects.create(
        claim=claim, rule=claim.rule, decided_by=user, side=side, near=found.near, approved=found.approved,
        expected=found.expected, differs=differs, why=why.strip()[:500] if differs else "",
    )  # fmt: skip
    if not differs:
        return {}
    return {"similar": {"near": found.near, "approved": found.approved, "expected": found.expected, "why": kept.why}}


def undone(claim: Claim) -> None:
    """The last decision was taken back: it counts no more, and the one before is not overturned by it."""
    last = claim.compared.order_by("-id").first()
    if last is None:
        return
    last.undone = True
    last.save(update_fields=["undone"])
    before = claim.compared.filter(undone=False).order_by("-id").first()
    if before and before.overturned:
        before.overturned = False
        before.save(update_fields=["overturned"])
