"""Parcels as the console draws them: a strip of hops and the scans behind it. No maps, nothing from other hosts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orders.admin.order_facts import UNKNOWN_LINE
from orders.models import Fulfillment, LineItem, TrackingEvent

WORDS = {
    "label_purchased": "Label bought",
    "label_printed": "Label printed",
    "ready_for_pickup": "Ready for pickup",
    "carrier_picked_up": "Picked up by the carrier",
    "picked_up": "Picked up",
    "confirmed": "Confirmed by the carrier",
    "in_transit": "In transit",
    "out_for_delivery": "Out for delivery",
    "attempted_delivery": "Delivery attempted",
    "delivered": "Delivered",
    "failure": "Delivery failed",
    "delayed": "Delayed",
}
TONES = {"delivered": "good", "picked_up": "good", "failure": "bad", "attempted_delivery": "warn", "delayed": "warn"}
MOST_HOPS = 8


@dataclass(frozen=True, slots=True)
class Hop:
    """One dot of the strip, `x` per cent from the left."""

    x: float
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Scan:
    event: TrackingEvent
    words: str
    place: str
    tone: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel with its scans, newest first. `hops` is empty when the carrier said nothing yet."""

    fulfillment: Fulfillment
    title: str
    status: str
    tone: str
    tracking: list[tuple[str, str]]  # (number, address of the carrier's page or "")
    contents: list[str]
    scans: list[Scan]
    hops: list[Hop]

    @property
    def first(self) -> Scan:
        return self.scans[-1]

    @property
    def last(self) -> Scan:
        return self.scans[0]


def parcels(fulfillments: Iterable[Fulfillment], lines: Iterable[LineItem]) -> list[Parcel]:
    """`fulfillments` must come with their scans prefetched."""
    titles = {line.remote_id: str(line) for line in lines}
    return [_parcel(fulfillment, titles) for fulfillment in fulfillments]


def _parcel(fulfillment: Fulfillment, titles: dict[int, str]) -> Parcel:
    events = [event for event in fulfillment.scans.all() if event.deleted_at is None]
    scans = [_scan(event) for event in sorted(events, key=lambda event: event.turn)]
    shown = fulfillment.shipment_status or (scans[-1].event.status if scans else fulfillment.status)
    urls = fulfillment.tracking_urls
    tracking = [
        (number, _safe(urls[index] if index < len(urls) else ""))
        for index, number in enumerate(fulfillment.tracking_numbers)
    ]
    return Parcel(
        fulfillment=fulfillment,
        title=str(fulfillment),
        status=say(shown),
        tone=TONES.get(shown.lower(), ""),
        tracking=tracking,
        contents=[f"{part['quantity']} × {titles.get(part['line'], UNKNOWN_LINE)}" for part in fulfillment.lines],
        scans=scans[::-1],
        hops=_hops(scans),
    )


def _scan(event: TrackingEvent) -> Scan:
    place = ", ".join(part for part in (event.city, event.province, event.country) if part)
    return Scan(event, say(event.status), place, TONES.get(event.status.lower(), ""))


def say(status: str) -> str:
    """A status in words; one that we do not know is shown as it came."""
    return WORDS.get(status.lower(), status.replace("_", " ").capitalize())


def _hops(scans: Sequence[Scan]) -> list[Hop]:
    """At most MOST_HOPS dots: the first ones are left out when there are more, for the last miles matter."""
    shown = scans[-MOST_HOPS:]
    step = 96 / max(1, len(shown) - 1)
    return [
        Hop(round(2 + index * step, 1), scan.tone, f"{scan.words}{', ' + scan.place if scan.place else ''}")
        for index, scan in enumerate(shown)
    ]


def _safe(url: str) -> str:
    """The address if a link may lead there; a `javascript:` address from outside must never become one."""
    return url if url.lower().startswith(("https://", "http://")) else ""
