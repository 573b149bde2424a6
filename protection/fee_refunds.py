"""The fee pro rata: what of it is due back when covered goods are taken off the order before anything was sent.

The share of the covered value that is gone is the share of the fee that is due, each currency by itself and rounded to
what can be paid. Nothing is due once a parcel was sent or a claim approved. Call everything here with the order locked.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from orders import changes
from orders.changes import ChangeRefused
from orders.journal import record
from orders.models import Change, LineItem, Order
from orders.money import Money, MoneyBag, decimal_of, rounded
from protection import fees
from protection.models import Coverage, Decision, FeeRefund, PlanVersion
from protection.quoting import CartLine, why_excluded
from protection.shares import bag_of, least, less, share, total

State = FeeRefund.State
NOTE = "Part of the delivery guarantee's fee"
SETTLED = (State.ASKED, State.PAID, State.DROPPED)
ENDED = (Change.State.DONE, Change.State.FAILED, Change.State.WITHDRAWN)


def covered_value(version: PlanVersion, order: Order, lines: Iterable[LineItem], *, bought: bool = False) -> MoneyBag:
    """What was paid for the covered units that are still on the order, or for all that were `bought`."""
    worth = (
        share(line, range(1, (line.quantity if bought else line.current_quantity) + 1),
              taxes_included=order.taxes_included)
        for line in _covered(version, lines)
    )  # fmt: skip
    return total(worth, _nothing(order))


def look(coverage: Coverage, lines: Sequence[LineItem]) -> None:
    """See what is due back now, in the transaction that changed the order; safe to call however often.

    A new part is proposed to staff, or asked for at once where the plan says so. What is due no more is dropped.
    """
    if not any(line.current_quantity < line.quantity for line in lines):
        return
    waiting = coverage.fee_refunds.filter(state__in=FeeRefund.OPEN).first()
    if waiting is not None and waiting.state == State.ASKED:
        return
    if waiting is not None and not _left(coverage, lines).presentment.amount:
        _drop(waiting, "The fee is off the order.", by="system")
        return
    if not _is_due(coverage):
        return
    part = _part(coverage, lines)
    nothing = not bag_of(part.amount).presentment.amount
    if waiting.amount == part.amount if waiting else nothing:
        return
    if waiting is not None:
        part.pk, part.public_id, part.created_at = waiting.pk, waiting.public_id, waiting.created_at
        if nothing:  # kept as what it is now, or it would count as settled
            _drop(part, "Other goods came in their place.", by="system")
            return
    part.save(force_update=waiting is not None)
    _tell_part(part, "proposed", by="system")
    if coverage.plan_version.pro_rata == PlanVersion.ProRata.AUTOMATIC:
        try:
            with transaction.atomic():
                give(part, by="system")
        except ChangeRefused as refusal:
            part = FeeRefund.objects.get(pk=part.pk)
            part.failure = f"Not asked for by itself: {refusal}"
            part.save(update_fields=["failure", "updated_at"])


@transaction.atomic
def give(part: FeeRefund, *, by: str) -> Change:
    """Ask the shop to pay this part back. Raises ChangeRefused: wrong_state, claim_approved, fee_under_way, no_fee …"""
    part = _locked(part)
    coverage = part.coverage
    if part.state != State.PROPOSED:
        raise ChangeRefused("wrong_state", f"This part of the fee: {part.get_state_display().lower()}.")
    if _approved(coverage.order):
        raise ChangeRefused("claim_approved", "A claim on this order was approved: nothing of the fee goes back.")
    if fees.under_way(coverage):
        raise ChangeRefused("fee_under_way", "The fee itself is on its way back already.")
    amount = least(bag_of(part.amount), _left(coverage, list(coverage.order.lines.all())))
    if not amount.presentment.amount:
        raise ChangeRefused("no_fee", f"{coverage.order} has no fee to give back.")
    lines = fees.lines_to_refund(coverage) if part.whole else []
    part.amount, part.state, part.failure, part.settled_by = amount.as_json(), State.ASKED, "", by[:255]
    part.save()
    _tell_part(part, "asked", by=by)
    return changes.refund(
        coverage.order, lines=lines, amount=part.amount["presentment"]["amount"], note=NOTE, by=by,
        reference=part.public_id,
    )  # fmt: skip


@transaction.atomic
def drop(part: FeeRefund, why: str, *, by: str) -> FeeRefund:
    """Staff do not give it back, for a reason that is kept; raises ChangeRefused reason_needed, wrong_state."""
    if not why.strip():
        raise ChangeRefused("reason_needed", "Say why it is not given back.", "/why")
    part = _locked(part)
    if part.state != State.PROPOSED:
        raise ChangeRefused("wrong_state", f"This part of the fee: {part.get_state_display().lower()}.")
    return _drop(part, why.strip(), by=by)


@transaction.atomic
def ended(change: Change) -> None:
    """The shop has paid it, or never will; then staff decide again. Safe to call again."""
    part = FeeRefund.objects.filter(public_id=change.reference).first()
    if part is None:
        return
    part = _locked(part)
    last = Change.objects.filter(reference=part.public_id).latest("id")
    if part.state != State.ASKED or change.state not in ENDED or change.pk != last.pk:
        return
    if change.state == Change.State.DONE:
        part.state, part.paid_at = State.PAID, timezone.now()
        part.save()
        _tell_part(part, "paid", by="shopify")
        look(part.coverage, list(part.coverage.order.lines.all()))
        return
    part.state, part.failure = State.PROPOSED, change.failure or "It was given up before it was sent."
    part.save()
    _tell_part(part, "refused", by="shopify", reason=part.failure[:500])


def _is_due(coverage: Coverage) -> bool:
    """Whether anything can be due: not sent, no claim approved, the plan gives it, and the value covered is known."""
    never = coverage.plan_version.pro_rata == PlanVersion.ProRata.NEVER
    unsent = coverage.status == Coverage.Status.INACTIVE
    return unsent and bool(coverage.covered) and not never and not _approved(coverage.order)


def _part(coverage: Coverage, lines: Sequence[LineItem]) -> FeeRefund:
    """What is due now beyond what was settled before; not saved."""
    order, base = coverage.order, bag_of(coverage.covered)
    now = covered_value(coverage.plan_version, order, lines)
    whole = not any(line.current_quantity for line in _covered(coverage.plan_version, lines))
    fee, removed = fees.paid(coverage, lines), less(base, now)
    parts = zip((fee.shop, fee.presentment), (removed.shop, removed.presentment), (base.shop, base.presentment),
                strict=True)  # fmt: skip
    target = fee if whole else MoneyBag(*(_pro_rata(f, r.amount, b.amount) for f, r, b in parts))
    amount = least(less(target, fees.gone_back(coverage, *SETTLED)), _left(coverage, lines))
    return FeeRefund(
        coverage=coverage, amount=amount.as_json(), removed=removed.as_json(), covered=coverage.covered, whole=whole
    )


def _pro_rata(fee: Money, removed: Decimal, base: Decimal) -> Money:
    return Money(rounded(fee.amount * removed / base, fee.currency) if base else Decimal(0), fee.currency)


def _left(coverage: Coverage, lines: Sequence[LineItem]) -> MoneyBag:
    """What of the fee stands on the order and has not gone back in parts."""
    return less(fees.paid(coverage, lines), fees.gone_back(coverage, State.ASKED, State.PAID))


def _covered(version: PlanVersion, lines: Iterable[LineItem]) -> list[LineItem]:
    """Lines that the fee was paid for, as far as a line tells it (tags of products do not stand on orders)."""
    return [line for line in lines if not line.tip and why_excluded(version, _as_in_cart(line)) is None]


def _as_in_cart(line: LineItem) -> CartLine:
    said = {name: decimal_of(bag["shop"]["amount"]) for name, bag in line.amounts.items() if bag}
    return CartLine(
        line.quantity, said["unit_price"], said.get("discount", Decimal(0)), sku=line.sku, variant_id=line.variant_id,
        product_id=line.product_id, requires_shipping=line.requires_shipping, gift_card=line.gift_card,
    )  # fmt: skip


def _approved(order: Order) -> bool:
    given = Decision.objects.filter(item__claim__order=order, superseded=False)
    return given.exclude(verdict=Decision.Verdict.DENY).exists()


def _nothing(order: Order) -> MoneyBag:
    return MoneyBag(Money(Decimal(0), order.currency), Money(Decimal(0), order.presentment_currency))


def _locked(part: FeeRefund) -> FeeRefund:
    Order.objects.select_for_update(of=("self",)).get(pk=part.coverage.order_id)
    rows = FeeRefund.objects.select_for_update(of=("self",))
    return rows.select_related("coverage__order__shop", "coverage__plan_version__plan").get(pk=part.pk)


def _drop(part: FeeRefund, why: str, *, by: str) -> FeeRefund:
    part.state, part.why, part.settled_by = State.DROPPED, why, by[:255]
    part.save()
    _tell_part(part, "dropped", by=by, why=why)
    return part


def _tell_part(part: FeeRefund, verb: str, *, by: str, **facts: str) -> None:
    order = part.coverage.order
    record(f"fee_refund.{verb}", shop=order.shop, order=order, subject=part.public_id, by=by, amount=part.amount,
           **facts)  # fmt: skip
