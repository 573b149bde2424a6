"""What was paid for each unit of an order, to the last cent. Pure: nothing here asks the database.

A line was paid with price × quantity less its discounts (the shop spreads those of the order over its lines), plus
its tax where prices do not hold it. That sum is given to the units by largest remainder in the currency's smallest
coin: the first units get one coin more, so all units are exactly what was paid, in each currency by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from orders.models import LineItem, Order
from orders.money import Money, MoneyBag, decimal_of, minor_units, rounded

SIDES = ("shop", "presentment")


class Priced(Protocol):
    """A line, or what was read of one: so many units for the amounts of `LineItem.amounts`."""

    @property
    def quantity(self) -> int: ...

    @property
    def amounts(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Extras:
    """What a unit's share holds besides the goods, as the rule of the claim's reason says."""

    shipping: bool = False
    fee: bool = False
    duties: bool = False
    tax: bool = True  # that on the goods, on shipping and on the fee


def share(line: LineItem, units: Iterable[int], *, taxes_included: bool | None) -> MoneyBag:
    """What was paid for these units (numbers from 1) of a line, without shipping, fee or duties."""
    numbers = list(units)
    return MoneyBag(*(share_on(line, numbers, side, taxes_included=taxes_included) for side in SIDES))


def share_on(line: Priced, units: Iterable[int], side: str, *, taxes_included: bool | None) -> Money:
    """The same on one side of the money, for whoever asks of a great many lines."""
    currency = line.amounts["unit_price"][side]["currency"]
    each, first = divmod(_coins(paid_for_line(line, side, taxes_included), currency), line.quantity or 1)
    return _money(sum(each + (number <= first) for number in units), currency)


def paid_for_line(line: Priced, side: str, taxes_included: bool | None, *, with_tax: bool = True) -> Decimal:
    """What was paid for all units of a line on one side of its money; where it is not known, prices hold no tax."""
    price, discount, tax = (_amount(line.amounts, part, side) for part in ("unit_price", "discount", "tax"))
    return max(Decimal(0), price * line.quantity - discount + _tax(tax, taxes_included, with_tax))


def _tax(tax: Decimal, taxes_included: bool | None, with_tax: bool) -> Decimal:
    """What is added to a price that holds the tax or not, for a sum that shall hold it or not."""
    return tax * (int(with_tax) - int(bool(taxes_included)))


def shares(
    order: Order, lines: Sequence[LineItem], fee_lines: Iterable[int], extras: Extras
) -> Mapping[int, list[MoneyBag]]:
    """Share of every unit of the goods among an order's `lines`, by the line's remote id, unit 1 first.

    Shipping, fee and duties are spread over all units by what was paid for each; `fee_lines` are remote ids.
    """
    fees = set(fee_lines)
    goods = [line for line in lines if line.remote_id not in fees and not line.tip and not line.gift_card]
    included = order.taxes_included
    sides = []
    for side, currency in zip(SIDES, (order.currency, order.presentment_currency), strict=True):
        coins = [
            each + (number < first)
            for line in goods
            for each, first in [
                divmod(_coins(paid_for_line(line, side, included, with_tax=extras.tax), currency), line.quantity or 1)
            ]
            for number in range(line.quantity)
        ]
        more = sum((amount for amount in _extras(order, lines, fees, extras, side)), Decimal(0))
        spread_over = spread(_coins(more, currency), coins)
        sides.append([_money(own + extra, currency) for own, extra in zip(coins, spread_over, strict=True)])
    bags = iter([MoneyBag(shop, presentment) for shop, presentment in zip(*sides, strict=True)])
    return {line.remote_id: [next(bags) for _ in range(line.quantity)] for line in goods}


def spread(coins: int, weights: Sequence[int]) -> list[int]:
    """`coins` given to places by weight, whole coins and all of them; largest remainder first, then the first place."""
    weights = list(weights) if sum(weights) else [1] * len(weights)
    whole = sum(weights)
    if not whole:
        return []
    given = [coins * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda place: (-(coins * weights[place] % whole), place))
    for place in by_rest[: coins - sum(given)]:
        given[place] += 1
    return given


def total(bags: Iterable[MoneyBag], like: MoneyBag) -> MoneyBag:
    """The sum of `bags`, in the currencies of `like`."""
    rows = list(bags)
    return MoneyBag(
        Money(sum((bag.shop.amount for bag in rows), Decimal(0)), like.shop.currency),
        Money(sum((bag.presentment.amount for bag in rows), Decimal(0)), like.presentment.currency),
    )


def part_of(bag: MoneyBag, fraction: Decimal) -> MoneyBag:
    """A fraction (0 to 1) of each side, rounded to what can be paid."""
    return MoneyBag(
        *(Money(rounded(side.amount * fraction, side.currency), side.currency) for side in (bag.shop, bag.presentment))
    )


def least(one: MoneyBag, other: MoneyBag) -> MoneyBag:
    """The smaller of both, each side by itself and never below 0."""
    pairs = ((one.shop, other.shop), (one.presentment, other.presentment))
    return MoneyBag(*(Money(max(Decimal(0), min(a.amount, b.amount)), a.currency) for a, b in pairs))


def less(one: MoneyBag, other: MoneyBag) -> MoneyBag:
    """`one` less `other`, each side by itself and never below 0."""
    pairs = ((one.shop, other.shop), (one.presentment, other.presentment))
    return MoneyBag(*(Money(max(Decimal(0), a.amount - b.amount), a.currency) for a, b in pairs))


def bag_of(stored: Mapping[str, Mapping[str, str]]) -> MoneyBag:
    """A money bag as it is stored (`MoneyBag.as_json`)."""
    return MoneyBag(*(Money(decimal_of(stored[side]["amount"]), stored[side]["currency"]) for side in SIDES))


def _extras(order: Order, lines: Sequence[LineItem], fees: set[int], extras: Extras, side: str) -> Iterable[Decimal]:
    if extras.shipping:
        tax_of_lines = sum((_amount(line.amounts, "tax", side) for line in lines), Decimal(0))
        tax = max(Decimal(0), _amount(order.amounts, "tax", side) - tax_of_lines)
        yield _amount(order.amounts, "shipping", side) + _tax(tax, order.taxes_included, extras.tax)
    if extras.fee:
        own = [line for line in lines if line.remote_id in fees]
        yield from (paid_for_line(line, side, order.taxes_included, with_tax=extras.tax) for line in own)
    if extras.duties:
        yield _amount(order.amounts, "duties", side)


def _amount(amounts: Mapping[str, Mapping[str, Mapping[str, str]] | None], name: str, side: str) -> Decimal:
    said = (amounts.get(name) or {}).get(side)
    return decimal_of(said["amount"]) if said else Decimal(0)


def _coins(amount: Decimal, currency: str) -> int:
    """`amount` in the smallest coin of its currency."""
    return int(rounded(amount, currency).scaleb(minor_units(currency)))


def _money(coins: int, currency: str) -> Money:
    return Money(Decimal(coins).scaleb(-minor_units(currency)), currency)
