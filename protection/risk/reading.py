"""Facts of many claims at once, each as of a moment of its own: one query, for one claim or for thousands.

Nothing that became known after the moment counts: later claims, scans, photos, disputes, decisions. What an order
itself says (its address, items, tags, money) is read as it stands.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from orders.money import Money, decimal_of
from orders.scans import turn
from protection.models import Likeness
from protection.risk import parts
from protection.risk.facts import Alike, Facts, Scan, Twin
from protection.shares import share_on
from protection.windows import DELIVERED, NOT_MOVING

ALL = frozenset(parts.PARTS)
Said = dict[str, Any]


class Moment(NamedTuple):
    """When a claim is looked at, and until when photos count: they come some minutes after their claim."""

    at: datetime
    photos_until: datetime


class _Line(NamedTuple):
    """A claimed line, as far as its price goes."""

    quantity: int
    amounts: Said


def facts_of(moments: Mapping[int, Moment], wanted: Collection[str] = ALL) -> dict[int, Facts]:
    """Facts of the claims with these primary keys; `wanted` names the parts (`protection.risk.parts`) that are read."""
    known = dict[int, Said]()  # claim → fields of Facts
    parcels, items = dict[int, list[Said]](), dict[int, list[Said]]()
    later = list[tuple[str, int, Said]]()
    for part, pk, said in _read(moments, wanted):
        if part == "own":
            known[pk], items[pk] = _own(pk, moments[pk].at, said), said["items"] or []
        elif part == "parcels":
            parcels.setdefault(pk, []).append(said)
        else:
            later.append((part, pk, said))
    for part, pk, said in later:
        known[pk] |= _MEANING[part](known[pk], said)
    for pk, own in parcels.items():
        known[pk] |= _shipment({item["line"] for item in items[pk]}, own)
    return {pk: Facts(**fields) for pk, fields in known.items()}


def _read(moments: Mapping[int, Moment], wanted: Collection[str]) -> Sequence[tuple[str, int, Said]]:
    """(part, claim, what it says) of each part that is wanted."""
    chosen = [parts.OWN, *(sql for name, sql in parts.PARTS.items() if name in wanted)]
    values: Said = {
        "claims": list(moments),
        "moments": [moment.at for moment in moments.values()],
        "photos": [moment.photos_until for moment in moments.values()],
        **parts.LIMITS,
    }
    with connection.cursor() as cursor:
        cursor.execute(parts.HEAD + " UNION ALL ".join(chosen), values)
        return cursor.fetchall()


def _own(pk: int, at: datetime, said: Said) -> Said:
    """What the claim and its order say themselves."""
    items, address, currency = said["items"] or [], said["address"] or {}, said["currency"]
    placed_at = _moment(said["placed_at"])
    paid = (
        share_on(
            _Line(item["quantity"], item["amounts"]), range(1, item["units"] + 1), "shop",
            taxes_included=said["taxes_included"],
        ).amount
        for item in items
    )  # fmt: skip
    return {
        "claim": pk,
        "at": at,
        "shop": said["shop"],
        "customer_id": said["customer"],
        "reason": said["reason"],
        "value": Money(sum(paid, Decimal(0)), currency),
        "items": len(items),
        "units": sum(item["units"] for item in items),
        "skus": frozenset(item["sku"].casefold() for item in items if item["sku"]),
        "tags": frozenset(str(tag).casefold() for tag in said["tags"]),
        "country": str(address.get("country_code") or "").upper(),
        "city": str(address.get("city") or ""),
        "zip": str(address.get("zip") or ""),
        "return_needed": said["return_needed"],
        "first_order_at": placed_at if said["customer"] else None,
    }


def _alike(known: Said, said: Said) -> Said:
    found = {said["kind"]: Alike(said["claims"], said["newest"])}
    return found | {"customer_approved": said["approved"]} if said["kind"] == Likeness.Kind.CUSTOMER else found


def _history(known: Said, said: Said) -> Said:
    earliest = [moment for moment in (known["first_order_at"], _moment(said["first"])) if moment]
    usual = None if said["average"] is None else Money(decimal_of(said["average"]), known["value"].currency)
    return {"first_order_at": min(earliest, default=None), "earlier_orders": said["orders"], "usual": usual}


def _basis(known: Said, said: Said) -> Said:
    return {"basis": "accepted" if said["override"] else "statutory" if said["statutory"] else "covered"}


# Part → what it says, as fields of Facts; called with the fields that are known already.
_MEANING: dict[str, Callable[[Said, Said], Said]] = {
    "alike": _alike,
    "history": _history,
    "basis": _basis,
    "photos": lambda known, said: {"photos": said["photos"]},
    "twin": lambda known, said: {"twin": Twin(said["claim"], said["same_file"])},
    "replacements": lambda known, said: {"replacements": said["depth"]},
    "dispute": lambda known, said: {"dispute": said["kind"]},
}


def _shipment(lines: Collection[int], parcels: Sequence[Said]) -> Said:
    """Of the parcels with the claimed lines, of all where none names them (as `protection.windows` chooses)."""
    chosen = [parcel for parcel in parcels if any(line["line"] in lines for line in parcel["lines"])] or parcels
    scans = [scan for parcel in chosen for scan in parcel["scans"] or () if scan["status"] not in NOT_MOVING]
    return {
        "carriers": frozenset(parcel["carrier"].casefold() for parcel in chosen if parcel["carrier"]),
        "last_scan": _newest(scans),
        "delivered": _newest([scan for scan in scans if scan["status"] in DELIVERED]),
    }


def _newest(scans: Sequence[Said]) -> Scan | None:
    if not scans:
        return None
    last = max(scans, key=lambda scan: turn(datetime.fromisoformat(scan["at"]), scan["status"], scan["id"]))
    return Scan(last["status"], datetime.fromisoformat(last["at"]), last["city"], last["zip"], last["country"])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
