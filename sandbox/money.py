"""Amounts in two currencies at once (what the shop books, what the customer saw) and how Shopify writes them."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

# Digits after the point; every currency not named here has two.
DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "XAF": 0, "XOF": 0, "KWD": 3, "BHD": 3, "TND": 3, "OMR": 3}

# Fixed rates per US dollar: a demonstration needs steady numbers, not the market's.
PER_DOLLAR = {
    "USD": Decimal("1"),
    "EUR": Decimal("0.92"),
    "GBP": Decimal("0.79"),
    "CAD": Decimal("1.37"),
    "AUD": Decimal("1.52"),
    "JPY": Decimal("151"),
    "KRW": Decimal("1384"),
    "KWD": Decimal("0.307"),
}


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount in the smallest unit the currency has."""
    return amount.quantize(Decimal(1).scaleb(-DIGITS.get(currency, 2)), rounding=ROUND_HALF_UP)


def from_dollars(amount: Decimal, currency: str) -> Decimal:
    """A catalogue price (US dollars) in another currency, rounded to it."""
    return rounded(amount * PER_DOLLAR.get(currency, Decimal("1")), currency)


def in_webhooks(amount: Decimal, currency: str) -> str:
    """``20.00``, ``20`` for yen: the way of REST and webhooks."""
    return str(rounded(amount, currency))


def in_graphql(amount: Decimal, currency: str) -> str:
    """``20.0`` and ``20.55``: GraphQL drops the zeros but keeps one; ``20`` for currencies without decimals."""
    if DIGITS.get(currency, 2) == 0:
        return str(rounded(amount, currency))
    text = format(rounded(amount, currency).normalize(), "f")
    return text if "." in text else f"{text}.0"


@dataclass(frozen=True, slots=True)
class Bag:
    """The same amount twice: in the shop's currency and in the customer's."""

    shop: Decimal
    presentment: Decimal

    @classmethod
    def of(cls, kept: dict[str, str]) -> "Bag":
        """Read ``{"shop": "20.00", "presentment": "18.40"}``."""
        return cls(Decimal(kept["shop"]), Decimal(kept["presentment"]))

    @classmethod
    def converted(cls, amount: Any, currency: str, order: dict[str, Any]) -> "Bag | None":
        """An amount in one of the order's currencies, at the fixed rates for the other; None for what is no price."""
        shop, presentment = order["currency"], order["presentment_currency"]
        value = Decimal(str(amount))
        if not value.is_finite() or value < 0 or currency not in (shop, presentment):
            return None
        rate = PER_DOLLAR.get(presentment, Decimal(1)) / PER_DOLLAR.get(shop, Decimal(1))
        if currency == shop:
            return cls(rounded(value, shop), rounded(value * rate, presentment))
        return cls(rounded(value / rate, shop), rounded(value, presentment))

    def kept(self) -> dict[str, str]:
        """The form it has inside an order document."""
        return {"shop": str(self.shop), "presentment": str(self.presentment)}

    def __add__(self, other: "Bag") -> "Bag":
        return Bag(self.shop + other.shop, self.presentment + other.presentment)

    def __sub__(self, other: "Bag") -> "Bag":
        return Bag(self.shop - other.shop, self.presentment - other.presentment)

    def __mul__(self, units: int) -> "Bag":
        return Bag(self.shop * units, self.presentment * units)


NOTHING = Bag(Decimal(0), Decimal(0))


def webhook_set(bag: Bag, order: dict[str, Any]) -> dict[str, Any]:
    """A bag as webhook bodies write it: ``{"shop_money": {"amount", "currency_code"}, "presentment_money": …}``."""
    return {
        "shop_money": {"amount": in_webhooks(bag.shop, order["currency"]), "currency_code": order["currency"]},
        "presentment_money": {
            "amount": in_webhooks(bag.presentment, order["presentment_currency"]),
            "currency_code": order["presentment_currency"],
        },
    }


def graphql_bag(bag: Bag, order: dict[str, Any]) -> dict[str, Any]:
    """A bag as GraphQL's ``MoneyBag``."""
    return {
        "shopMoney": {"amount": in_graphql(bag.shop, order["currency"]), "currencyCode": order["currency"]},
        "presentmentMoney": {
            "amount": in_graphql(bag.presentment, order["presentment_currency"]),
            "currencyCode": order["presentment_currency"],
        },
    }
