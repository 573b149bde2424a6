"""Whether an order's total is the sum of its parts. Nothing is booked that does not add up; nobody invents a line.

Judged is only what cannot mislead: an order as it was placed. After edits and refunds the totals and the lines speak of
different moments, and where a part is not said there is no sum.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from orders.money import MoneyBag
from orders.snapshot import Amounts, LineSnapshot, ShippingLineSnapshot

SIDES = ("presentment", "shop")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a total is made: whether prices hold the tax and the duties already (None: not said).

    `tips` and `rounding` are what the order says of them beside its lines.
    """

    taxes_included: bool | None
    duties_included: bool | None = False
    tips: MoneyBag | None = None
    rounding: MoneyBag | None = None


def discrepancy(
    amounts: Amounts,
    lines: list[LineSnapshot],
    shipping: list[ShippingLineSnapshot] | None,
    terms: Terms,
    *,
    refunded: bool,
) -> Decimal | None:
    """Total less the sum of its parts in shop currency, 0 when they agree, None when it cannot be judged.

    The shopper pays in presentment money and the shop's side of each part is converted and rounded by itself: it is
    enough that one side adds up. Shopify's texts leave open whether shipping is said before or after its discount, and
    whether cash rounding is in the total: any reading that adds up is taken.
    """
    known = {"total", "discounts", "tax", "shipping"} <= amounts.keys() and shipping is not None
    untouched = not refunded and all(line.quantity == line.current_quantity for line in lines)
    if not (known and untouched and lines) or terms.taxes_included is None or terms.duties_included is None:
        return None
    differences = {side: _differences(amounts, lines, shipping or [], terms, side) for side in SIDES}
    if any(not difference for side in SIDES for difference in differences[side]):
        return Decimal(0)
    return differences["shop"][0]


def _differences(
    amounts: Amounts, lines: list[LineSnapshot], shipping: list[ShippingLineSnapshot], terms: Terms, side: str
) -> list[Decimal]:
    def of(bag: MoneyBag | None) -> Decimal:
        money = bag and (bag.shop if side == "shop" else bag.presentment)
        return money.amount if money else Decimal(0)

    def total(bags: Iterable[MoneyBag | None]) -> Decimal:
        return sum((of(bag) for bag in bags), Decimal(0))

    goods = sum((of(line.amounts["unit_price"]) * line.quantity for line in lines), Decimal(0))
    fixed = goods + of(amounts.get("additional_fees"))
    if not terms.taxes_included:
        fixed += of(amounts["tax"])
    if not terms.duties_included:
        fixed += of(amounts.get("duties"))
    if not any(line.tip for line in lines):
        fixed += of(terms.tips)
    off, off_lines = of(amounts["discounts"]), total(line.amounts.get("discount") for line in lines)
    said, gross = of(amounts["shipping"]), total(line.price for line in shipping if not line.removed)
    sums = [fixed - off + said, fixed - off + gross, fixed - off_lines + said]
    rounding = of(terms.rounding)
    return [of(amounts["total"]) - sum_ - more for more in (Decimal(0), rounding, -rounding) for sum_ in sums]
