"""The price of protection for a cart, under one version of the plan."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.money import Money
from protection.models import PlanVersion
from protection.quoting import NotQuotable, fee_for

TIERS = [{"from": "50", "fee": "1.95"}, {"from": "10", "fee": "0.98"}, {"from": "100.00", "fee": "2.95"}]


def version(**fields: Any) -> PlanVersion:
    return PlanVersion(**{"pricing": "percent", "percent": Decimal("2.5"), "currency": "USD", **fields})


def fee(subtotal: str, currency: str = "USD", **fields: Any) -> str:
    return str(fee_for(version(**fields), Money(Decimal(subtotal), currency)))


@pytest.mark.parametrize("subtotal", ["0.01", "40", "9999999"])
def test_a_flat_fee_is_the_same_for_every_cart(subtotal: str) -> None:
    assert fee(subtotal, pricing="flat", flat_fee=Decimal("1.5")) == "1.50 USD"


@pytest.mark.parametrize(
    "subtotal, expected", [("40", "1.00"), ("33.33", "0.83"), ("0.20", "0.01"), ("0.19", "0.00"), ("61.80", "1.55")]
)
def test_a_percentage_is_rounded_to_what_can_be_paid(subtotal: str, expected: str) -> None:
    assert fee(subtotal) == f"{expected} USD"


@pytest.mark.parametrize(
    "subtotal, expected", [("10", "0.98"), ("49.99", "0.98"), ("50", "1.95"), ("99.999", "1.95"), ("5000", "2.95")]
)
def test_the_highest_tier_that_is_reached_applies_in_whatever_order_they_stand(subtotal: str, expected: str) -> None:
    assert fee(subtotal, pricing="tiers", tiers=TIERS) == f"{expected} USD"


def test_a_cart_below_the_first_tier_has_no_price() -> None:
    with pytest.raises(NotQuotable, match="first tier"):
        fee("9.99", pricing="tiers", tiers=TIERS)


@pytest.mark.parametrize("subtotal, expected", [("1", "0.98"), ("100", "2.50"), ("10000", "45.00")])
def test_the_fee_stays_between_minimum_and_maximum(subtotal: str, expected: str) -> None:
    assert fee(subtotal, minimum=Decimal("0.98"), maximum=Decimal("45")) == f"{expected} USD"


@pytest.mark.parametrize("currency, expected", [("JPY", "25 JPY"), ("KWD", "25.013 KWD")])
def test_other_currencies_have_their_own_digits(currency: str, expected: str) -> None:
    plan = version(currency=currency)
    assert str(fee_for(plan, Money(Decimal("1000.5"), currency))) == expected


def test_another_currency_is_never_converted() -> None:
    with pytest.raises(NotQuotable, match=r"priced in USD, the cart is in EUR"):
        fee("40", "EUR")


@pytest.mark.parametrize("subtotal", ["0", "0.00", "-1"])
def test_an_empty_cart_has_nothing_to_protect(subtotal: str) -> None:
    with pytest.raises(NotQuotable, match="nothing to protect"):
        fee(subtotal, pricing="flat", flat_fee=Decimal(1))


@given(st.decimals(min_value="0.01", max_value="1000000", places=2), st.decimals(min_value=0, max_value=50, places=2))
def test_a_dearer_cart_is_never_cheaper_to_protect(subtotal: Decimal, more: Decimal) -> None:
    plan = version(minimum=Decimal("0.98"), maximum=Decimal("45"))
    smaller, larger = (fee_for(plan, Money(amount, "USD")).amount for amount in (subtotal, subtotal + more))
    assert Decimal("0.98") <= smaller <= larger <= 45
    assert larger == larger.quantize(Decimal("0.01"))
