"""A period in whole days, month by month, at each shop's own midnight."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orders.models import Shop

ONE_DAY = timedelta(days=1)
USUAL_MONTHS = 12
MOST_MONTHS = 120


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included. Raises ValueError with a sentence where that is no period."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"The period ends on {self.last}, before it begins on {self.first}.")
        if not 1990 <= self.first.year <= self.last.year <= 2200:
            raise ValueError("The period must lie between the years 1990 and 2200.")
        if len(self.months) > MOST_MONTHS:
            raise ValueError(f"A period has at most {MOST_MONTHS} months.")

    @property
    def months(self) -> list[date]:
        """The first day of each month that the period touches; of the first month the first day that counts."""
        days, day = [self.first], _next_month(self.first)
        while day <= self.last:
            days.append(day)
            day = _next_month(day)
        return days

    def starts(self, shop: Shop) -> list[str]:
        """When each month begins for the shop, and when the period is over, in UTC."""
        zone = zone_of(shop)
        days = [*self.months, self.last + ONE_DAY]
        return [_midnight(day, zone) for day in days]


def _midnight(day: date, zone: tzinfo) -> str:
    return datetime.combine(day, time(), zone).astimezone(UTC).isoformat()


def zone_of(shop: Shop) -> tzinfo:
    """The shop's time zone; UTC where it is not known."""
    try:
        return ZoneInfo(shop.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def parse(first: str, last: str, today: date) -> Period:
    """A period from what people write: days (2026-03-31) or whole months (2026-03); the newest year if empty.

    Raises ValueError with a sentence.
    """
    end = _day(last, end=True) if last else today
    return Period(_day(first, end=False) if first else _usual_start(end), end)


def spans(shops: Iterable[Shop], period: Period, history: date) -> list[dict[str, Any]]:
    """[{"id": the shop's primary key, "starts": its months, "history"}], as the ledger's queries take it."""
    return [
        {"id": shop.pk, "starts": period.starts(shop), "history": _midnight(history, zone_of(shop))} for shop in shops
    ]


def _usual_start(end: date) -> date:
    months = end.year * 12 + end.month - USUAL_MONTHS  # from year 0, January is 0
    return date(months // 12, months % 12 + 1, 1)


def _day(text: str, *, end: bool) -> date:
    try:
        if len(text) == 7:
            first = date.fromisoformat(f"{text}-01")
            return first.replace(day=calendar.monthrange(first.year, first.month)[1]) if end else first
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is neither a day such as 2026-03-31 nor a month such as 2026-03.") from error


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
