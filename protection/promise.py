"""Whether an order is covered, for every order: where it is not, the reason. Derived, never stored."""

from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from orders.models import Order
from protection.models import Coverage, FeeRefund, StatutoryDuty
from protection.plans import version_for_order
from protection.statutory import duty_for


@dataclass(frozen=True, slots=True)
class Promise:
    """`status` is covered, not_covered or removed; `code` and `why` say why not, and are empty when it is covered."""

    status: str
    code: str
    why: str
    coverage: Coverage | None
    duty: StatutoryDuty | None


def promise_of(order: Order) -> Promise:
    """What this order was promised; the law's own promise stands beside it where it is not covered.

    The coverage comes with `parts`: id, state and amount of each part of its fee that was due back.
    """
    parts = FeeRefund.objects.filter(coverage=OuterRef("pk")).order_by("id")
    told = JSONObject(id="id", state="state", amount="amount")
    found = Coverage.objects.select_related("plan_version__plan", "consent").filter(order=order)
    coverage = found.annotate(parts=ArraySubquery(parts.values(told=told))).first()
    if coverage is not None and coverage.in_force:
        return Promise("covered", "", "", coverage, None)
    code, why = _why_not(order, coverage)
    status = "removed" if code == "removed" else "not_covered"
    return Promise(status, code, why, coverage, duty_for(order))


def _why_not(order: Order, coverage: Coverage | None) -> tuple[str, str]:
    if coverage is not None:
        words = {
            Coverage.Status.REMOVED: "The fee was taken off the order again.",
            Coverage.Status.VOID: "The order was cancelled or deleted.",
            Coverage.Status.EXPIRED: "Its time is over.",
        }
        return coverage.status, words[Coverage.Status(coverage.status)]
    if not order.lines.filter(requires_shipping=True, gift_card=False, tip=False).exists():
        return "no_goods", "Nothing of the order is shipped."
    if version_for_order(order) is None:
        return "no_plan", "No plan was in force for its country and currency when it was placed."
    return "not_chosen", "The customer did not choose it."
