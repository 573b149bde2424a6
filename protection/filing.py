"""Filing a claim, and taking it back."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from backoffice import failpoints
from orders.models import Order
from protection.eligibility import ClaimRefused, ItemAsked, check_order, units_to_claim
from protection.models import Claim, ClaimItem, ClaimUnit, Coverage


@transaction.atomic
def file_claim(
    order: Order,
    *,
    reason: str,
    items: Sequence[ItemAsked],
    by: str,
    description: str = "",
    override_reason: str = "",
    source: str = "",
) -> Claim:
    """File a claim and put it before an agent; raises ClaimRefused with code, sentence and field.

    `override_reason` is for staff only: it lets a claim in that coverage would refuse, and stays on record. Nothing
    lets in a unit that was paid for already.
    """
    order = Order.objects.select_for_update(of=("self",)).select_related("shop").get(pk=order.pk)
    if not override_reason:
        check_order(order, Coverage.objects.filter(order=order).first())
    if not items:
        raise ClaimRefused("no_items", "Say which items the claim is about.", "/items")
    claim = Claim.objects.create(
        order=order, reason=reason, description=description, filed_by=by, override_reason=override_reason
    )
    for index, asked in enumerate(items):
        pointer = f"/items/{index}"
        if asked.line.order_id != order.pk:
            raise ClaimRefused("unknown_line", f"{asked.line} is not in order {order}.", f"{pointer}/line_item")
        if asked.line in [earlier.line for earlier in items[:index]]:
            raise ClaimRefused("duplicate_item", f"{asked.line} is named twice.", pointer)
        units = units_to_claim(asked, pointer)
        item = ClaimItem.objects.create(claim=claim, line=asked.line, quantity=asked.quantity)
        ClaimUnit.objects.bulk_create(ClaimUnit(item=item, line=asked.line, unit=unit) for unit in units)
    facts: dict[str, Any] = {"reason": reason, "items": {asked.line.public_id: asked.quantity for asked in items}}
    if override_reason:
        facts["override_reason"] = override_reason
    claim.move_to(Claim.State.SUBMITTED, by=by, source=source, **facts)
    claim.move_to(Claim.State.IN_REVIEW, by="system")
    failpoints.reach("claim.filing")
    return claim


@transaction.atomic
def withdraw(claim: Claim, *, by: str, source: str = "") -> Claim:
    """The customer takes the claim back; raises MoveRefused once a remedy is under way."""
    claim = locked(claim)
    if claim.state == Claim.State.DECIDED or claim.state == Claim.State.RESOLVING:
        raise ClaimRefused("already_decided", "This claim was decided; a remedy is under way.")
    claim.move_to(Claim.State.CLOSED, by=by, source=source, outcome=Claim.Outcome.WITHDRAWN)
    return claim


def locked(claim: Claim) -> Claim:
    """The claim, with its order's row and its own locked: always in that order, so that two verbs never deadlock."""
    Order.objects.select_for_update(of=("self",)).get(pk=claim.order_id)
    claims = Claim.objects.select_for_update(of=("self",)).select_related("order__shop")
    return claims.get(pk=claim.pk)
