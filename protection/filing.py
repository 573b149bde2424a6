"""Filing a claim, and taking it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from backoffice import failpoints
from orders.models import Order
from protection.eligibility import (
    ClaimRefused,
    ItemAsked,
    check_choices,
    check_day,
    check_order,
    check_timing,
    followed_claim,
    promise_for,
    units_to_claim,
)
from protection.models import Claim, ClaimItem, ClaimUnit
from protection.risk import likenesses
from protection.rules import rule_for
from protection.similar import traits
from protection.standing import under_way
from protection.verbs import check
from protection.windows import shipment_of, timing


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the customer says beside the items: remedies, best first, an address to send to, the day it happened.

    A choice is {"remedy": one of the rule's, "variant_id": for an exchange}; `ship_to` has the shape of
    `Order.shipping_address`.
    """

    choices: Sequence[Mapping[str, Any]] = ()
    ship_to: Mapping[str, str] | None = None
    happened_on: date | None = None


@transaction.atomic
def file_claim(
    order: Order,
    *,
    reason: str,
    items: Sequence[ItemAsked],
    by: str,
    description: str = "",
    override_reason: str = "",
    wishes: Wishes | None = None,
    source: str = "",
) -> Claim:
    """File a claim and put it before an agent, or let it wait for its day; raises ClaimRefused with code and field.

    `override_reason` is for staff only: it lets in what coverage or the calendar would refuse or keep waiting, and
    stays on record. Nothing lets in a unit that was paid for already.
    """
    wishes = wishes or Wishes()
    order = Order.objects.select_for_update(of=("self",)).select_related("shop").get(pk=order.pk)
    duty = None if override_reason else check_order(order, promise_for(order))
    if not items:
        raise ClaimRefused("no_items", "Say which items the claim is about.", "/items")
    now, rule = timezone.now(), rule_for(order, reason)
    check_day(order, wishes.happened_on, now.date())
    check_choices(wishes.choices, rule)
    shipment = shipment_of(order, [asked.line for asked in items])
    claim = Claim.objects.create(
        order=order, reason=reason, rule=rule, description=description, filed_by=by, override_reason=override_reason,
        choices=list(wishes.choices), ship_to=wishes.ship_to, happened_on=wishes.happened_on,
        follows=followed_claim(order), seen_scan=shipment.newest_scan,
    )  # fmt: skip
    _hold(claim, items)
    found = timing(rule, shipment, now)
    if not override_reason:
        check_timing(found, reason)
    facts: dict[str, Any] = {"reason": reason, "items": {asked.line.public_id: asked.quantity for asked in items}}
    facts["timing"] = found.as_json()
    if override_reason:
        facts["override_reason"] = override_reason
    if duty:
        facts["statutory"] = duty.country
    if claim.follows:
        facts["follows"] = claim.follows.public_id
    claim.move_to(Claim.State.SUBMITTED, by=by, source=source, **facts)
    likenesses.note(claim)
    if found.state == "too_early" and found.opens_at and not override_reason:
        claim.eligible_at = found.opens_at
        claim.move_to(
            Claim.State.WAITING, by="system", eligible_at=found.opens_at.isoformat(), why=found.sentence,
            timing=found.as_json(),
        )  # fmt: skip
    else:
        claim.move_to(Claim.State.IN_REVIEW, by="system")
    traits.note([claim.pk])
    failpoints.reach("claim.filing")
    return claim


def _hold(claim: Claim, items: Sequence[ItemAsked]) -> None:
    """Write the claim's items and take hold of their units; raises ClaimRefused."""
    for index, asked in enumerate(items):
        pointer = f"/items/{index}"
        if asked.line.order_id != claim.order_id:
            raise ClaimRefused("unknown_line", f"{asked.line} is not in order {claim.order}.", f"{pointer}/line_item")
        if asked.line in [earlier.line for earlier in items[:index]]:
            raise ClaimRefused("duplicate_item", f"{asked.line} is named twice.", pointer)
        units = units_to_claim(asked, pointer)
        item = ClaimItem.objects.create(claim=claim, line=asked.line, quantity=asked.quantity)
        ClaimUnit.objects.bulk_create(ClaimUnit(item=item, line=asked.line, unit=unit) for unit in units)


@transaction.atomic
def withdraw(claim: Claim, *, by: str, source: str = "") -> Claim:
    """The customer takes the claim back; raises ClaimRefused while a remedy is under way, MoveRefused when it ended."""
    claim = locked(claim)
    if claim.state in (Claim.State.DECIDED, Claim.State.RESOLVING) or under_way(claim):
        raise ClaimRefused("already_decided", "This claim was decided; a remedy is under way.")
    check(claim, "withdraw", by=by)
    claim.move_to(Claim.State.CLOSED, by=by, source=source, outcome=Claim.Outcome.WITHDRAWN)
    return claim


def hold_again(claim: Claim) -> None:
    """Take hold of a closed claim's units once more, before it is opened again; raises ClaimRefused."""
    try:
        with transaction.atomic():
            ClaimUnit.objects.filter(item__claim=claim).update(open=True)
    except IntegrityError as error:
        raise ClaimRefused("already_claimed", "A newer claim on the same items is open; go on there.") from error


def locked(claim: Claim) -> Claim:
    """The claim, with its order's row and its own locked: always in that order, so that two verbs never deadlock."""
    Order.objects.select_for_update(of=("self",)).get(pk=claim.order_id)
    claims = Claim.objects.select_for_update(of=("self",)).select_related("order__shop")
    return claims.get(pk=claim.pk)
