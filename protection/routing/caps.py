"""What a rule may approve without a person: at most so much a claim, a customer in a year, and a day.

Spent is what the rows of `Routing` say. Whoever counts and writes them holds the rule's row, and a trigger counts
again, so that two claims at the same moment cannot pass a cap together.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet, Sum

from protection.models import Claim, Routing, RoutingVersion
from protection.risk.facts import Facts

DAY = timedelta(days=1)
YEAR = timedelta(days=365)
# Codes of why a claim that was matched is left to a person, and what people read.
WHY_LEFT = {
    "return_needed": "the goods must come back first",
    "no_customer": "no customer is known whose cap could be counted",
    "somebody_works_on_it": "somebody has taken it",
    "cap_claim": "it is worth more than the rule may approve in one claim",
    "cap_customer": "the rule has approved too much for this customer in a year",
    "cap_day": "the rule has approved too much in 24 hours",
    "nobody_to_assign": "nobody is there to give it to",
    "refused": "it could not be approved as it is",
}


@dataclass(slots=True)
class Spent:
    """What a rule has approved already that counts for one claim, in its shop's currency."""

    by_customer: Decimal = field(default_factory=Decimal)
    today: Decimal = field(default_factory=Decimal)


def why_not(version: RoutingVersion, facts: Facts) -> str:
    """Code of why no rule approves this claim, whatever the caps; empty where one may."""
    if facts.return_needed:
        return "return_needed"
    return "no_customer" if facts.customer_id is None else ""


def passed(version: RoutingVersion, amount: Decimal, spent: Spent) -> str:
    """Which cap `amount` more would pass; empty: none."""
    assert version.cap_claim is not None
    assert version.cap_customer is not None
    assert version.cap_day is not None
    if amount > version.cap_claim:
        return "cap_claim"
    if spent.by_customer + amount > version.cap_customer:
        return "cap_customer"
    return "cap_day" if spent.today + amount > version.cap_day else ""


def spent_on(version: RoutingVersion, claim: Claim, now: datetime) -> Spent:
    """What the rule has approved (a dry run: would have); call it with the rule's row locked."""
    order = claim.order
    result = Routing.Result.WOULD if version.dry_run else Routing.Result.ACTED
    rows = Routing.objects.filter(
        rule=version.rule_id, shop=order.shop_id, action=RoutingVersion.Action.APPROVE, result=result,
        currency=order.currency,
    )  # fmt: skip
    if version.dry_run:
        rows = rows.filter(version=version)
    return Spent(_sum(rows.filter(customer=order.customer_id, at__gt=now - YEAR)), _sum(rows.filter(at__gt=now - DAY)))


def _sum(rows: QuerySet[Routing]) -> Decimal:
    return rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
