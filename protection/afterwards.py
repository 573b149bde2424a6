"""Protection added to an order, or taken off again, after the purchase: while nothing of it was sent."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders import changes
from orders.changes import ChangeRefused
from orders.changes.asking import alive
from orders.changes.lines import sent_units
from orders.models import Change, Order
from protection import fees
from protection.models import Coverage, LaterChoice, PlanVersion
from protection.plans import version_for_order
from protection.promise import promise_of

NOTE = "Delivery guarantee, chosen after the purchase"


@transaction.atomic
def add(order: Order, receipt: Mapping[str, Any], *, by: str, variant_id: int | None = None) -> Change:
    """Ask the shop to add the fee's variant to the order; it is covered once the order comes home with it.

    `receipt` is what the customer saw and chose, in the store front's own shape. `variant_id` names the variant where
    the plan's fee has several, one a price. Raises ChangeRefused: order_sent, already_covered, no_goods, no_plan,
    unknown_variant, variant_needed, and those of an edit (order_cancelled, change_waiting).
    """
    order = _unsent(order)
    found = promise_of(order)
    if found.status == "covered":
        raise ChangeRefused("already_covered", f"{order} has the delivery guarantee.")
    if found.code == "no_goods":
        raise ChangeRefused("no_goods", found.why)
    version = found.coverage.plan_version if found.coverage else version_for_order(order)
    if version is None:
        raise ChangeRefused("no_plan", found.why)
    addition = [{"variant_id": str(_variant(version, variant_id)), "quantity": 1}]
    change = changes.edit_lines(order, add=addition, note=NOTE, by=by)
    kept = {"at": timezone.now().isoformat(timespec="seconds"), **receipt}
    LaterChoice.objects.create(order=order, change=change, receipt=kept)
    return change


@transaction.atomic
def take_off(order: Order, *, by: str) -> Change:
    """Ask the shop to pay the fee back; the coverage is removed once the order comes home without it.

    Raises ChangeRefused: order_sent, not_covered, no_fee where an attribute alone covers the order, unit_used.
    """
    order = _unsent(order)
    coverage = Coverage.objects.filter(order=order).first()
    if coverage is None or not coverage.in_force:
        raise ChangeRefused("not_covered", f"{order} has no delivery guarantee to take off.")
    return fees.refund_fee(coverage, by=by)


def _unsent(order: Order) -> Order:
    order = alive(order)
    if sent_units(order):
        raise ChangeRefused("order_sent", f"Parts of {order} were sent: its delivery guarantee stays as it is.")
    return order


def _variant(version: PlanVersion, asked: int | None) -> int:
    known: list[int] = version.fee_variant_ids
    if asked is None and len(known) == 1:
        return known[0]
    if asked is None:
        words = "The fee has several variants: name one." if known else "The plan names no variant for the fee."
        raise ChangeRefused("variant_needed", words, "/variant_id")
    if asked not in known:
        raise ChangeRefused("unknown_variant", "This variant is not the fee.", "/variant_id")
    return asked
