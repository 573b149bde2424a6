"""The guarantee's part of the page Today."""

from typing import Any

from django.db.models import Min
from django.http import HttpRequest

from backoffice.console.counts import counts
from backoffice.console.panels import Panel
from protection.admin.claim_facts import ORDER_BULK, value_of, with_items
from protection.admin.counts import OPEN
from protection.admin.queue import in_queue
from protection.models import Claim

LONGEST = 6


def open_claims(request: HttpRequest, subject: Any) -> Panel | None:
    """How many open claims stand where, and how long the oldest of each has waited."""
    if not request.user.has_perm("protection.view_claim"):
        return None
    known = counts(request)
    oldest = dict(
        Claim.objects.filter(state__in=OPEN)
        .order_by()
        .values("state")
        .annotate(first=Min("created_at"))
        .values_list("state", "first")
    )
    queues = {"needs_info": "customer", "in_review": "todo"}
    rows = [
        {
            "label": "To decide" if state == Claim.State.IN_REVIEW else Claim.State(state).label,
            "number": known.get(state, 0),
            "oldest": oldest.get(state),
            "queue": queues.get(state, "underway"),
        }
        for state in (Claim.State.IN_REVIEW, Claim.State.NEEDS_INFO, Claim.State.DECIDED, Claim.State.RESOLVING)
    ]
    mine = Claim.objects.filter(assignee_id=request.user.pk, state__in=OPEN).count()
    return Panel("Open claims", "protection/today_claims.html", {"rows": rows, "mine": mine})


def next_claims(request: HttpRequest, subject: Any) -> Panel | None:
    """The claims that have waited longest for a decision."""
    if not request.user.has_perm("protection.view_claim"):
        return None
    oldest = with_items(in_queue(Claim.objects.all(), "todo", request.user).order_by("created_at", "id"))
    claims = oldest.select_related("order", "assignee").defer(*(f"order__{name}" for name in ORDER_BULK))[:LONGEST]
    rows = [(claim, value_of(claim.items.all(), claim.order.currency)) for claim in claims]
    return Panel("Decide next", "protection/today_next.html", {"claims": rows})
