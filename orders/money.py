"""Money as the shop and the shopper see it: exact decimals with a currency, never floats.

Shopify gives every amount twice, in shop money and in presentment money; the two do not divide exactly, so neither is
ever computed from the other. Webhooks write "20.00", GraphQL "20.0", zero-decimal currencies "20", and some refund
fields are JSON floats: all of them become the same `Decimal` here.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

# ISO 4217 minor units, where they are not 2.
MINOR_UNITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


def minor_units(currency: str) -> int:
    """Digits after the point in `currency` (2 when unknown)."""
    return MINOR_UNITS.get(currency.upper(), 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` rounded half up to what can be paid in `currency`."""
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_UP)


def decimal_of(value: Any) -> Decimal:
    """Decimal of a JSON string or number; raises ValueError for anything that is not a finite amount."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is not an amount of money") from error
    if not amount.is_finite():
        raise ValueError(f"{value!r} is not an amount of money")
    return amount


def text_of(amount: Decimal, currency: str) -> str:
    """Canonical text: as many digits as the currency has, more only where the amount really has more."""
    short = rounded(amount, currency)
    return f"{short if short == amount else amount.normalize():f}"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency (ISO 4217 code)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{text_of(self.amount, self.currency)} {self.currency}"


@dataclass(frozen=True, slots=True)
class MoneyBag:
    """The same amount as the shop books it and as the shopper saw it."""

    shop: Money
    presentment: Money

    def as_json(self) -> dict[str, dict[str, str]]:
        """{"shop": {"amount": "20.00", "currency": "USD"}, "presentment": {…}}, the shape stored and served."""
        return {
            side: {"amount": text_of(money.amount, money.currency), "currency": money.currency}
            for side, money in (("shop", self.shop), ("presentment", self.presentment))
        }
