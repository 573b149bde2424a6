"""What is to be expected of a carrier for a parcel, and until when: computed, and stored with what it came from."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from orders.models import Order
from orders.money import Money, MoneyBag, rounded, text_of
from protection.models import Carrier, CarrierTerms, Claim, Recovery
from protection.models.carrier import plain_name
from protection.recovery.actors import Actor, begin, locked
from protection.recovery.deadlines import filing_days
from protection.recovery.terms import carrier_named, terms_for
from protection.shares import bag_of, total

STORED = ("carrier_id", "terms_id", "opens_at", "last_day", "deadline", "currency", "expected")


def reckon(recovery: Recovery) -> bool:
    """Set carrier, terms, days and money as they are known now, unsaved; whether any of it is new.

    Nobody's entry is overwritten: a carrier that staff named stays.
    """
    before = [getattr(recovery, name) for name in STORED]
    parcel = recovery.parcel
    carrier = recovery.carrier or carrier_named(recovery.carrier_name)
    terms = terms_for(carrier, parcel) if carrier else None
    recovery.carrier, recovery.terms = carrier, terms
    claims = {line["claim"] for line in recovery.lines}
    reasons = set(Claim.objects.filter(public_id__in=claims).values_list("reason", flat=True))
    days = filing_days(terms, parcel, reasons)
    recovery.opens_at, recovery.last_day, recovery.deadline = days.opens_at, days.last_day, days.deadline
    recovery.deadline_from = days.facts
    money, recovery.expected_from = expected(recovery.lines, terms, recovery.order)
    recovery.currency = money.currency if money else recovery.order.currency
    recovery.expected = money.amount if money else None
    return before != [getattr(recovery, name) for name in STORED]


def expected(
    lines: Iterable[dict[str, Any]], terms: CarrierTerms | None, order: Order
) -> tuple[Money | None, dict[str, Any]]:
    """min(cover, goods + label) with what it was computed from; None with the reason where it cannot be told.

    One currency's amount is never computed from another's: a cover in dollars says something of an order in yen only
    where the shopper paid in dollars.
    """
    if terms is None:
        return None, {"why_not": "The carrier's terms are not known."}
    paid = value_of(lines, order)
    code = terms.cover_currency if terms.cover is not None or terms.label else order.currency
    side = next((side for side in (paid.shop, paid.presentment) if side.currency == code), None)
    if side is None:
        return None, {
            "why_not": f"The carrier's cover is in {code}, the order in {order.currency}: say the amount when filing.",
            "goods": _json(paid.shop),
        }
    percent = terms.cost_percent if terms.goods_at == CarrierTerms.GoodsAt.COST else Decimal(100)
    goods = Money(rounded(side.amount * percent / 100, code), code)
    whole = Money(goods.amount + rounded(terms.label, code), code)
    money = whole if terms.cover is None else Money(min(whole.amount, rounded(terms.cover, code)), code)
    return money, {
        "terms": terms.public_id, "terms_version": terms.number, "goods": _json(goods), "goods_at": terms.goods_at,
        "label": text_of(terms.label, code), "cover": None if terms.cover is None else text_of(terms.cover, code),
    }  # fmt: skip


def value_of(lines: Iterable[dict[str, Any]], order: Order) -> MoneyBag:
    """What was paid for the units of these lines."""
    nothing = MoneyBag(Money(Decimal(0), order.currency), Money(Decimal(0), order.presentment_currency))
    return total([bag_of(line["value"]) for line in lines], nothing)


@transaction.atomic
def reckon_again(recovery: Recovery, *, by: str, source: str = "") -> bool:
    """Compute anew what stands before filing, and journal what changed; whether anything did."""
    recovery = locked(recovery)
    if recovery.state != Recovery.State.ELIGIBLE or not reckon(recovery):
        return False
    recovery.warned_days = None
    recovery.tell("reckoned", by=by, source=source, **facts_of(recovery))
    return True


def parcels_moved(order: Order, *, by: str, source: str = "") -> None:
    """New scans may move the days that wait for filing; call it in the transaction that changed the order."""
    for recovery in Recovery.objects.filter(order=order, state=Recovery.State.ELIGIBLE):
        reckon_again(recovery, by=by, source=source)


def terms_entered(carrier: Carrier, *, by: str) -> int:
    """A carrier or its terms were entered or changed: compute anew what waits to be filed with it; returns how many.

    Those whose carrier nobody knew are among them, by the name on their parcel.
    """
    waiting = Recovery.objects.filter(state=Recovery.State.ELIGIBLE)
    names = carrier.plain_names
    unknown = waiting.filter(carrier=None).values_list("carrier_name", flat=True).distinct()
    own = [name for name in unknown if plain_name(name) in names]
    rows = waiting.filter(Q(carrier=carrier) | Q(carrier=None, carrier_name__in=own))
    in_turn = rows.order_by("order_id", "id")  # each locks its order: two who do this lock them in one order
    return sum(reckon_again(recovery, by=by) for recovery in in_turn)


@transaction.atomic
def name_carrier(recovery: Recovery, carrier: Carrier, *, actor: Actor) -> Recovery:
    """Staff say who carried the parcel, where the shop does not or is wrong; raises RecoveryRefused."""
    recovery = begin(recovery, "name_carrier", actor)
    recovery.carrier = carrier
    reckon(recovery)
    recovery.warned_days = None
    recovery.tell("reckoned", by=actor.by, **facts_of(recovery))
    return recovery


def facts_of(recovery: Recovery) -> dict[str, Any]:
    """What the journal says of its money and days."""
    amount = recovery.money(recovery.expected)
    return {
        "claims": sorted({line["claim"] for line in recovery.lines}),
        "carrier": recovery.carrier.public_id if recovery.carrier else None,
        "expected": _json(amount) if amount else None,
        "opens_at": recovery.opens_at and recovery.opens_at.isoformat(),
        "last_day": recovery.last_day and recovery.last_day.isoformat(),
    }


def _json(money: Money) -> dict[str, str]:
    return {"amount": text_of(money.amount, money.currency), "currency": money.currency}
