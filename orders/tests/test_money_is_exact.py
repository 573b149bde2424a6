"""Amounts are exact decimals with their currency's digits, whatever way the outside wrote them."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.money import MINOR_UNITS, Money, MoneyBag, decimal_of, minor_units, rounded, text_of

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KRW", "KWD", "BHD", "XXX"])
AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=6)


@given(AMOUNTS, CURRENCIES)
def test_text_and_back_loses_nothing(amount: Decimal, currency: str) -> None:
    text = text_of(amount, currency)
    assert decimal_of(text) == amount
    assert text_of(decimal_of(text), currency) == text


@given(AMOUNTS, CURRENCIES)
def test_there_is_one_text_for_one_amount(amount: Decimal, currency: str) -> None:
    longer = Decimal(f"{amount}000") if "." in str(amount) else amount
    assert text_of(longer, currency) == text_of(amount, currency)
    assert "E" not in text_of(amount, currency)


@given(st.integers(-(10**15), 10**15), CURRENCIES)
def test_what_can_be_paid_has_the_currencys_digits(units: int, currency: str) -> None:
    digits = minor_units(currency)
    text = text_of(Decimal(units).scaleb(-digits), currency)
    assert len(text.partition(".")[2]) == digits


@given(AMOUNTS, CURRENCIES)
def test_rounding_moves_an_amount_by_half_a_unit_at_most(amount: Decimal, currency: str) -> None:
    unit = Decimal(1).scaleb(-minor_units(currency))
    assert abs(rounded(amount, currency) - amount) <= unit / 2
    assert rounded(rounded(amount, currency), currency) == rounded(amount, currency)


@pytest.mark.parametrize(
    "written, currency, text",
    [
        ("20.00", "USD", "20.00"), ("20.0", "USD", "20.00"), ("20", "USD", "20.00"), (20, "USD", "20.00"),
        (19.9, "USD", "19.90"), ("0.0", "USD", "0.00"), ("1200.0", "JPY", "1200"), ("1200", "jpy", "1200"),
        ("1.5", "KWD", "1.500"), ("0.001", "USD", "0.001"), ("1E+2", "USD", "100.00"), ("-3.1", "EUR", "-3.10"),
        ("100000000000000.01", "USD", "100000000000000.01"),
    ],
)  # fmt: skip
def test_every_way_of_writing_becomes_one(written: Any, currency: str, text: str) -> None:
    assert text_of(decimal_of(written), currency) == text


@pytest.mark.parametrize(
    "value", ["", "x", None, True, [], {}, "1,50", "NaN", "Infinity", "-inf", "1.2.3", b"1", float("nan")]
)
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not an amount of money"):
        decimal_of(value)


def test_halves_are_rounded_up_as_people_expect() -> None:
    assert [str(rounded(Decimal(x), "USD")) for x in ("0.005", "0.015", "0.025")] == ["0.01", "0.02", "0.03"]
    assert str(rounded(Decimal("0.5"), "JPY")) == "1"


def test_unknown_currencies_have_two_digits() -> None:
    assert (minor_units("ZZZ"), minor_units("jpy"), minor_units("Tnd")) == (2, 0, 3)
    assert set(MINOR_UNITS.values()) == {0, 3}


def test_a_bag_names_both_sides() -> None:
    bag = MoneyBag(Money(Decimal("20"), "USD"), Money(Decimal("3000"), "JPY"))
    assert json.loads(json.dumps(bag.as_json())) == {
        "shop": {"amount": "20.00", "currency": "USD"},
        "presentment": {"amount": "3000", "currency": "JPY"},
    }
    assert str(bag.presentment) == "3000 JPY"
