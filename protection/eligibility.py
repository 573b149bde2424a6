"""Reasons to refuse a claim, as pure questions: nothing here writes."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from orders import entitlement
from orders.models import LineItem, Order, UnitUse
from protection.models import Claim, ClaimUnit, Coverage, ReasonRule, StatutoryDuty
from protection.models.reason_rule import REMEDIES
from protection.statutory import duty_for
from protection.windows import Timing

ONE_DAY = timedelta(days=1)
GONE_BACK = (UnitUse.Kind.REFUND, UnitUse.Kind.RETURN)


class ClaimRefused(Exception):
    """The claim cannot be filed. `code` is stable for programs, `pointer` names the field, the message says why."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class ItemAsked:
    """What somebody asks for: so many units of one line."""

    line: LineItem
    quantity: int


def check_order(order: Order, coverage: Coverage | None) -> StatutoryDuty | None:
    """Raise ClaimRefused unless the order is covered, or the law covers it: then the duty is returned.

    Staff may file all the same, with a reason of their own.
    """
    if coverage is not None and coverage.in_force:
        return None
    if duty := duty_for(order):
        return duty
    if coverage is None:
        raise ClaimRefused("not_covered", f"Order {order} has no delivery guarantee.", "/order")
    status = coverage.get_status_display().lower()
    raise ClaimRefused("not_covered", f"The delivery guarantee of order {order} is {status}.", "/order")


def promise_for(order: Order) -> Coverage | None:
    """The coverage a claim on this order rests on: its own, or that of the order which it replaces."""
    coverage = Coverage.objects.filter(order=order).first()
    if coverage is not None and coverage.in_force:
        return coverage
    first = followed_claim(order)
    return promise_for(first.order) if first else coverage


def followed_claim(order: Order) -> Claim | None:
    """The claim whose remedy this order is; a claim on it goes on where that one ended."""
    return Claim.objects.select_related("order__shop").filter(resolutions__replacement_order=order).first()


def check_timing(timing: Timing, reason: str) -> None:
    """Raise ClaimRefused when it is too late. Too early is no reason to refuse: the claim waits for its day."""
    if timing.state == "late":
        label = Claim.Reason(reason).label
        raise ClaimRefused("too_late", f"{label}: the time to claim is over. {timing.sentence}", "/reason")


def check_day(order: Order, happened_on: date | None, today: date) -> None:
    """Raise ClaimRefused for a day that cannot be: before the order, or in the future (a day's difference of zones)."""
    if happened_on is None:
        return
    if happened_on > today + ONE_DAY:
        raise ClaimRefused("date_in_future", f"{happened_on} has not come yet.", "/happened_on")
    if happened_on < order.placed_at.date() - ONE_DAY:
        sentence = f"Order {order} was placed on {order.placed_at:%-d %b %Y}, after {happened_on}."
        raise ClaimRefused("date_before_order", sentence, "/happened_on")


def check_choices(choices: Sequence[Mapping[str, Any]], rule: ReasonRule | None) -> None:
    """Raise ClaimRefused unless each remedy wished for is one the rule allows, none of them twice."""
    allowed = rule.remedies if rule else list(REMEDIES)
    for index, choice in enumerate(choices):
        remedy, pointer = choice.get("remedy"), f"/choices/{index}"
        if remedy not in allowed:
            sentence = f"{remedy} is not a remedy for this reason; choose of {', '.join(allowed)}."
            raise ClaimRefused("remedy_not_allowed", sentence, f"{pointer}/remedy")
        if remedy == "exchange" and not choice.get("variant_id"):
            raise ClaimRefused("variant_missing", "Say which variant you would like instead.", f"{pointer}/variant_id")
        if choice in choices[:index]:
            raise ClaimRefused("duplicate_choice", f"{remedy} is named twice.", pointer)


def fee_lines_of(order_id: int) -> list[int]:
    """Remote ids of the lines of an order (by its key) that are the fee."""
    return Coverage.objects.filter(order=order_id).values_list("fee_lines", flat=True).first() or []


def why_not_claimable(line: LineItem, fee_lines: Collection[int]) -> tuple[str, str] | None:
    """(code, sentence) when no claim may ever be about this line, None otherwise."""
    if line.remote_id in fee_lines:
        return "fee_line", f"{line} is the fee for the delivery guarantee itself."
    if line.tip:
        return "tip_line", f"{line} is a tip."
    if line.gift_card:
        return "gift_card_line", f"{line} is a gift card, it was not shipped."
    return None


def units_to_claim(asked: ItemAsked, pointer: str) -> list[int]:
    """The units to file the claim for; raises ClaimRefused when there are not that many left."""
    line = asked.line
    if refusal := why_not_claimable(line, fee_lines_of(line.order_id)):
        raise ClaimRefused(*refusal, pointer=pointer)
    if asked.quantity < 1:
        raise ClaimRefused("invalid_quantity", "The quantity must be at least 1.", f"{pointer}/quantity")
    if asked.quantity > line.quantity:
        raise ClaimRefused(
            "invalid_quantity", f"{asked.quantity} units asked, {line.quantity} of {line} were bought.",
            f"{pointer}/quantity",
        )  # fmt: skip
    free = entitlement.free_units(line)
    if asked.quantity > len(free):
        used = set(range(1, line.quantity + 1)) - set(free)
        raise ClaimRefused("unit_already_used", entitlement.why_used(line, used), f"{pointer}/quantity")
    removed = _removed_units(line)
    if asked.quantity > len(free) - removed:
        sentence = f"{removed} of {line.quantity} of {line} were taken off the order, they were never sent."
        raise ClaimRefused("removed_from_order", sentence, f"{pointer}/quantity")
    claimed = ClaimUnit.objects.filter(line=line, open=True).select_related("item__claim").order_by("unit")
    by_unit = {unit.unit: unit.item.claim.public_id for unit in claimed}
    left = [unit for unit in free if unit not in by_unit]
    if asked.quantity > len(left) - removed:
        other = next(iter(by_unit.values()))
        raise ClaimRefused("already_claimed", f"{line} is in the open claim {other} already.", f"{pointer}/quantity")
    return left[: asked.quantity]


def left_to_claim(order: Order, lines: Sequence[LineItem]) -> dict[int, int]:
    """How many units of each line, by its primary key, a claim could be about now; two queries for the whole order."""
    used = list(UnitUse.objects.filter(line__order=order, released_at=None).values_list("line_id", "unit", "kind"))
    claimed = set(ClaimUnit.objects.filter(line__order=order, open=True).values_list("line_id", "unit"))
    back = Counter(line for line, _, kind in used if kind in GONE_BACK)
    taken = Counter(line for line, _ in {(line, unit) for line, unit, _ in used} | claimed)
    return {
        line.pk: max(0, line.quantity - taken[line.pk] - max(0, line.quantity - line.current_quantity - back[line.pk]))
        for line in lines
    }


def _removed_units(line: LineItem) -> int:
    """Units that an edit took off the order. Refunded ones lower the current quantity too, and are counted as used."""
    refunded = UnitUse.objects.filter(line=line, kind__in=GONE_BACK, released_at=None).count()
    return max(0, line.quantity - line.current_quantity - refunded)
