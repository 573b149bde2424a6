"""Scans that come after a claim: they raise the question whether the parcel arrived, and never close a claim."""

from typing import Any

from django.db import transaction

from orders.journal import record
from orders.models import Order
from protection.eligibility import ClaimRefused
from protection.filing import locked
from protection.models import Claim
from protection.recovery import doubts, reckoning
from protection.standing import under_way
from protection.verbs import check
from protection.windows import DELIVERED, shipment_of

State = Claim.State
# A parcel that comes after all matters where the claim said that it did not.
NOT_COME = frozenset({Claim.Reason.LOST, Claim.Reason.NOT_RECEIVED, Claim.Reason.STOLEN, Claim.Reason.RETURNED,
                      Claim.Reason.DELAYED, Claim.Reason.CUSTOMS, Claim.Reason.WRONG_ADDRESS})  # fmt: skip
FOUND = {"keep": "The customer keeps it", "return": "It is sent back", "pay": "The customer pays for it"}
PAID = frozenset({Claim.Outcome.APPROVED, Claim.Outcome.PARTIAL})


@transaction.atomic(savepoint=False)
def order_moved(order: Order, *, by: str, source: str = "") -> None:
    """What new scans of this order mean for its claims and recoveries; in the transaction that changed it.

    A claim that waits: the customer is asked whether it arrived. One that was paid for: staff are told that the parcel
    was found. Both once for each scan, however often the order comes by.
    """
    claims = Claim.objects.filter(order=order, reason__in=NOT_COME).exclude(state__in=[State.DRAFT, State.SUBMITTED])
    for claim in claims.order_by("id"):
        if claim.state == State.WAITING:
            _ask_arrived(locked(claim))
        elif claim.state in (State.DECIDED, State.RESOLVING, State.CLOSED) and claim.outcome in PAID:
            _tell_found(locked(claim), by, source)
    reckoning.parcels_moved(order, by=by, source=source)


@transaction.atomic
def say_arrived(claim: Claim, arrived: bool, *, by: str, source: str = "") -> Claim:
    """The customer says whether it came. Yes closes the claim; no keeps it, and ends the wait where it was delivered.

    Raises ClaimRefused, MoveRefused.
    """
    claim = locked(claim)
    if claim.state in (State.DECIDED, State.RESOLVING) or (arrived and under_way(claim)):
        raise ClaimRefused("already_decided", "This claim was decided; a remedy is under way.")
    check(claim, "say_arrived", by=by)
    if arrived:
        claim.move_to(State.CLOSED, by=by, source=source, outcome=Claim.Outcome.ARRIVED)
        return claim
    if claim.state == State.WAITING:
        claim.next_actor = Claim.NEXT_ACTOR[State.WAITING]
        claim.save(update_fields=["next_actor", "updated_at"])
    record("claim.not_arrived", **_about(claim), by=by, source=source, next_actor=claim.next_actor)
    if claim.state == State.WAITING and claim.seen_scan and claim.seen_scan.status in DELIVERED:
        why = "The carrier says it was delivered, the customer says it did not arrive."
        claim.move_to(State.IN_REVIEW, by=by, source=source, why=why)
    return claim


@transaction.atomic
def settle_found(claim: Claim, how: str, *, by: str, note: str = "") -> Claim:
    """Staff say what becomes of a parcel that was found (`how`: one of FOUND). Off their list, and on record.

    Raises ClaimRefused reason_missing or nothing_found, MoveRefused.
    """
    if how not in FOUND:
        raise ClaimRefused("reason_missing", f"Say what becomes of the parcel: {', '.join(FOUND)}.")
    claim = locked(claim)
    check(claim, "settle_found", by=by)
    if not claim.found_open:
        raise ClaimRefused("nothing_found", "No parcel of this claim waits to be settled.")
    claim.found_open = False
    claim.save(update_fields=["found_open", "updated_at"])
    why = f"{FOUND[how]}. {note.strip()}" if note.strip() else FOUND[how]
    record("claim.found_settled", **_about(claim), by=by, how=how, why=why)
    return claim


def _ask_arrived(claim: Claim) -> None:
    """A scan we have not asked about yet: ask. The day the claim waits for stays as the customer was told."""
    lines = [item.line for item in claim.items.select_related("line")]
    newest = shipment_of(claim.order, lines).newest_scan
    if newest is None or newest == claim.seen_scan:
        return
    if claim.seen_scan and newest.turn < claim.seen_scan.turn:
        return  # the one that was seen has been taken back
    claim.seen_scan, claim.next_actor = newest, Claim.Actor.CUSTOMER
    claim.save(update_fields=["seen_scan", "next_actor", "updated_at"])
    record("claim.asked_arrived", **_about(claim), by="system", scan=newest.status,
           happened_at=newest.happened_at.isoformat(), next_actor=claim.next_actor)  # fmt: skip


def _tell_found(claim: Claim, by: str, source: str) -> None:
    lines = [item.line for item in claim.items.select_related("line")]
    delivered = shipment_of(claim.order, lines).events.get("delivery_scan")
    decided_at = claim.decided_at or claim.closed_at
    if claim.found_at or delivered is None or decided_at is None or delivered.at <= decided_at:
        return
    claim.found_at, claim.found_open = delivered.at, True
    claim.save(update_fields=["found_at", "found_open", "updated_at"])
    record("claim.parcel_found", **_about(claim), by=by, source=source, parcel=delivered.proof,
           happened_at=delivered.at.isoformat())  # fmt: skip
    doubts.parcel_found(claim, delivered.proof)


def _about(claim: Claim) -> dict[str, Any]:
    return {"shop": claim.order.shop, "order": claim.order, "subject": claim.public_id}
