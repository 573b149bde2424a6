"""How alike the like of it is decided: for each person, reason and rule, and how many appeals were right."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from protection.models import Claim, ComparedDecision

PERIODS = (30, 90, 365)
LATEST = 20


@dataclass(frozen=True, slots=True)
class Row:
    """Decisions of one group: `comparable` are those where nine of ten similar claims agreed."""

    name: str
    decided: int
    comparable: int
    differed: int
    appealed: int
    overturned: int

    @property
    def differed_share(self) -> str:
        return _share(self.differed, self.comparable)

    @property
    def overturned_share(self) -> str:
        return _share(self.overturned, self.appealed)


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    rows: list[Row]


def tables(days: int) -> list[Table]:
    """Three tables of the decisions of the last `days` days, undone ones left out: by person, by reason, by rule."""
    return [
        Table("By person", _rows(since(days), "decided_by__username", lambda key: str(key or "A rule, by itself"))),
        Table("By reason", by_reason(since(days))),
        Table("By version of a rule", by_rule(since(days))),
    ]


def by_reason(decisions: QuerySet[ComparedDecision]) -> list[Row]:
    """A row for each reason of claims."""
    return _rows(decisions, "claim__reason", lambda key: str(Claim.Reason(key).label))


def since(days: int) -> QuerySet[ComparedDecision]:
    return ComparedDecision.objects.filter(undone=False, decided_at__gte=timezone.now() - timedelta(days=days))


def against(days: int) -> QuerySet[ComparedDecision]:
    """The latest decisions that differ from nine of ten, newest first."""
    rows = since(days).filter(differs=True).select_related("claim__order", "decided_by")
    return rows.order_by("-decided_at", "-id")[:LATEST]


def _rows(decisions: QuerySet[ComparedDecision], by: str, name: Callable[[Any], str]) -> list[Row]:
    return [Row(name(row.pop(by)), **row) for row in _counted(decisions, by).order_by(by)]


def by_rule(decisions: QuerySet[ComparedDecision]) -> list[Row]:
    """A row for each version of a rule that claims were decided under."""
    keys = ("rule__reason", "rule__number", "rule__shop__domain")
    rows = []
    for row in _counted(decisions, *keys).order_by(*keys):
        reason, number, domain = (row.pop(key) for key in keys)
        name = f"{Claim.Reason(reason).label}, version {number}{f', {domain}' if domain else ''}" if reason else "None"
        rows.append(Row(name, **row))
    return rows


def _counted(decisions: QuerySet[ComparedDecision], *by: str) -> QuerySet[Any, dict[str, Any]]:
    appealed = Q(claim__appealed_at__gt=F("decided_at"))
    return decisions.values(*by).annotate(
        decided=Count("id"),
        comparable=Count("id", filter=~Q(expected="")),
        differed=Count("id", filter=Q(differs=True)),
        appealed=Count("id", filter=appealed),
        overturned=Count("id", filter=Q(overturned=True)),
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"
