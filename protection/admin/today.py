"""The guarantee's part of the page Today."""

from typing import Any

from django.db.models import Min
from django.http import HttpRequest

from backoffice.console.counts import counts
from backoffice.console.panels import Panel
from protection.admin.counts import OPEN
from protection.models import Claim


def open_claims(request: HttpRequest, subject: Any) -> Panel | None:
    """How many open claims stand where, and how long the oldest of each has waited."""
    if not request.user.has_perm("protection.view_claim"):
        return None
    known = counts(request)
    oldest = dict(
        Claim.objects.filter(state__in=OPEN).order_by().values("state").annotate(first=Min("created_at")).values_list(
            "state", "first"
        )
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
    return Panel("Open claims", "protection/today_claims.html", {"rows": rows, "mine": mine}, wide=False)
