"""Money from carriers in sums: what came in, what is expected, what is at risk. By currency; nothing is converted."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Case, Count, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from orders.models import Shop
from orders.money import Money
from protection.models import Recovery

State = Recovery.State
HOPEFUL = [state for state in Recovery.OPEN if state != State.DENIED]
# What an open case is worth: what the carrier said, else what was asked for, else what is to be expected.
HOPED_FOR = Coalesce("approved", "claimed", "expected")


def received(shops: Collection[Shop], since: date | None = None, until: date | None = None) -> dict[str, Decimal]:
    """What carriers paid to these shops (empty: to all) from `since` to before `until`, by currency."""
    paid = _paid(Recovery.objects.filter(order__shop__in=shops) if shops else Recovery.objects.all(), since, until)
    return dict(paid.values_list("currency").annotate(Sum("received")).order_by("currency"))


@dataclass(frozen=True, slots=True)
class AtRisk:
    """What is lost unless it is filed within days: how many, their value by currency, how many nobody can value."""

    number: int
    value: list[Money]
    unknown: int


def at_risk(now: datetime, within: timedelta = timedelta(days=7)) -> AtRisk:
    """What waits to be filed and ends within that time."""
    rows = Recovery.objects.filter(state=State.ELIGIBLE, deadline__gt=now, deadline__lte=now + within)
    sums = list(rows.values("currency").annotate(number=Count("pk"), known=Count("expected"), sum=Sum("expected")))
    value = [Money(row["sum"], row["currency"]) for row in sums if row["sum"] is not None]
    return AtRisk(sum(row["number"] for row in sums), value, sum(row["number"] - row["known"] for row in sums))


@dataclass(frozen=True, slots=True)
class CarrierSum:
    """One carrier in one currency: what was expected of the parcels of that time, and what became of it."""

    carrier: str
    key: int | None  # of the carrier; None for one nobody has entered
    to_file: int
    currency: str
    number: int
    unknown: int  # of these nobody can tell what to expect
    expected: Money
    received: Money
    still_open: Money

    @property
    def lost(self) -> Money:
        """Denied, expired or written off, and what was paid less than expected."""
        rest = self.expected.amount - self.received.amount - self.still_open.amount
        return Money(max(Decimal(0), rest), self.currency)


def by_carrier(since: datetime) -> list[CarrierSum]:
    """Expected and received of what was opened since then, the most expected first. One query."""
    rows = Recovery.objects.filter(created_at__gte=since)
    zero = Decimal(0)
    sums = (
        rows.annotate(name=Coalesce("carrier__name", "carrier_name"))
        .values("name", "carrier_id", "currency")
        .annotate(
            number=Count("pk"),
            to_file=Count(Case(When(state=State.ELIGIBLE, then="pk"))),
            known=Count(Coalesce("expected", "claimed")),
            hoped=Coalesce(Sum(Coalesce("expected", "claimed")), zero),
            came=Coalesce(Sum("received"), zero),
            open=Coalesce(Sum(Case(When(state__in=HOPEFUL, then=HOPED_FOR))), zero),
        )
        .order_by("-hoped", "name", "currency")
    )
    return [
        CarrierSum(
            carrier=row["name"] or "Unknown carrier",
            key=row["carrier_id"],
            to_file=row["to_file"],
            currency=row["currency"],
            number=row["number"],
            unknown=row["number"] - row["known"],
            expected=Money(row["hoped"], row["currency"]),
            received=Money(row["came"], row["currency"]),
            still_open=Money(row["open"], row["currency"]),
        )
        for row in sums
    ]


def still_to_come(rows: Iterable[CarrierSum]) -> list[Money]:
    """What open cases may still bring, one amount a currency; what nobody can value is left out."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.still_open.amount
    return [Money(amount, code) for code, amount in sums.items() if amount]


def _paid(rows: QuerySet[Recovery], since: date | None, until: date | None) -> QuerySet[Recovery]:
    rows = rows.filter(state=State.PAID)
    rows = rows.filter(paid_on__gte=since) if since else rows
    return rows.filter(paid_on__lt=until) if until else rows
