"""Giving the fee back: through the shop, as a refund of the fee's own lines, each unit once."""

from django.db.models import QuerySet

from orders import changes
from orders.changes import ChangeRefused
from orders.models import Change
from protection.models import Coverage

NOTE = "Fee of the delivery guarantee"


def without_consent(coverages: QuerySet[Coverage]) -> QuerySet[Coverage]:
    """Those whose customer's choice is not known, and whose fee stands: never assumed, so somebody looks."""
    standing = (Coverage.Status.INACTIVE, Coverage.Status.ACTIVE, Coverage.Status.EXPIRED)
    return coverages.filter(consent=None, status__in=standing).exclude(fee_lines=[])


def refund_fee(coverage: Coverage, *, by: str, source: str = "") -> Change:
    """Ask the shop to pay the whole fee back; the coverage ends when the order comes home without it.

    Raises ChangeRefused: no_fee where none was paid or it is off already, unit_used where it was asked for before.
    """
    lines = [
        {"line_item": line.public_id, "quantity": line.current_quantity, "restock": "none"}
        for line in coverage.order.lines.all()
        if line.remote_id in coverage.fee_lines and line.current_quantity > 0
    ]
    if not lines:
        raise ChangeRefused("no_fee", f"{coverage.order} has no fee to give back.")
    return changes.refund(coverage.order, lines=lines, note=NOTE, by=by, source=source)
