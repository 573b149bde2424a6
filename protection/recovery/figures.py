"""Money from carriers in sums: what came in, what is expected, what is at risk. By currency; nothing is converted."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Case, Count, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from orders.models import Shop
from orders.money import Money, minor_units
from protection.models import Claim, Recovery
from protection.recovery.reckoning import value_of
from protection.shares import spread

State = Recovery.State
# What an open case is worth: what the carrier said, else what was asked for, else what is to be expected.
HOPED_FOR = Coalesce("approved", "claimed", "expected")


def received(shops: Collection[Shop], since: date | None = None, until: date | None = None) -> dict[str, Decimal]:
    """What carriers paid to these shops (empty: to all) from `since` to before `until`, by currency."""
    paid = _paid(Recovery.objects.filter(order__shop__in=shops) if shops else Recovery.objects.all(), since, until)
    return dict(paid.values_list("currency").annotate(Sum("received")).order_by("currency"))


def received_for(claims: Iterable[Claim]) -> dict[int, list[Money]]:
    """What carriers paid for each of these claims (by key), one amount a currency; two queries however many.

    Money for a parcel that several claims are about is given to them by what was paid for their units.
    """
    found: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    wanted = {claim.public_id: claim.pk for claim in claims}
    paid = Recovery.objects.filter(state=State.PAID, claims__in=list(wanted.values())).distinct()
    for recovery in paid.select_related("order"):
        ids = list(dict.fromkeys(line["claim"] for line in recovery.lines))
        values = [value_of((one for one in recovery.lines if one["claim"] == key), recovery.order).shop for key in ids]
        digits = minor_units(recovery.currency)
        weights = [int(value.amount.scaleb(minor_units(value.currency))) for value in values]
        parts = spread(int(recovery.received.scaleb(digits)), weights)
        for key, coins in zip(ids, parts, strict=True):
            if key in wanted:
                found[wanted[key]][recovery.currency] += Decimal(coins).scaleb(-digits)
    return {pk: [Money(amount, code) for code, amount in sums.items()] for pk, sums in found.items()}


def expected_open(shops: Collection[Shop] = ()) -> dict[str, Decimal]:
    """What open cases of these shops (empty: all) may still bring, by currency; those nobody can value are left out."""
    rows = Recovery.objects.filter(state__in=Recovery.OPEN).exclude(state=State.DENIED)
    rows = rows.filter(order__shop__in=shops) if shops else rows
    return dict(rows.values_list("currency").annotate(sum=Sum(HOPED_FOR)).exclude(sum=None).order_by("currency"))


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
    currency: str
    number: int
    unknown: int  # of these nobody can tell what to expect
    expected: Money
    received: Money
    still_open: Money

    @property
    def lost(self) -> Money:
        """Denied for good, expired or written off, and what was paid less than expected."""
        rest = self.expected.amount - self.received.amount - self.still_open.amount
        return Money(max(Decimal(0), rest), self.currency)


def by_carrier(since: datetime, shops: Collection[Shop] = ()) -> list[CarrierSum]:
    """Expected and received of what was opened since then, the most expected first. One query."""
    rows = Recovery.objects.filter(created_at__gte=since)
    rows = rows.filter(order__shop__in=shops) if shops else rows
    zero = Decimal(0)
    sums = (
        rows.annotate(name=Coalesce("carrier__name", "carrier_name"))
        .values("name", "currency")
        .annotate(
            number=Count("pk"),
            known=Count(Coalesce("expected", "claimed")),
            hoped=Coalesce(Sum(Coalesce("expected", "claimed")), zero),
            came=Coalesce(Sum("received"), zero),
            open=Coalesce(Sum(Case(When(state__in=Recovery.OPEN, then=HOPED_FOR))), zero),
        )
        .order_by("-hoped", "name", "currency")
    )
    return [
        CarrierSum(row["name"] or "Unknown carrier", row["currency"], row["number"], row["number"] - row["known"],
                   *(Money(row[key], row["currency"]) for key in ("hoped", "came", "open")))
        for row in sums
    ]  # fmt: skip


def _paid(rows: QuerySet[Recovery], since: date | None, until: date | None) -> QuerySet[Recovery]:
    rows = rows.filter(state=State.PAID)
    rows = rows.filter(paid_on__gte=since) if since else rows
    return rows.filter(paid_on__lt=until) if until else rows
