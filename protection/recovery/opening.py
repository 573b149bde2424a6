"""Opening recoveries: by the clock, when a claim on a sent parcel is approved and can no longer be undone.

It never holds up the customer: the claim is not touched, and a fault here leaves the remedy as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from backoffice.isolation import isolated
from orders.models import Fulfillment
from orders.money import MoneyBag
from protection.filing import locked as locked_claim
from protection.models import CarrierCheck, Claim, Decision, Recovery
from protection.recovery.doubts import ask_withdraw
from protection.recovery.reckoning import facts_of, reckon
from protection.recovery.terms import carrier_named, terms_for, why_not_paid
from protection.shares import bag_of, part_of
from protection.windows import DELIVERED

AT_ONCE = 500  # claims in one run; the next minute takes the rest
LOOKED_AT_FOR = timedelta(days=120)  # carriers close near 60 days; an older decision is history
PAID = Q(outcome__in=[Claim.Outcome.APPROVED, Claim.Outcome.PARTIAL])
STANDS = Q(state__in=[Claim.State.RESOLVING, Claim.State.CLOSED]) & PAID


@dataclass(frozen=True, slots=True)
class Units:
    """So many units of a line that a decision approved, and what was paid for them."""

    decision: Decision
    quantity: int

    @property
    def value(self) -> MoneyBag:
        return part_of(bag_of(self.decision.value), Decimal(self.quantity) / self.decision.quantity)


def run(now: datetime | None = None) -> int:
    """By the clock: look at what was approved, and ask about what no longer is; returns how many were opened."""
    now = now or timezone.now()
    recent = Claim.objects.filter(STANDS, decided_at__gte=now - LOOKED_AT_FOR)
    new = recent.exclude(carrier_check__decided_at=F("decided_at")).order_by("decided_at")
    opened = 0
    for claim in list(new[:AT_ONCE]):
        with isolated("Looking for what a carrier owes", claim.public_id):
            opened += len(look(claim))
    ended = Claim.objects.filter(state=Claim.State.CLOSED, recoveries=OuterRef("pk")).exclude(PAID)
    news = ended.filter(closed_at__gt=Coalesce(OuterRef("doubt_settled_at"), OuterRef("created_at")))
    for recovery in Recovery.objects.filter(Exists(news), state__in=Recovery.OPEN, doubt="")[:AT_ONCE]:
        with isolated("Asking whether to withdraw", recovery.public_id):
            ask_withdraw(recovery, "A claim it rests on was closed without an approval.", by="system")
    return opened


@transaction.atomic
def look(claim: Claim) -> list[Recovery]:
    """Open a recovery for each parcel the carrier may owe this claim for, or add it to the parcel's open one.

    Safe to repeat. Where there is none, the claim's check says why.
    """
    claim = locked_claim(claim)
    if not Claim.objects.filter(STANDS, pk=claim.pk).exists() or claim.decided_at is None:
        return []
    opened, why_not = [], "Nothing of it was sent in a parcel."
    for parcel, units in _spread(claim):
        carrier = carrier_named(parcel.tracking_company)
        why_not = why_not_paid(claim, parcel, terms_for(carrier, parcel) if carrier else None)
        if not why_not:
            opened.append(_open(claim, parcel, units))
    words = "" if opened else why_not
    CarrierCheck.objects.update_or_create(claim=claim, defaults={"decided_at": claim.decided_at, "words": words})
    return opened


def _open(claim: Claim, parcel: Fulfillment, units: Sequence[Units]) -> Recovery:
    own = [_line(claim, one) for one in units]
    recovery = Recovery.objects.filter(parcel=parcel, state__in=Recovery.OPEN).first()
    if recovery is None and (earlier := Recovery.objects.filter(parcel=parcel, claims=claim).last()):
        return earlier  # it ended: what was filed and paid for this claim is not opened again by a new decision
    if recovery is None:
        recovery = Recovery(order=claim.order, parcel=parcel, carrier_name=parcel.tracking_company, lines=own)
        reckon(recovery)
        recovery.tell(Recovery.State.ELIGIBLE, by="system", **facts_of(recovery))
    elif own != [line for line in recovery.lines if line["claim"] == claim.public_id]:
        recovery.lines = [line for line in recovery.lines if line["claim"] != claim.public_id] + own
        if recovery.state == Recovery.State.ELIGIBLE:
            reckon(recovery)
        recovery.tell("reckoned", by="system", **facts_of(recovery))
    recovery.claims.add(claim)
    return recovery


def _line(claim: Claim, units: Units) -> dict[str, Any]:
    line = units.decision.item.line
    return {
        "claim": claim.public_id, "line": line.public_id, "title": str(line), "sku": line.sku,
        "quantity": units.quantity, "value": units.value.as_json(),
    }  # fmt: skip


def _spread(claim: Claim) -> Iterable[tuple[Fulfillment, list[Units]]]:
    """Which approved units were in which parcel. Nobody says: a lost one is looked for first in what did not arrive."""
    decisions = Decision.objects.filter(item__claim=claim, superseded=False).exclude(verdict=Decision.Verdict.DENY)
    left = {decision: decision.quantity for decision in decisions.select_related("item__line")}
    parcels = claim.order.fulfillments.exclude(status="cancelled").prefetch_related("scans").order_by("id")
    taken: dict[tuple[int, str], int] = {}
    for recovery in Recovery.objects.filter(order=claim.order):
        for line in recovery.lines:
            if line["claim"] != claim.public_id:
                key = (recovery.parcel_id, line["line"])
                taken[key] = taken.get(key, 0) + line["quantity"]
    came = claim.reason != Claim.Reason.LOST
    for parcel in sorted(parcels, key=lambda one: _arrived(one) != came):
        parcel.order = claim.order
        units = []
        for part in parcel.lines:
            for decision, number in left.items():
                line = decision.item.line
                free = part["quantity"] - taken.get((parcel.pk, line.public_id), 0)
                if line.remote_id == part["line"] and (found := min(number, free)) > 0:
                    units.append(Units(decision, found))
                    left[decision] -= found
                    taken[parcel.pk, line.public_id] = taken.get((parcel.pk, line.public_id), 0) + found
        if units:
            yield parcel, units


def _arrived(parcel: Fulfillment) -> bool:
    return any(scan.status in DELIVERED and scan.deleted_at is None for scan in parcel.scans.all())
