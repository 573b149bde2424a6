"""Approved claims on parcels that carriers carried, for tests of recovery."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from orders.models import Fulfillment, Order
from protection import resolutions
from protection.models import Carrier, CarrierTerms, Claim, Recovery
from protection.recovery import ending, filing, opening
from protection.recovery.actors import LEAD, Actor
from protection.recovery.default_terms import BEGIN, REASONS
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.parcels import send

ANA = Actor("staff:ana", "agent")
LEA = Actor("staff:lea", LEAD)
ACME = Actor("partner:acme", "partner")


def shipped(order: Order | None = None, company: str = "UPS", days_ago: int = 20, **fields: Any) -> Fulfillment:
    """A parcel of all the order's lines that was sent and scanned once, so many days ago."""
    order = order or make_covered_order()
    at = timezone.now() - timedelta(days=days_ago)
    parcel = send(order, ("in_transit", at), sent_at=at)
    Fulfillment.objects.filter(pk=parcel.pk).update(
        **{"tracking_company": company, "tracking_numbers": ["1Z999AA1"], "name": "#1001-F1", **fields}
    )
    parcel.refresh_from_db()
    return parcel


def granted(parcel: Fulfillment | None = None, reason: str = "lost", quantity: int = 1) -> Claim:
    """A claim on a parcel that was approved whole and can no longer be undone."""
    parcel = parcel or shipped()
    return grant(make_claim(parcel.order, reason=reason, quantity=quantity))


def grant(claim: Claim) -> Claim:
    """Approve it whole, past undoing."""
    if claim.state == Claim.State.WAITING:
        claim.move_to(Claim.State.IN_REVIEW, by="system")
    decide(claim, User.objects.filter(username="ana").first() or make_agent(limit=None))
    for resolution in claim.resolutions.all():
        resolutions.start(resolution)
    claim.refresh_from_db()
    return claim


def make_recovery(parcel: Fulfillment | None = None, **claimed: Any) -> Recovery:
    """The recovery of a parcel whose lost teapot was approved."""
    (recovery,) = opening.look(granted(parcel, **claimed))
    return recovery


def make_terms(name: str = "Parcelforce", aliases: list[str] | None = None, **fields: Any) -> CarrierTerms:
    """Terms of a carrier: 100 USD, from 5 days after it was sent until 60 days after."""
    carrier, _ = Carrier.objects.get_or_create(name=name, defaults={"aliases": aliases or []})
    defaults: dict[str, Any] = {
        "number": carrier.terms.count() + 1, "effective_from": BEGIN, "opens_from": ["ship_date"], "opens_after": 5,
        "closes_from": ["ship_date"], "closes_after": 60, "cover": Decimal(100), "cover_currency": "USD",
        "reasons": REASONS,
    }  # fmt: skip
    return CarrierTerms.objects.create(carrier=carrier, **{**defaults, **fields})


def recovery_in(state: str) -> Recovery:
    """A recovery that came to `state` by the verbs themselves."""
    recovery = make_recovery()
    if state == Recovery.State.EXPIRED:
        from_then = timezone.now() - timedelta(days=1)
        Recovery.objects.filter(pk=recovery.pk).update(deadline=from_then, last_day=from_then.date())
        ending.run()
    elif state == Recovery.State.WRITTEN_OFF:
        ending.write_off(recovery, "Not worth it", actor=LEA)
    elif state != Recovery.State.ELIGIBLE:
        filing.file(recovery, actor=ANA)
    if state == Recovery.State.NEEDS_INFO:
        filing.carrier_asks(recovery, "A photo of the label", actor=ANA)
    elif state == Recovery.State.APPROVED:
        filing.approve(recovery, actor=ANA)
    elif state == Recovery.State.DENIED:
        filing.deny(recovery, "Delivered, says the carrier", actor=ANA)
    elif state == Recovery.State.PAID:
        filing.pay(recovery, actor=ANA)
    recovery.refresh_from_db()
    assert recovery.state == state
    return recovery
