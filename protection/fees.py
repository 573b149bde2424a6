"""Giving the fee back: through the shop, as a refund of the fee's own lines, each unit once."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from orders import changes
from orders.changes import ChangeRefused
from orders.changes.asking import taken
from orders.entitlement import free_units
from orders.models import Change, LineItem
from orders.money import MoneyBag
from protection.models import Coverage, FeeRefund
from protection.shares import bag_of, less, share, total

NOTE = "Fee of the delivery guarantee"


def without_consent(coverages: QuerySet[Coverage]) -> QuerySet[Coverage]:
    """Those whose customer's choice is not known, and whose fee stands: never assumed, so somebody looks."""
    standing = (Coverage.Status.INACTIVE, Coverage.Status.ACTIVE, Coverage.Status.EXPIRED)
    return coverages.filter(consent=None, status__in=standing).exclude(fee_lines=[])


def paid(coverage: Coverage, lines: Iterable[LineItem]) -> MoneyBag:
    """What was paid for the fee that stands among an order's `lines`, with its tax."""
    included = coverage.order.taxes_included
    own = [line for line in lines if line.remote_id in coverage.fee_lines]
    worth = [share(line, range(1, line.current_quantity + 1), taxes_included=included) for line in own]
    return total(worth, bag_of(coverage.fee))


def lines_to_refund(coverage: Coverage) -> list[dict[str, Any]]:
    """The fee's lines that stand on the order, as `changes.refund` takes them."""
    return [
        {"line_item": line.public_id, "quantity": line.current_quantity, "restock": "none"}
        for line in coverage.order.lines.all()
        if line.remote_id in coverage.fee_lines and line.current_quantity > 0
    ]


def under_way(coverage: Coverage) -> bool:
    """Whether a unit of the fee that stands on the order is used already: the shop was asked to pay it back."""
    standing = coverage.order.lines.filter(remote_id__in=coverage.fee_lines, current_quantity__gt=0)
    return any(len(free_units(line)) < line.current_quantity for line in standing)


@transaction.atomic
def refund_fee(coverage: Coverage, *, by: str, source: str = "") -> Change:
    """Ask the shop to pay the whole fee back; the coverage ends when the order comes home without it.

    Where parts of it went back before, only the rest is paid. Raises ChangeRefused: no_fee where none was paid or it is
    off already, part_under_way, unit_used where it was asked for before.
    """
    taken(coverage.order)  # or a part of the fee could be asked for at this moment
    lines = lines_to_refund(coverage)
    if not lines:
        raise ChangeRefused("no_fee", f"{coverage.order} has no fee to give back.")
    states = set(coverage.fee_refunds.values_list("state", flat=True))
    if FeeRefund.State.ASKED in states:
        raise ChangeRefused("part_under_way", "A part of the fee is on its way back; wait until it is paid.")
    amount = None
    if FeeRefund.State.PAID in states:
        rest = less(paid(coverage, coverage.order.lines.all()), gone_back(coverage, FeeRefund.State.PAID))
        if not rest.presentment.amount:
            raise ChangeRefused("no_fee", f"The whole fee of {coverage.order} went back in parts.")
        amount = rest.as_json()["presentment"]["amount"]
    return changes.refund(coverage.order, lines=lines, amount=amount, note=NOTE, by=by, source=source)


def gone_back(coverage: Coverage, *states: str) -> MoneyBag:
    """The sum of the parts of the fee in these states (`FeeRefund.State`); not of one taken off and paid anew since."""
    parts = coverage.fee_refunds.filter(state__in=states, covered=coverage.covered)
    amounts = parts.values_list("amount", flat=True)
    return total(map(bag_of, amounts), bag_of(coverage.fee))
