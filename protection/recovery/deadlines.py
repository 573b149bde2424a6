"""From when until when a carrier takes a claim for a parcel. Questions only, nothing here writes.

Carriers count calendar days. They are counted in the shop's time zone and the last day belongs to the filer whole, so
a change of the clocks neither takes an hour from it nor gives one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orders.models import Fulfillment, Shop
from protection.models import CarrierTerms, Claim, ReasonRule
from protection.windows import Happened, events_of

# What is plain to see is taken at once; only a parcel that is missing may still come.
MAY_STILL_COME = frozenset({Claim.Reason.LOST.value, Claim.Reason.NOT_RECEIVED.value, Claim.Reason.DELAYED.value})


@dataclass(frozen=True, slots=True)
class FilingDays:
    """`deadline` is the moment the last day ends; `facts` are what it was computed from, all None where not known."""

    opens_at: datetime | None
    last_day: date | None
    deadline: datetime | None
    facts: dict[str, Any]


def filing_days(terms: CarrierTerms | None, parcel: Fulfillment, reasons: Collection[str]) -> FilingDays:
    """The days for claims of these reasons about one parcel."""
    if terms is None:
        return FilingDays(None, None, None, {"why_not": "The carrier's terms are not known."})
    zone, events = zone_of(parcel.order.shop), events_of(parcel)
    events.setdefault(ReasonRule.Anchor.ORDER_DATE.value, Happened(parcel.order.placed_at, parcel.order.public_id))
    opens_by, opened = _first(terms.opens_from, events)
    closes_by, closing = _first(terms.closes_from, events)
    facts: dict[str, Any] = {"terms": terms.public_id, "terms_version": terms.number, "zone": zone.key}
    opens_at = None
    if opened:
        wait = terms.opens_after if set(reasons) & MAY_STILL_COME else 0
        opens_at = _start(_day(opened, zone) + timedelta(days=wait), zone)
        facts |= {"opens_from": opens_by, "opens_from_at": opened.at.isoformat(), "opens_after": wait}
    if closing is None:
        return FilingDays(opens_at, None, None, {**facts, "why_not": "Nothing that its days count from is known yet."})
    last_day = _day(closing, zone) + timedelta(days=terms.closes_after)
    facts |= {
        "closes_from": closes_by, "closes_from_at": closing.at.isoformat(), "closes_after": terms.closes_after,
        "proof": closing.proof,
    }  # fmt: skip
    return FilingDays(opens_at, last_day, _start(last_day + timedelta(days=1), zone), facts)


def zone_of(shop: Shop) -> ZoneInfo:
    """The shop's time zone; UTC where it is not known, or not known to this machine."""
    try:
        return ZoneInfo(shop.time_zone or "UTC")
    except (KeyError, ValueError, OSError):  # unknown here; or a text that can be no zone's name
        return ZoneInfo("UTC")


def _first(anchors: Sequence[str], events: dict[str, Happened]) -> tuple[str, Happened | None]:
    return next(((name, events[name]) for name in anchors if name in events), ("", None))


def _day(happened: Happened, zone: ZoneInfo) -> date:
    return happened.at.astimezone(zone).date()


def _start(day: date, zone: ZoneInfo) -> datetime:
    """The moment a day begins there; where the clocks skip midnight, the moment they do."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
