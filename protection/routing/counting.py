"""What rules have done in the last year: how often each matched, acted or would have, and for how much."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from orders.money import Money
from protection.models import Claim, Decision, Routing

KEPT = timedelta(days=365)
Result = Routing.Result


@dataclass(slots=True)
class Counters:
    """Of one rule, all its versions together. Overturned: what it approved was taken back, or an appeal gave more."""

    matched: int = 0
    acted: int = 0
    would: int = 0
    left: int = 0
    overturned: int = 0
    approved: list[Money] = field(default_factory=list)
    would_approve: list[Money] = field(default_factory=list)


def counters(rules: Collection[int]) -> dict[int, Counters]:
    """Counters by primary key of the rule; two queries."""
    found = {pk: Counters() for pk in rules}
    rows = Routing.objects.filter(rule__in=rules, at__gt=timezone.now() - KEPT).order_by()
    for pk, result, currency, number, amount in (
        rows.values_list("rule", "result", "currency").annotate(number=Count("id"), amount=Sum("amount"))
    ):  # fmt: skip
        one = found[pk]
        one.matched += number
        setattr(one, result, getattr(one, result) + number)
        if amount and result != Result.LEFT:
            (one.approved if result == Result.ACTED else one.would_approve).append(Money(Decimal(amount), currency))
    for pk, number in _overturned(rows).values_list("rule").annotate(number=Count("id")):
        found[pk].overturned = number
    return found


def _overturned(rows: QuerySet[Routing]) -> QuerySet[Routing]:
    taken_back = Decision.objects.filter(
        item__claim=OuterRef("claim"), decided_by=None, superseded=True, decided_at__gte=OuterRef("at")
    )
    by_appeal = Q(
        claim__appealed_at__gt=F("at"), claim__decided_at__gt=F("claim__appealed_at"),
        claim__outcome__in=[Claim.Outcome.APPROVED, Claim.Outcome.PARTIAL],
    )  # fmt: skip
    return rows.filter(result=Result.ACTED).filter(Q(Exists(taken_back), action="approve") | by_appeal)
