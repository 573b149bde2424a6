"""What other pages show of money from carriers: the page Today and the sidebar's figures."""

from datetime import timedelta
from typing import Any

from django.db.models import CharField, Count, F, QuerySet, Value
from django.db.models.functions import Concat
from django.http import HttpRequest
from django.utils import timezone

from backoffice.console.counts import badge as console_badge
from backoffice.console.counts import counts
from backoffice.console.panels import Panel
from protection.admin.claim_facts import ORDER_BULK
from protection.models import Recovery
from protection.recovery import figures, words

VIEW = "protection.view_recovery"
State = Recovery.State
WEEK = timedelta(days=7)
LONGEST = 6
SLIM = (*(f"order__{name}" for name in ORDER_BULK), "lines", "note")


def today(request: HttpRequest, subject: Any) -> Panel | None:
    """What ends this week, what just ended unfiled, and what waits for an answer."""
    if not request.user.has_perm(VIEW):
        return None
    now, known = timezone.now(), counts(request)
    soon = Recovery.objects.filter(state=State.ELIGIBLE, deadline__lte=now + WEEK).order_by("deadline", "id")
    ended = Recovery.objects.filter(state=State.EXPIRED, closed_at__gte=now - WEEK).order_by("-closed_at")
    context = {
        "soon": [
            (one, words.countdown(one, now), words.tone(one, now), one.money(one.expected)) for one in _slim(soon)
        ],
        "ended": list(_slim(ended)),
        "risk": figures.at_risk(now),
        "asked": known.get("recovery_needs_info", 0) + known.get("recovery_denied", 0),
        "doubts": known.get("recovery_doubt", 0),
        "to_file": known.get("recovery_eligible", 0),
    }
    if not any(context[key] for key in ("soon", "ended", "asked", "doubts", "to_file")):
        return None
    return Panel(
        "Money from carriers", "protection/recovery/_today.html", context, tone="warn" if context["soon"] else ""
    )


def _slim(rows: QuerySet[Recovery]) -> QuerySet[Recovery]:
    return rows.select_related("order__shop", "parcel", "carrier").defer(*SLIM)[:LONGEST]


def states() -> QuerySet[Any, Any]:
    """(recovery_<state>, number) of open cases; ended ones are never counted."""
    rows = Recovery.objects.filter(state__in=Recovery.OPEN).order_by()
    named = rows.values(name=Concat(Value("recovery_"), F("state"), output_field=CharField()))
    return named.annotate(number=Count("id")).values_list("name", "number")


def doubts_and_due() -> QuerySet[Any, Any]:
    """Questions whether to withdraw, and what must be filed within a week."""
    due = Recovery.objects.filter(state=State.ELIGIBLE, deadline__lte=timezone.now() + WEEK)
    return _number(Recovery.objects.exclude(doubt=""), "recovery_doubt").union(_number(due, "recovery_due"), all=True)


def badge(request: HttpRequest) -> str:
    """What waits for somebody here: due within a week, asked, or in doubt."""
    return console_badge(request, "recovery_due", "recovery_needs_info", "recovery_doubt")


def _number(rows: QuerySet[Any, Any], name: str) -> QuerySet[Any, Any]:
    named = rows.order_by().annotate(name=Value(name, output_field=CharField())).values("name")
    return named.annotate(number=Count("id")).values_list("name", "number")
