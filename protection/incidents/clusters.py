"""Claims counted by what they share, and how many would be usual: questions only, nothing here writes.

Usual is what the same cluster brought a day in the 90 days before, claims of incidents left out, and more where more
parcels were sent than on those days: a sale brings more claims, and is no incident.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from orders.models import Shop
from protection.incidents.chance import AT_LEAST, chance, in_words
from protection.models import Claim, Incident

BEFORE = 90  # days that say what is usual
LEAST_KNOWN = 28  # days: of a store that is newer nobody knows yet what is usual
LOOK_BACK = 60  # days shipped on: claims come for weeks afterwards
ITEM_DAYS = 14  # in which claims on one item are counted
UNDER_WAY = (Claim.Reason.LOST, Claim.Reason.NOT_RECEIVED, Claim.Reason.STOLEN, Claim.Reason.DAMAGED,
             Claim.Reason.RETURNED, Claim.Reason.DELAYED, Claim.Reason.CUSTOMS)  # fmt: skip
IN_THE_BOX = (Claim.Reason.DAMAGED, Claim.Reason.WRONG_ITEM, Claim.Reason.MISSING_ITEM)

# Claims that say something: not taken back, not filed twice; and none that an ended incident explained already.
_TELLING = """
    SELECT t.* FROM protection_claimtraits t JOIN protection_claim c ON c.id = t.claim_id
    WHERE t.shop_id = %(shop)s AND c.outcome NOT IN ('withdrawn', 'duplicate')
        AND NOT EXISTS (SELECT 1 FROM protection_incidentclaim m JOIN protection_incident i ON i.id = m.incident_id
            WHERE m.claim_id = t.claim_id AND i.kind = %(kind)s AND i.state = ANY(%(left_out)s::text[]))
"""
_LANES = f"""
    WITH telling AS ({_TELLING} AND t.reason = ANY(%(reasons)s::text[]) AND t.shipped_on >= %(since)s
        AND t.carrier <> '' AND t.destination <> '')
    SELECT carrier, origin, destination, shipped_on, count(*) FROM telling
    GROUP BY 1, 2, 3, 4 HAVING count(*) >= {AT_LEAST} ORDER BY 1, 2, 3, 4
"""  # noqa: S608 all parts are constants
_LANE_BEFORE = f"""
    SELECT count(*) FROM ({_TELLING}) x WHERE reason = ANY(%(reasons)s::text[]) AND carrier = %(carrier)s
        AND origin = %(origin)s AND destination = %(destination)s AND shipped_on >= %(since)s AND shipped_on < %(until)s
"""  # noqa: S608
_ITEMS = f"""
    WITH telling AS ({_TELLING} AND t.reason = ANY(%(reasons)s::text[]) AND t.filed_on > %(since)s)
    SELECT sku, location_id, reason, count(*), min(filed_on) FROM telling CROSS JOIN unnest(skus) AS sku
    GROUP BY 1, 2, 3 HAVING count(*) >= {AT_LEAST} ORDER BY 1, 2, 3
"""  # noqa: S608
_ITEM_BEFORE = f"""
    SELECT count(*) FROM ({_TELLING}) x WHERE reason = %(reason)s AND %(sku)s = ANY(skus)
        AND location_id IS NOT DISTINCT FROM %(location)s AND filed_on > %(since)s AND filed_on <= %(until)s
"""  # noqa: S608
_PARCELS = """
    SELECT count(*) FILTER (WHERE f.remote_created_at >= %(from)s), count(*) FROM orders_fulfillment f
    JOIN orders_order o ON o.id = f.order_id
    WHERE o.shop_id = %(shop)s AND f.status <> 'cancelled'
        AND f.remote_created_at >= %(since)s AND f.remote_created_at < %(until)s
        AND (%(carrier)s = '' OR trim(f.tracking_company) = %(carrier)s
            AND upper(o.shipping_address ->> 'country_code') = %(destination)s)
        AND (%(location)s::bigint IS NULL OR f.location_id = %(location)s)
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Claims that share something, more than is usual. `fields` are those of an Incident that name what they share."""

    kind: str
    key: str
    fields: dict[str, Any]
    days: list[date]
    count: int
    usual: float
    chance: float
    words: str
    per: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.count} claims {self.words}; usual {self.usual:.1f}{self.per}: {in_words(self.chance)}."


def known_days(shop: Shop, until: date) -> int:
    """For how many days before `until`, BEFORE at most, it is known what this store's parcels bring."""
    first = _rows("SELECT min(shipped_on) FROM protection_claimtraits WHERE shop_id = %(shop)s", {"shop": shop.pk})
    return min(BEFORE, (until - first[0][0]).days) if first[0][0] else 0


def lanes(shop: Shop, today: date, limit: float) -> list[Cluster]:
    """Carriers' lanes on days that brought more claims than `limit` lets pass as chance, one for each day."""
    base = _base(shop, Incident.Kind.LANE, [str(reason.value) for reason in UNDER_WAY])
    found = []
    for carrier, origin, destination, day, count in _rows(_LANES, {**base, "since": today - timedelta(LOOK_BACK)}):
        span = known_days(shop, day)
        if span < LEAST_KNOWN:
            continue
        lane = {"carrier": carrier, "origin": origin, "destination": destination}
        before = _before(_LANE_BEFORE, {**base, **lane, "since": day - timedelta(span), "until": day})
        if chance(count, (before + 1) / span) > limit:
            continue
        more = _more_parcels(shop, day, day + timedelta(1), span, before, carrier=carrier, destination=destination)
        usual = max((before + 1) / span * more, 1e-6)
        if chance(count, usual) <= limit:
            key = f"lane:{carrier}:{origin}:{destination}"
            words = f"on {carrier} {origin or '?'}→{destination} shipped on {day:%-d %b}"
            found.append(Cluster("lane", key, lane, [day], count, usual, chance(count, usual), words, " a day"))
    return found


def items(shop: Shop, today: date, limit: float) -> list[Cluster]:
    """SKUs (at a location) that were claimed for one reason more often in ITEM_DAYS than `limit` lets pass."""
    start = today - timedelta(ITEM_DAYS)
    span = known_days(shop, start)
    if span < LEAST_KNOWN:
        return []
    base = _base(shop, Incident.Kind.ITEM, [str(reason.value) for reason in IN_THE_BOX])
    found = []
    for sku, location, reason, count, first in _rows(_ITEMS, {**base, "since": start}):
        item = {"sku": sku, "location": location, "reason": reason}
        before = _before(_ITEM_BEFORE, {**base, **item, "since": start - timedelta(span), "until": start})
        if chance(count, (before + 1) / span * ITEM_DAYS) > limit:
            continue
        more = _more_parcels(shop, start, today, span, before, location=location)
        usual = max((before + 1) / span * ITEM_DAYS * more, 1e-6)
        if chance(count, usual) <= limit:
            where = f" from location {location}" if location else ""
            words = f"on {sku}{where} ({Claim.Reason(reason).label.lower()}) in {ITEM_DAYS} days"
            fields = {"sku": sku, "location_id": location, "reason": reason}
            key = f"item:{sku}:{location or ''}:{reason}"
            found.append(Cluster("item", key, fields, [first], count, usual, chance(count, usual), words))
    return found


def _base(shop: Shop, kind: str, reasons: list[str]) -> dict[str, Any]:
    return {"shop": shop.pk, "kind": str(kind), "reasons": reasons,
            "left_out": [Incident.State.DISMISSED.value, Incident.State.CLOSED.value]}  # fmt: skip


def _before(sql: str, values: dict[str, Any]) -> int:
    """Claims in the days before, without those of any incident that was not dismissed: they were not usual."""
    states = [Incident.State.OPEN.value, Incident.State.CONFIRMED.value, Incident.State.CLOSED.value]
    return int(_rows(sql, {**values, "left_out": states})[0][0])


def _more_parcels(
    shop: Shop,
    start: date,
    end: date,
    span: int,
    claims: int,
    *,
    carrier: str = "",
    destination: str = "",
    location: int | None = None,
) -> float:
    """How many times as many parcels were sent from `start` to `end` as in the same time before; 1 at least.

    Where fewer parcels are known of the time before than claims on them (`claims`), history is missing: 1.
    """
    values = {"shop": shop.pk, "from": start, "since": start - timedelta(span), "until": end, "carrier": carrier,
              "destination": destination, "location": location}  # fmt: skip
    sent, whole = _rows(_PARCELS, values)[0]
    if whole - sent <= claims:
        return 1.0
    return float(max(1.0, sent / ((whole - sent) / span * (end - start).days)))


def _rows(sql: str, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
