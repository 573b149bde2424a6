"""What is left of the money an order was paid with: never more than that goes back, whoever asks and by which way."""

from decimal import Decimal

from django.db.models import Q

from orders.models import Order
from orders.money import Money, MoneyBag, decimal_of
from protection.models import FeeRefund, Resolution
from protection.shares import SIDES, bag_of, less, total

Kind, State = Resolution.Kind, Resolution.State
GIVEN = (State.PLANNED, State.HELD, State.QUEUED, State.EXECUTED)


def left_of(order: Order) -> MoneyBag:
    """Paid less refunded, less what remedies have promised or given; the order's total where payments are not known.

    Call it with the order's row locked, or somebody else's remedy may be overlooked.
    """
    paid = MoneyBag(
        *(Money(_paid(order, side) - _refunded(order, side), currency)
          for side, currency in zip(SIDES, (order.currency, order.presentment_currency), strict=True))
    )  # fmt: skip
    return less(paid, total(map(bag_of, _promised(order)), paid))


def _promised(order: Order) -> list[dict[str, dict[str, str]]]:
    """Money that no refund of the order shows: remedies and parts of the fee that are to go out, and all credit."""
    by_refund = Q(kind=Kind.REFUND) | Q(kind=Kind.GOODWILL, paid_as__in=["", Kind.REFUND])
    money = Resolution.objects.filter(claim__order=order, kind__in=Resolution.MONEY, state__in=GIVEN, instead=None)
    fees = FeeRefund.objects.filter(coverage__order=order, state=FeeRefund.State.ASKED)
    return [
        *money.exclude(by_refund, state=State.EXECUTED).values_list("amount", flat=True),
        *fees.values_list("amount", flat=True),
    ]


def _paid(order: Order, side: str) -> Decimal:
    payments = list(order.payments.all())
    if not payments:
        whole = (order.amounts.get("total") or {}).get(side)
        return decimal_of(whole["amount"]) if whole else Decimal(0)
    received = (p.amount for p in payments if p.status == "success" and p.kind in ("sale", "capture"))
    return sum((decimal_of(amount[side]["amount"]) for amount in received), Decimal(0))


def _refunded(order: Order, side: str) -> Decimal:
    moved = [part for refund in order.refunds.all() for part in refund.transactions]
    given = [part for part in moved if part.get("kind") == "refund" and part.get("status") in ("success", "pending")]
    return sum((_on(part["amount"], side, order) for part in given), Decimal(0))


def _on(sides: dict[str, dict[str, str]], side: str, order: Order) -> Decimal:
    """One side of a movement; where only the other is known, in the proportion of the order's total."""
    if side in sides:
        return decimal_of(sides[side]["amount"])
    other = next(iter(sides))
    totals = order.amounts["total"]
    whole = decimal_of(totals[other]["amount"])
    return decimal_of(sides[other]["amount"]) * decimal_of(totals[side]["amount"]) / whole if whole else Decimal(0)
