"""Facts of many claims at once, each as of a moment of its own: the same few queries for one claim or a thousand.

Nothing that became known after the moment counts: later claims, scans, photos, disputes, decisions. What an order
itself says (its address, items, tags, money) is read as it stands.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from orders.models import LineItem
from orders.money import Money, decimal_of
from protection.models import Claim, ClaimItem, Likeness
from protection.risk import parts
from protection.risk.facts import Alike, Facts, Scan, Twin
from protection.shares import share
from protection.windows import DELIVERED, NOT_MOVING

ALL = frozenset(parts.PARTS)


class Moment(NamedTuple):
    """When a claim is looked at, and until when photos count: they come some minutes after their claim."""

    at: datetime
    photos_until: datetime


def with_goods(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    """Claims with what `facts_of` reads of them, and no more."""
    lines = LineItem.objects.only("order", "remote_id", "sku", "quantity", "amounts")
    return (
        claims.select_related("order", "rule")
        .only(
            "public_id", "reason", "outcome", "state", "submitted_at", "eligible_at", "decided_at", "closed_at",
            "rule__return_needed", "order__shop", "order__customer", "order__currency", "order__taxes_included",
            "order__tags", "order__shipping_address", "order__processed_at", "order__remote_created_at",
        )
        .prefetch_related(Prefetch("items", ClaimItem.objects.prefetch_related(Prefetch("line", lines))))
    )  # fmt: skip


def facts_of(claims: Sequence[Claim], moments: Mapping[int, Moment], wanted: Collection[str] = ALL) -> dict[int, Facts]:
    """Facts by primary key of the claim; `wanted` names the parts (`protection.risk.parts`) that are read."""
    prefetch_related_objects(claims, "order", "rule", "items__line")
    known = {claim.pk: _own(claim, moments[claim.pk].at) for claim in claims}
    parcels = dict[int, list[dict[str, Any]]]()
    for part, pk, said in _read(claims, moments, wanted):
        if part == "parcels":
            parcels.setdefault(pk, []).append(said)
        else:
            known[pk] = replace(known[pk], **_MEANING[part](known[pk], said))
    for claim in claims if "parcels" in wanted else ():
        known[claim.pk] = replace(known[claim.pk], **_shipment(claim, parcels.get(claim.pk, [])))
    return known


def _own(claim: Claim, at: datetime) -> Facts:
    """What the claim and its order say themselves."""
    order, items = claim.order, claim.items.all()
    address = order.shipping_address or {}
    paid = (
        share(item.line, range(1, item.quantity + 1), taxes_included=order.taxes_included).shop.amount for item in items
    )
    return Facts(
        claim=claim.pk,
        at=at,
        reason=claim.reason,
        value=Money(sum(paid, Decimal(0)), order.currency),
        items=len(items),
        units=sum(item.quantity for item in items),
        skus=frozenset(item.line.sku.casefold() for item in items if item.line.sku),
        tags=frozenset(str(tag).casefold() for tag in order.tags),
        country=str(address.get("country_code") or "").upper(),
        city=str(address.get("city") or ""),
        zip=str(address.get("zip") or ""),
        has_customer=order.customer_id is not None,
        return_needed=claim.rule is not None and claim.rule.return_needed,
        first_order_at=order.placed_at if order.customer_id else None,
    )


def _read(
    claims: Sequence[Claim], moments: Mapping[int, Moment], wanted: Collection[str]
) -> Iterable[tuple[str, int, Any]]:
    """(part, claim, what it says) of each part that is wanted: one query for all of them."""
    chosen = [sql for name, sql in parts.PARTS.items() if name in wanted]
    if not chosen or not claims:
        return []
    pks = [claim.pk for claim in claims]
    values: dict[str, Any] = {
        "claims": pks,
        "moments": [moments[pk].at for pk in pks],
        "photos": [moments[pk].photos_until for pk in pks],
        **parts.LIMITS,
    }
    with connection.cursor() as cursor:
        cursor.execute(parts.HEAD + " UNION ALL ".join(chosen), values)
        return [(part, pk, json.loads(said)) for part, pk, said in cursor.fetchall()]


def _alike(facts: Facts, said: dict[str, Any]) -> dict[str, Any]:
    return {Likeness.Kind(said["kind"]).value: Alike(said["claims"], said["approved"], said["newest"])}


def _history(facts: Facts, said: dict[str, Any]) -> dict[str, Any]:
    earliest = [moment for moment in (facts.first_order_at, _moment(said["first"])) if moment]
    usual = None if said["average"] is None else Money(decimal_of(said["average"]), facts.value.currency)
    return {"first_order_at": min(earliest, default=None), "earlier_orders": said["orders"], "usual": usual}


def _basis(facts: Facts, said: dict[str, Any]) -> dict[str, Any]:
    return {"basis": "accepted" if said["override"] else "statutory" if said["statutory"] else "covered"}


_MEANING: dict[str, Callable[[Facts, dict[str, Any]], dict[str, Any]]] = {
    "alike": _alike,
    "history": _history,
    "basis": _basis,
    "photos": lambda facts, said: {"photos": said["photos"]},
    "twin": lambda facts, said: {"twin": Twin(said["claim"], said["same_file"])},
    "replacements": lambda facts, said: {"replacements": said["depth"]},
    "dispute": lambda facts, said: {"dispute": said["kind"]},
}


def _shipment(claim: Claim, parcels: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of the parcels with the claimed lines, of all where none names them (as `protection.windows` chooses)."""
    wanted = {item.line.remote_id for item in claim.items.all()}
    chosen = [parcel for parcel in parcels if wanted & {line["line"] for line in parcel["lines"]}] or parcels
    scans = [scan for parcel in chosen for scan in parcel["scans"] or ()]
    moved = [scan for scan in scans if scan["status"] not in NOT_MOVING]
    return {
        "carriers": frozenset(parcel["carrier"].casefold() for parcel in chosen if parcel["carrier"]),
        "last_scan": _newest(moved),
        "delivered": _newest([scan for scan in moved if scan["status"] in DELIVERED]),
    }


def _newest(scans: Sequence[dict[str, Any]]) -> Scan | None:
    if not scans:
        return None
    last = max(scans, key=lambda scan: (datetime.fromisoformat(scan["at"]), scan["id"]))
    at = datetime.fromisoformat(last["at"])
    return Scan(last["status"], at, last["city"], last["zip"], last["country"])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
