"""What of an order a customer may claim, and why not the rest: questions only, in the customer's words."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils import timezone

from orders.models import LineItem, Order, StockItem
from orders.money import decimal_of
from protection.customer.phrases import say
from protection.customer.refusals import SENTENCES
from protection.customer.timing_words import reason_words, short
from protection.eligibility import (
    ClaimRefused,
    ItemAsked,
    check_order,
    fee_lines_of,
    left_to_claim,
    promise_for,
    units_to_claim,
    why_not_claimable,
)
from protection.models import Claim, ReasonRule
from protection.models.reason_rule import REMEDIES
from protection.promise import promise_of
from protection.rules import rules_for
from protection.windows import Timing, shipment_of, timing

MOST_VARIANTS = 60  # in the list of what else could be sent
NOT_COVERED = {
    "not_chosen": "The delivery guarantee was not chosen for this order.",
    "removed": "The fee for the delivery guarantee was taken off this order again.",
    "void": "This order was cancelled.",
    "expired": "The time of the delivery guarantee for this order is over.",
    "no_goods": "Nothing of this order is shipped.",
    "no_plan": "There was no delivery guarantee for your country when this order was placed.",
}
NEVER = {
    "fee_line": "This is the fee for the guarantee itself.",
    "tip_line": "This is a tip.",
    "gift_card_line": "A gift card is not shipped.",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the order: how many units may be claimed, or why none."""

    line: LineItem
    left: int
    why_not: str


@dataclass(frozen=True, slots=True)
class ReasonOffered:
    value: str
    label: str
    timing: Timing
    when: str


def why_not_covered(order: Order) -> str:
    """Why neither the guarantee nor the law covers this order; "" where one of them does."""
    try:
        check_order(order, promise_for(order))
    except ClaimRefused:
        return say(NOT_COVERED.get(promise_of(order).code, NOT_COVERED["not_chosen"]))
    return ""


def items_of(order: Order) -> list[Item]:
    """Every line of the order, in its order."""
    lines = list(order.lines.all())
    left, fees = left_to_claim(order, lines), fee_lines_of(order.pk)
    return [_item(line, left[line.pk], fees) for line in lines]


def _item(line: LineItem, left: int, fees: Collection[int]) -> Item:
    if never := why_not_claimable(line, fees):
        return Item(line, 0, say(NEVER[never[0]]))
    if left:
        return Item(line, left, "")
    try:
        units_to_claim(ItemAsked(line, 1), "")
    except ClaimRefused as reason:
        return Item(line, 0, say(SENTENCES[reason.code]) if reason.code in SENTENCES else str(reason))
    return Item(line, 1, "")


def reasons_of(order: Order, lines: Iterable[LineItem] = ()) -> list[ReasonOffered]:
    """Every reason with where it stands in time for the parcels with these lines (all of them without any)."""
    rules = rules_for(order.shop, order.placed_at)
    shipment, now = shipment_of(order, list(lines)), timezone.now()
    found = [(reason, timing(rules.get(reason), shipment, now)) for reason in Claim.Reason.values]
    return [ReasonOffered(reason, reason_words(reason), one, short(one)) for reason, one in found]


def wishes_of(order: Order, rule: ReasonRule | None, lines: Iterable[LineItem]) -> list[tuple[str, str]]:
    """(value, words) of what the customer may ask for, best first; "exchange:42" is another variant, by its id.

    Credit is offered to customers the shop knows only: a guest has no account to put it on.
    """
    customer = order.customer
    credit = customer is not None and not customer.deleted_at
    wishes = []
    for remedy in rule.remedies if rule else ("replacement", "refund"):
        if remedy == "exchange":
            wishes += [(f"exchange:{variant}", say("This instead: {title}", title=title))
                       for variant, title in _variants(order, lines)]  # fmt: skip
        elif credit or remedy not in ("store_credit", "gift_card"):
            wishes.append((remedy, say(REMEDIES[remedy])))
    return wishes


def _variants(order: Order, lines: Iterable[LineItem]) -> list[tuple[int, str]]:
    """Other variants of the same products that cost no more, as far as the shop's shelves are known to us."""
    lines = [line for line in lines if line.product_id]
    own = {line.variant_id for line in lines}
    paid = {line.product_id: decimal_of(line.amounts["unit_price"]["shop"]["amount"]) for line in lines}
    known = StockItem.objects.filter(shop=order.shop, product_id__in=paid, deleted_at=None, variant_id__isnull=False)
    return [
        (item.variant_id, str(item))
        for item in known.exclude(variant_id__in=own).order_by("title", "id")[:MOST_VARIANTS]
        if item.variant_id and (item.price is None or item.price <= paid[item.product_id])
    ]
