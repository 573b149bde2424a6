"""An agent's verbs on a claim: decide per item, undo, ask, answer, close, reopen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from backoffice import failpoints
from orders import entitlement
from orders.entitlement import UnitAlreadyUsed
from orders.journal import record
from orders.models import LineItem, UnitUse
from orders.money import Money, MoneyBag
from orders.stock import on_shelves
from protection import asking
from protection.filing import locked
from protection.models import ApprovalLimit, Claim, ClaimItem, ClaimUnit, Coverage, Decision, Resolution
from protection.models.claim import MoveRefused
from protection.shares import share


class DecisionRefused(Exception):
    """This decision cannot be taken. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """The verdict on `quantity` units of an item; the rest of the item is denied with the same reason."""

    item: ClaimItem
    verdict: str
    quantity: int
    reason_code: str = ""
    note: str = ""


@transaction.atomic
def decide(claim: Claim, decisions: Sequence[ItemDecision], *, user: User, despite_stock: bool = False) -> Claim:
    """Decide every item of a claim in review: one commit with decisions, used units, the planned remedy, the journal.

    Approved units are replaced. They are taken from the entitlement here, so the database refuses a second use even
    when two people press the button at once. With `despite_stock` also what the shop has too few of, for it may come in
    by then. Raises DecisionRefused (limits, quantities, a used unit, no stock) or MoveRefused.
    """
    claim = locked(claim)
    if claim.state != Claim.State.IN_REVIEW:
        raise MoveRefused(f"This claim is {claim.get_state_display().lower()}; only a claim in review can be decided.")
    items = {item.pk: item for item in claim.items.select_related("line")}
    if {d.item.pk for d in decisions} != set(items) or len(decisions) != len(items):
        raise DecisionRefused("Decide every item of the claim, each once.")
    _check_quantities(decisions)
    approved = [d for d in decisions if d.verdict == Decision.Verdict.APPROVE]
    _check_limit(claim, approved, user)
    if not despite_stock:
        _check_stock(claim, approved)

    by = f"staff:{user.get_username()}"
    Decision.objects.filter(item__claim=claim).update(superseded=True)
    Decision.objects.bulk_create(row for d in decisions for row in _rows(claim, d, user))
    outcome = _outcome(decisions)
    claim.move_to(Claim.State.DECIDED, by=by, outcome=outcome, decisions=_facts(decisions))
    if not approved:
        claim.move_to(Claim.State.CLOSED, by=by, outcome=Claim.Outcome.DENIED)
        return claim
    resolution = Resolution.objects.create(
        claim=claim,
        kind=Resolution.Kind.REPLACEMENT,
        state=Resolution.State.QUEUED,
        lines=[_replacement_line(d) for d in approved],
        not_before=timezone.now() + timedelta(seconds=settings.UNDO_SECONDS),
    )
    for d in approved:
        free = set(entitlement.free_units(d.item.line))  # some may have been refunded since the claim was filed
        units = sorted(d.item.units.values_list("unit", flat=True), key=lambda unit: (unit not in free, unit))
        try:
            entitlement.use_units(
                d.item.line, units[: d.quantity], kind=UnitUse.Kind.REPLACEMENT, reference=resolution.public_id
            )
        except UnitAlreadyUsed as error:
            raise DecisionRefused(str(error)) from error
    record("resolution.queued", shop=claim.order.shop, order=claim.order, subject=resolution.public_id, by=by,
           claim=claim.public_id, kind=resolution.kind, not_before=resolution.not_before.isoformat())  # fmt: skip
    failpoints.reach("claim.deciding")
    return claim


@transaction.atomic
def undo(claim: Claim, *, user: User) -> Claim:
    """Take back a decision whose remedy has not started: units are free again and the claim is in review."""
    claim = locked(claim)
    by = f"staff:{user.get_username()}"
    if claim.state != Claim.State.DECIDED:
        raise MoveRefused("There is nothing to undo: the remedy has started or the claim is not decided.")
    for resolution in claim.resolutions.select_for_update().filter(state=Resolution.State.QUEUED, started_at=None):
        resolution.state = Resolution.State.REVERSED
        resolution.save(update_fields=["state", "updated_at"])
        entitlement.release(resolution.public_id)
        record("resolution.reversed", shop=claim.order.shop, order=claim.order, subject=resolution.public_id, by=by,
               claim=claim.public_id, why="undone")  # fmt: skip
    Decision.objects.filter(item__claim=claim).update(superseded=True)
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
    if claim.state in (Claim.State.DECIDED, Claim.State.RESOLVING):
        raise MoveRefused("A remedy is under way; undo it first.")
    claim.move_to(Claim.State.CLOSED, by=f"staff:{user.get_username()}", outcome=outcome)
    return claim


@transaction.atomic
def reopen(claim: Claim, why: str, *, user: User) -> Claim:
    """Look at a closed claim again, because new proof came or the parcel was found: in review, and `why` on record.

    Its units that nothing has used are held again; raises DecisionRefused when another open claim holds one of them.
    """
    if not why.strip():
        raise DecisionRefused("Say why the claim is opened again.")
    claim = locked(claim)
    claim.move_to(Claim.State.IN_REVIEW, by=f"staff:{user.get_username()}", why=why.strip())
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


def _check_quantities(decisions: Sequence[ItemDecision]) -> None:
    for d in decisions:
        if d.verdict not in Decision.Verdict.values:
            raise DecisionRefused(f"{d.item.line}: choose approve or deny.")
        if not 1 <= d.quantity <= d.item.quantity:
            raise DecisionRefused(f"{d.item.line}: the quantity must be from 1 to {d.item.quantity}.")
        if d.verdict == Decision.Verdict.DENY and not d.reason_code:
            raise DecisionRefused(f"{d.item.line}: a denial needs a reason.")


def _check_stock(claim: Claim, approved: Sequence[ItemDecision]) -> None:
    """A replacement of what is sold out would only be refused by the shop, after the customer was told yes."""
    shelves = on_shelves(claim.order.shop, {d.item.line.variant_id for d in approved if d.item.line.variant_id})
    for d in approved:
        shelf = shelves.get(d.item.line.variant_id or 0)
        if shelf is not None and not shelf.has(d.quantity):
            raise DecisionRefused(
                f"{d.item.line}: {shelf.in_words}. Wait for more, decide otherwise, or approve it although it is short."
            )


def _check_limit(claim: Claim, approved: Sequence[ItemDecision], user: User) -> None:
    limit = approval_limit(user)
    value = sum((paid_for(d.item.line, d.quantity).shop.amount for d in approved), Decimal(0))
    if limit is not None and value > limit:
        asked, allowed = Money(value, claim.order.currency), Money(limit, claim.order.currency)
        raise DecisionRefused(f"This is worth {asked}, your limit is {allowed}. Ask a lead to decide it.")


def _rows(claim: Claim, d: ItemDecision, user: User) -> list[Decision]:
    """The decision on the units named, and a denial of the rest of the item where it was approved only in part."""
    coverage = Coverage.objects.filter(order=claim.order).first()
    approve = d.verdict == Decision.Verdict.APPROVE
    rest = d.item.quantity - d.quantity if approve else 0
    common: dict[str, Any] = {
        "item": d.item,
        "reason_code": d.reason_code,
        "note": d.note,
        "plan_version": coverage.plan_version if coverage else None,
        "decided_by": user,
    }
    units = [(d.verdict, d.quantity if approve else d.item.quantity), (Decision.Verdict.DENY, rest)]
    return [
        Decision(
            verdict=verdict,
            quantity=quantity,
            remedy=Decision.Remedy.REPLACEMENT if verdict == Decision.Verdict.APPROVE else Decision.Remedy.NONE,
            value=paid_for(d.item.line, quantity).as_json(),
            **common,
        )
        for verdict, quantity in units
        if quantity
    ]


def _outcome(decisions: Sequence[ItemDecision]) -> str:
    whole = [d for d in decisions if d.verdict == Decision.Verdict.APPROVE and d.quantity == d.item.quantity]
    approved = [d for d in decisions if d.verdict == Decision.Verdict.APPROVE]
    if not approved:
        return Claim.Outcome.DENIED
    return Claim.Outcome.APPROVED if len(whole) == len(decisions) else Claim.Outcome.PARTIAL


def _facts(decisions: Sequence[ItemDecision]) -> list[dict[str, Any]]:
    return [
        {"line_item": d.item.line.public_id, "verdict": d.verdict, "quantity": d.quantity, "reason": d.reason_code}
        for d in decisions
    ]


def _replacement_line(d: ItemDecision) -> dict[str, Any]:
    line = d.item.line
    unit_price = line.amounts["unit_price"]["shop"]
    return {
        "line": line.public_id,
        "remote_id": line.remote_id,
        "variant_id": line.variant_id,
        "title": str(line),
        "quantity": d.quantity,
        "unit_price": unit_price,
    }
