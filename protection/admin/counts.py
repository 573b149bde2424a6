"""How many claims stand where, for sidebar, tabs and dashboard."""

from typing import Any

from django.db.models import Count, F, QuerySet
from django.http import HttpRequest

from backoffice.console.counts import badge as console_badge
from protection.models import Claim

OPEN = [state for state in Claim.State.values if state != Claim.State.CLOSED]


def open_claims() -> QuerySet[Any, Any]:
    """(state, number) of open claims. Closed ones are never counted: there will be a great many."""
    rows = Claim.objects.filter(state__in=OPEN).order_by().values(name=F("state"))
    return rows.annotate(number=Count("id")).values_list("name", "number")


def badge(request: HttpRequest) -> str:
    """Claims that wait for an agent."""
    return console_badge(request, Claim.State.IN_REVIEW)
