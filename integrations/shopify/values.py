"""Single values of Shopify's answers: text, ids, times, quantities, money. Each says ValueError for what it is not."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.money import Money, MoneyBag, decimal_of

Body = dict[str, Any]

# What webhooks call shipment_status; the other words of displayStatus say what the shop did, not the carrier.
CARRIERS_WORDS = frozenset(
    "label_printed label_purchased attempted_delivery ready_for_pickup carrier_picked_up picked_up confirmed "
    "in_transit out_for_delivery delivered delayed failure".split()
)


def clean(value: Any) -> str:
    """Text as PostgreSQL can hold it: NUL characters and lone surrogates are replaced."""
    if value is None:
        return ""
    return str(value).replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def text(body: Body, name: str) -> str:
    return clean(body.get(name))


def identifier(value: Any) -> int:
    """A Shopify id: a positive integer, often beyond 2^53. Raises ValueError for anything else."""
    number = int(value)
    if not 0 < number < 2**63:
        raise ValueError(f"{value!r} is not an id")
    return number


def maybe_identifier(value: Any) -> int | None:
    return identifier(value) if value else None


def count(value: Any) -> int:
    """A number of units; raises ValueError below 0 or beyond what a column holds."""
    number = int(value)
    if not 0 <= number < 2**31:
        raise ValueError(f"{value!r} is not a quantity")
    return number


def signed_count(value: Any) -> int:
    """Units on a shelf, below 0 where the shop oversold; raises ValueError beyond what a column holds."""
    number = int(value)
    if not -(2**31) <= number < 2**31:
        raise ValueError(f"{value!r} is not a number of units")
    return number


def pairs(value: Any) -> list[dict[str, str]]:
    """Line properties and order attributes: [{"name", "value"}] with values as text."""
    return [{"name": text(p, "name"), "value": text(p, "value")} for p in value or [] if isinstance(p, dict)]


def tags(value: Any) -> list[str]:
    """REST says "a, b", GraphQL ["a", "b"]."""
    parts = value if isinstance(value, list) else (value or "").split(",")
    return sorted({clean(tag).strip() for tag in parts} - {""})


def when(value: Any) -> datetime | None:
    """An RFC 3339 time; None for null. Raises ValueError for a time without an offset."""
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no offset from UTC")
    return moment


def required_time(body: Body, name: str) -> datetime:
    moment = when(body.get(name))
    if moment is None:
        raise ValueError(f"{name} is missing")
    return moment


def bags_of(body: Body, currency: str, presentment: str) -> Callable[[str], MoneyBag | None]:
    """Reads `name_set` where Shopify sends both currencies, else `name` as shop money."""

    def read(name: str) -> MoneyBag | None:
        bag = body.get(f"{name}_set")
        if bag:
            return MoneyBag(money_of(bag["shop_money"], currency), money_of(bag["presentment_money"], presentment))
        if body.get(name) is None:
            return None
        amount = decimal_of(body[name])
        return MoneyBag(Money(amount, currency), Money(amount, presentment))

    return read


def money_of(body: Body, default_currency: str) -> Money:
    return Money(decimal_of(body["amount"]), clean(body.get("currency_code") or default_currency))


def sum_of(parts: list[Body] | None, name: str, currency: str, presentment: str) -> MoneyBag | None:
    bags = [bag for part in parts or [] if (bag := bags_of(part, currency, presentment)(name))]
    if not bags:
        return None
    return MoneyBag(
        Money(sum((bag.shop.amount for bag in bags), Decimal(0)), bags[0].shop.currency),
        Money(sum((bag.presentment.amount for bag in bags), Decimal(0)), bags[0].presentment.currency),
    )


def zero(currency: str, presentment: str) -> MoneyBag:
    return MoneyBag(Money(Decimal(0), currency), Money(Decimal(0), presentment))
