"""When a claim may be made: too early, open, late, with the facts that say so. Questions only, nothing here writes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orders.models import Fulfillment, LineItem, Order, TrackingEvent
from protection.models import ReasonRule
from protection.rules import window_text

Event = ReasonRule.Anchor
# What carriers say, as Shopify's FulfillmentEventStatus and as free text of the carriers themselves.
DELIVERED = frozenset({"delivered", "picked_up"})
NOT_MOVING = frozenset({"label_purchased", "label_printed", "confirmed", "ready_for_pickup"})  # no carrier's scan yet
FAILED = frozenset({"failure", "not_delivered", "returned", "return_to_sender", "returned_to_sender"})
SENT_BACK = ("return to sender", "returned to sender", "returning to sender", "being returned")


@dataclass(frozen=True, slots=True)
class Happened:
    """An event that days may count from: when, and the id of what proves it (a parcel, an order)."""

    at: datetime
    proof: str


@dataclass(frozen=True, slots=True)
class Shipment:
    """What is known of the parcels that a claim is about."""

    events: dict[str, Happened]
    international: bool
    newest_scan: TrackingEvent | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Whether a claim may be made at `now`: `state` is too_early, open, late, or unknown where no event is known.

    Unknown is never refused: a person looks.
    """

    state: str
    rule: ReasonRule | None
    anchor: str = ""
    happened: Happened | None = None
    international: bool = False
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    @property
    def sentence(self) -> str:
        """For people: the date that counts, what it counts from, and the rule's own words."""
        if self.rule is None:
            return "No rule is set for this reason; a person decides."
        if self.happened is None or self.opens_at is None or self.closes_at is None:
            return f"{window_text(self.rule)} None of this is known yet, so a person looks at it."
        since = f"{Event(self.anchor).label} was on {_day(self.happened.at)}"
        dated = {
            "too_early": f"It can be looked at from {_day(self.opens_at)} on",
            "open": f"It can be claimed until {_day(self.closes_at)}",
            "late": f"It could be claimed until {_day(self.closes_at)}",
        }[self.state]
        return f"{dated}: {since}. The rule: {window_text(self.rule)}"

    def as_json(self) -> dict[str, Any]:
        """The facts, for the journal and for partners."""
        return {
            "state": self.state,
            "rule": self.rule.public_id if self.rule else None,
            "rule_version": self.rule.number if self.rule else None,
            "anchor": self.anchor or None,
            "anchor_at": _text(self.happened.at if self.happened else None),
            "proof": self.happened.proof if self.happened else None,
            "international": self.international,
            "opens_at": _text(self.opens_at),
            "closes_at": _text(self.closes_at),
        }


def timing(rule: ReasonRule | None, shipment: Shipment, now: datetime) -> Timing:
    """Where `now` stands in the rule's window; the first of the rule's events that has happened is what counts."""
    anchor = next((name for name in (rule.anchors if rule else []) if name in shipment.events), "")
    if rule is None or not anchor:
        return Timing("unknown", rule, international=shipment.international)
    happened = shipment.events[anchor]
    opens_at = happened.at + rule.earliest(international=shipment.international)
    closes_at = happened.at + rule.latest(international=shipment.international)
    promised = shipment.events.get(Event.PROMISED_DATE)
    if promised and rule.hours_past_promise is not None:
        opens_at = min(opens_at, promised.at + timedelta(hours=rule.hours_past_promise))
    state = "too_early" if now < opens_at else "open" if now <= closes_at else "late"
    return Timing(state, rule, anchor, happened, shipment.international, opens_at, closes_at)


def shipment_of(order: Order, lines: Collection[LineItem] = ()) -> Shipment:
    """What is known of the parcels with these lines, of all the order's where none names them. Two queries.

    Where several parcels carry them, the latest event of each kind counts: nobody is late before the last one is.
    """
    parcels = [parcel for parcel in order.fulfillments.prefetch_related("scans") if parcel.status != "cancelled"]
    wanted = {line.remote_id for line in lines}
    chosen = [parcel for parcel in parcels if wanted & {part["line"] for part in parcel.lines}] or parcels
    events = {Event.ORDER_DATE.value: Happened(order.placed_at, order.public_id)}
    for parcel in chosen:
        for name, happened in events_of(parcel).items():
            if name not in events or events[name].at < happened.at:
                events[name] = happened
    scans = [scan for parcel in chosen for scan in _scans(parcel)]
    return Shipment(events, is_international(order), max(scans, key=lambda scan: scan.turn, default=None))


def events_of(parcel: Fulfillment) -> dict[str, Happened]:
    """What has happened to one parcel, the latest event of each kind; its order's date is none of them."""
    found: dict[str, Happened] = {}
    for name, at in _events(parcel):
        if name not in found or found[name].at < at:
            found[name] = Happened(at, parcel.public_id)
    return found


def _events(parcel: Fulfillment) -> Iterable[tuple[str, datetime]]:
    if parcel.remote_created_at:
        yield Event.SHIP_DATE, parcel.remote_created_at
    # What was promised first: a date that the carrier moves on and on would never come.
    if promised := next((scan.estimated_delivery_at for scan in _scans(parcel) if scan.estimated_delivery_at), None):
        yield Event.PROMISED_DATE, promised
    for scan in _scans(parcel):
        if scan.status not in NOT_MOVING:
            yield Event.LAST_SCAN, scan.happened_at
        if scan.status in DELIVERED:
            yield Event.DELIVERY_SCAN, scan.happened_at
        if scan.status in FAILED or any(words in scan.message.lower() for words in SENT_BACK):
            yield Event.RETURN_SCAN, scan.happened_at


def _scans(parcel: Fulfillment) -> list[TrackingEvent]:
    return [scan for scan in parcel.scans.all() if scan.deleted_at is None]


def is_international(order: Order) -> bool:
    """To another country than the shop's; where one of the two is not known, domestic, which is the shorter wait."""
    country = (order.shipping_address or {}).get("country_code", "")
    return bool(country and order.shop.country) and country != order.shop.country


def _day(moment: datetime) -> str:
    return f"{moment:%-d %b %Y}"


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
