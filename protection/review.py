"""An agent's verbs on a claim: decide per item, undo, ask, answer, close, reopen."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from backoffice import failpoints
from orders import entitlement
from orders.journal import record
from orders.models import LineItem
from orders.money import Money, MoneyBag
from orders.stock import on_shelves
from protection import asking, resolutions
from protection.filing import locked
from protection.models import ApprovalLimit, Claim, ClaimUnit, Decision, Proposal, Resolution
from protection.models.claim import MoveRefused
from protection.planning import plan
from protection.shares import bag_of, share
from protection.similar import comparing
from protection.standing import in_doubt, open_decisions, outcome_of, supersede, under_way
from protection.verbs import check
from protection.verdicts import DecisionRefused, ItemDecision, judge

__all__ = [
    "DecisionRefused",
    "ItemDecision",
    "answer_received",
    "approval_limit",
    "ask_for_info",
    "close",
    "decide",
    "paid_for",
    "reopen",
    "undo",
]

Verdict, Remedy = Decision.Verdict, Decision.Remedy


@transaction.atomic
def decide(
    claim: Claim,
    decisions: Sequence[ItemDecision],
    *,
    user: User | None,
    by: str = "",
    despite_stock: bool = False,
    why_different: str = "",
) -> Claim:
    """Decide every open item of a claim in review: one commit with decisions, used units, remedies and the journal.

    Units are taken from the entitlement here, so the database refuses a second use even when two people press the
    button at once. With `despite_stock` also what the shop has too few of, for it may come in by then. `why_different`
    is why the like of it was decided otherwise, where the user was warned of that. A routing rule has no `user` and
    says in `by` which it is; it approves only, and its caps are its own. Raises DecisionRefused (who, limits,
    quantities, money, a used unit, no stock) or MoveRefused.
    """
    claim = locked(claim)
    check_can_be_decided(claim, user)
    rows = judge(claim, decisions, {"decided_by": user})
    if user is not None:
        check_limit(claim, rows, user)
    if not despite_stock:
        check_stock(claim, rows)
    by = f"staff:{user.get_username()}" if user else by
    supersede(claim)
    Decision.objects.bulk_create(rows)
    _drop_proposal(claim, user)
    outcome = outcome_of(claim)
    compared = comparing.keep(claim, outcome, user, why_different)
    claim.move_to(Claim.State.DECIDED, by=by, outcome=outcome, decisions=_facts(rows), **compared)
    planned = plan(claim, rows, by=by, not_before=timezone.now() + timedelta(seconds=settings.UNDO_SECONDS))
    if not planned:
        resolutions.go_on(claim, by=by)
    failpoints.reach("claim.deciding")
    return claim


def check_can_be_decided(claim: Claim, user: User | None) -> None:
    """Raise MoveRefused or DecisionRefused unless `user` (None: a rule) may decide this claim now."""
    if claim.state != Claim.State.IN_REVIEW:
        raise MoveRefused(f"This claim is {claim.get_state_display().lower()}; only a claim in review can be decided.")
    if user is not None and not claim.may_decide(user):
        raise DecisionRefused("After an appeal somebody else decides.", "not_again")
    if doubt := in_doubt(claim):
        raise DecisionRefused(
            f"Nobody knows yet whether the shop has done this: {doubt}. Look there first.", "in_doubt"
        )


@transaction.atomic
def undo(claim: Claim, *, user: User) -> Claim:
    """Take back a decision whose remedies have not started: units are free again and the claim is in review."""
    claim = locked(claim)
    by = f"staff:{user.get_username()}"
    if claim.state != Claim.State.DECIDED:
        raise MoveRefused("There is nothing to undo: the remedy has started or the claim is not decided.")
    waiting = claim.resolutions.select_for_update().filter(state=Resolution.State.QUEUED, started_at=None)
    for resolution in waiting.filter(created_at__gte=claim.decided_at):
        resolution.state = Resolution.State.REVERSED
        resolution.save(update_fields=["state", "updated_at"])
        entitlement.release(resolution.public_id)
        record("resolution.reversed", shop=claim.order.shop, order=claim.order, subject=resolution.public_id, by=by,
               claim=claim.public_id, why="undone")  # fmt: skip
    supersede(claim)
    comparing.undone(claim)
    claim.outcome = ""
    claim.move_to(Claim.State.IN_REVIEW, by=by, why="decision undone")
    return claim


@transaction.atomic
def ask_for_info(claim: Claim, question: str, *, user: User) -> Claim:
    """Ask the customer, one thing a line; the claim waits for the answer."""
    if not question.strip():
        raise DecisionRefused("Say what the customer should send.")
    return asking.ask(claim, question.splitlines(), by=f"staff:{user.get_username()}").claim


@transaction.atomic
def answer_received(claim: Claim, *, by: str, source: str = "") -> Claim:
    """The customer answered (or staff note that they did): back to review."""
    return asking.answer(claim, "", by=by, source=source)


@transaction.atomic
def close(claim: Claim, outcome: str, *, user: User) -> Claim:
    """Close without a decision: duplicate, arrived after all, no response, withdrawn."""
    if outcome not in (
        Claim.Outcome.DUPLICATE, Claim.Outcome.ARRIVED, Claim.Outcome.NO_RESPONSE, Claim.Outcome.WITHDRAWN
    ):  # fmt: skip
        raise DecisionRefused("Approve or deny the items instead.")
    claim = locked(claim)
    if claim.state in (Claim.State.DECIDED, Claim.State.RESOLVING) or under_way(claim):
        raise MoveRefused("A remedy is under way; undo it first, or wait for it.")
    if not claim.may_decide(user):
        raise DecisionRefused("After an appeal somebody else decides.", "not_again")
    claim.move_to(Claim.State.CLOSED, by=f"staff:{user.get_username()}", outcome=outcome)
    return claim


@transaction.atomic
def reopen(claim: Claim, why: str, *, user: User) -> Claim:
    """Look at a closed claim again, because new proof came or the parcel was found: in review, and `why` on record.

    Its units that nothing has used are held again; raises DecisionRefused when another open claim holds one of them.
    """
    if not why.strip():
        raise DecisionRefused("Say why the claim is opened again.")
    claim, by = locked(claim), f"staff:{user.get_username()}"
    check(claim, "reopen", by=by)
    claim.move_to(Claim.State.IN_REVIEW, by=by, why=why.strip())
    try:
        with transaction.atomic():
            ClaimUnit.objects.filter(item__claim=claim).update(open=True)
    except IntegrityError as error:
        raise DecisionRefused("A newer claim on the same items is open; decide that one.") from error
    return claim


def paid_for(line: LineItem, quantity: int) -> MoneyBag:
    """What was paid for the first `quantity` units of a line, each side by itself."""
    return share(line, range(1, quantity + 1), taxes_included=line.order.taxes_included)


def approval_limit(user: User) -> Decimal | None:
    """The most `user` may approve in one claim, in shop currency; None when there is no limit, 0 without any right."""
    if user.is_superuser:
        return None
    amounts = list(ApprovalLimit.objects.filter(group__in=user.groups.all()).values_list("amount", flat=True))
    return None if None in amounts else max(amounts, default=Decimal(0))  # type: ignore[type-var]


def check_limit(claim: Claim, rows: Iterable[Decision], user: User) -> None:
    """Raise DecisionRefused over_limit where the claim would be worth more than `user` may approve."""
    limit, value = approval_limit(user), worth(claim, rows)
    if limit is not None and value.amount > limit:
        allowed = Money(limit, claim.order.currency)
        raise DecisionRefused(
            f"This is worth {value}, your limit is {allowed}. Ask a lead to decide it, or propose it.", "over_limit"
        )


def worth(claim: Claim, rows: Iterable[Decision]) -> Money:
    """What the claim gives in the shop's currency: its approved decisions that stand, and these new ones."""
    standing = Decision.objects.filter(item__claim=claim, superseded=False).exclude(pk__in=open_decisions(claim))
    given = (bag_of(row.amount or row.value).shop.amount for row in [*standing, *rows] if row.verdict != Verdict.DENY)
    return Money(sum(given, Decimal(0)), claim.order.currency)


def _drop_proposal(claim: Claim, user: User | None) -> None:
    """A decision ends the proposal that waited for one."""
    waiting = claim.proposals.filter(state=Proposal.State.OPEN)
    waiting.update(state=Proposal.State.DROPPED, settled_by=user, settled_at=timezone.now())


def check_stock(claim: Claim, rows: Iterable[Decision]) -> None:
    """Raise DecisionRefused out_of_stock: the shop would only refuse it, after the customer was told yes."""
    sent = [(d, d.variant_id or d.item.line.variant_id) for d in rows if d.remedy == Remedy.REPLACEMENT]
    shelves = on_shelves(claim.order.shop, {variant for d, variant in sent if variant})
    for d, variant in sent:
        shelf = shelves.get(variant or 0)
        if shelf is not None and not shelf.has(d.quantity) and not d.otherwise:
            raise DecisionRefused(
                f"{d.item.line}: {shelf.in_words}. "
                "Wait for more, decide otherwise, or approve it although it is short.",
                "out_of_stock",
            )


def _facts(rows: Iterable[Decision]) -> list[dict[str, Any]]:
    return [
        {"line_item": d.item.line.public_id, "verdict": d.verdict, "quantity": d.quantity, "reason": d.reason_code,
         "remedy": d.remedy, **({"amount": d.amount["shop"]} if d.amount else {})}
        for d in rows
    ]  # fmt: skip
