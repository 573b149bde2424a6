"""What the order page shows of the delivery guarantee."""

from typing import Any

from django.http import HttpRequest

from backoffice.console.panels import Panel
from orders.models import Order
from protection.models import Claim, ClaimUnit
from protection.promise import promise_of


def coverage(request: HttpRequest, order: Any) -> Panel | None:
    if not request.user.has_perm("protection.view_coverage"):
        return None
    found = promise_of(order)
    context = {
        "coverage": found.coverage, "consent": getattr(found.coverage, "consent", None), "duty": found.duty,
        "why": found.why,
    }  # fmt: skip
    return Panel("Delivery guarantee", "protection/_coverage.html", context)


def claims(request: HttpRequest, order: Order) -> Panel | None:
    if not request.user.has_perm("protection.view_claim"):
        return None
    found = list(Claim.objects.filter(order=order).select_related("assignee").order_by("-id"))
    context = {"claims": found, "order": order, "may_file": request.user.has_perm("protection.add_claim"),
               "may_link": request.user.has_perm("protection.change_claim")}  # fmt: skip
    return Panel("Claims", "protection/order_claims.html", context)


def claimed_units(order: Order) -> dict[tuple[int, int], str]:
    """(line, unit) → "open_claim" for the units that an open claim is about."""
    units = ClaimUnit.objects.filter(line__order=order, open=True).values_list("line_id", "unit")
    return dict.fromkeys(units, "open_claim")
