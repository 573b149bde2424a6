"""An incident's claims day by day beside what is usual, for a drawing and for the table behind it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count

from protection.incidents.chance import most_by_chance
from protection.incidents.clusters import ITEM_DAYS
from protection.incidents.finding import claims_like
from protection.models import Incident

BEFORE, AFTER = 45, 10  # days shown around those of the incident
HEIGHT = 110.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its claims, and where its bar stands in the drawing (x and width in %, y and height in px)."""

    day: date
    count: int
    inside: bool
    x: float
    y: float
    height: float
    label: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """`usual` is claims a day, `most` as many as still come by chance on one day in a hundred."""

    bars: list[Bar]
    width: float
    usual: float
    usual_y: float
    most: int
    most_y: float
    top: int
    axis: str
    floor: float = HEIGHT

    @property
    def band(self) -> float:
        """Height of what chance brings."""
        return self.floor - self.most_y

    @property
    def in_words(self) -> str:
        worst = max(self.bars, key=lambda bar: bar.count)
        return (
            f"Claims by {self.axis}, {self.bars[0].day:%-d %b} to {self.bars[-1].day:%-d %b}: usual {self.usual:.1f} a"
            f" day, at most {self.most} by chance; most on {worst.day:%-d %b} with {worst.count}"
        )


def chart(incident: Incident, today: date) -> Chart:
    """The days of an incident and some before and after it, in one query."""
    days = sorted(date.fromisoformat(day) for day in incident.days)
    last = min(today, max(days[-1], days[0] + timedelta(ITEM_DAYS)) + timedelta(AFTER))
    first = days[0] - timedelta(BEFORE)
    counts = _counts(incident, first, last)
    per_day = incident.usual if incident.kind == Incident.Kind.LANE else incident.usual / ITEM_DAYS
    most = most_by_chance(per_day)
    top = max([most, *counts.values()])
    span = (last - first).days + 1
    bars = [
        Bar(
            day=(day := first + timedelta(offset)),
            count=counts[day],
            inside=day in days if incident.kind == Incident.Kind.LANE else day >= days[0],
            x=round(100 * offset / span, 3),
            y=round(HEIGHT - HEIGHT * counts[day] / top, 1),
            height=round(HEIGHT * counts[day] / top, 1),
            label=offset % 7 == 0,
        )
        for offset in range(span)
    ]
    return Chart(
        bars=bars,
        width=round(100 / span * 0.8, 3),
        usual=per_day,
        usual_y=round(HEIGHT - HEIGHT * per_day / top, 1),
        most=most,
        most_y=round(HEIGHT - HEIGHT * most / top, 1),
        top=top,
        axis="day shipped" if incident.kind == Incident.Kind.LANE else "day filed",
    )


def _counts(incident: Incident, first: date, last: date) -> Counter[date]:
    column = "shipped_on" if incident.kind == Incident.Kind.LANE else "filed_on"
    between = claims_like(incident).filter(**{f"{column}__range": (first, last)}).order_by()
    return Counter({row[column]: row["number"] for row in between.values(column).annotate(number=Count("pk"))})
