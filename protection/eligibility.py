"""Reasons to refuse a claim, as pure questions: nothing here writes."""

from dataclasses import dataclass

from orders import entitlement
from orders.models import LineItem, Order, UnitUse
from protection.models import ClaimUnit, Coverage


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


def check_order(order: Order, coverage: Coverage | None) -> None:
    """Raise ClaimRefused unless the order is covered. Staff may file all the same, with a reason of their own."""
    if coverage is None:
        raise ClaimRefused("not_covered", f"Order {order} has no delivery guarantee.", "/order")
    if not coverage.in_force:
        status = coverage.get_status_display().lower()
        raise ClaimRefused("not_covered", f"The delivery guarantee of order {order} is {status}.", "/order")


def claimable_lines(order: Order) -> list[LineItem]:
    """Lines a claim may be about: goods, not the fee, a tip or a gift card."""
    return [line for line in order.lines.all() if why_not_claimable(line) is None]


def why_not_claimable(line: LineItem) -> tuple[str, str] | None:
    """(code, sentence) when no claim may ever be about this line, None otherwise."""
    coverage = Coverage.objects.select_related("plan_version").filter(order=line.order_id).first()
    if coverage and line.remote_id in coverage.fee_lines:
        return "fee_line", f"{line} is the fee for the delivery guarantee itself."
    if line.tip:
        return "tip_line", f"{line} is a tip."
    if line.gift_card:
        return "gift_card_line", f"{line} is a gift card, it was not shipped."
    return None


def units_to_claim(asked: ItemAsked, pointer: str) -> list[int]:
    """The units to file the claim for; raises ClaimRefused when there are not that many left."""
    line = asked.line
    if refusal := why_not_claimable(line):
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


def _removed_units(line: LineItem) -> int:
    """Units that an edit took off the order. Refunded ones lower the current quantity too, and are counted as used."""
    back = [UnitUse.Kind.REFUND, UnitUse.Kind.RETURN]
    refunded = UnitUse.objects.filter(line=line, kind__in=back, released_at=None).count()
    return max(0, line.quantity - line.current_quantity - refunded)
