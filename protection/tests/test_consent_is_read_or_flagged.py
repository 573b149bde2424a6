"""The receipt of the shopper's choice: kept as the store front reported it; when it is missing that is said."""

import json
from typing import Any

import pytest

from orders.tests.builders import apply, fee_line, line, snapshot, story
from protection import coverage
from protection.models import Consent, Coverage
from protection.tests.builders import make_plan

RECEIPT = {
    "how": "checkbox",
    "default_on": False,
    "shown_text_version": "2026-01",
    "price": "1.00 USD",
    "locale": "de-AT",
    "at": "2026-11-20T12:00:00Z",
}

pytestmark = pytest.mark.django_db


def covered(raw: Any, name: str = "protection_consent") -> Coverage:
    make_plan()
    order = apply(snapshot(line(), fee_line(), attributes=[{"name": name, "value": raw}])).order
    found = coverage.refresh(order, by="shopify")
    assert found is not None
    return found


def said(found: Coverage) -> str:
    word: str = story(found.order)[-1][1]["consent"]
    return word


def test_the_receipt_is_kept_word_for_word() -> None:
    found = covered(json.dumps(RECEIPT))
    assert said(found) == "known"
    consent = found.consent
    assert (consent.how, consent.default_on, consent.text_version) == ("checkbox", False, "2026-01")
    assert (consent.price, consent.locale, consent.given_at) == ("1.00 USD", "de-AT", "2026-11-20T12:00:00Z")


@pytest.mark.parametrize("raw", ["", None, "yes", "[]", "null", "7", '"checkbox"', "{", "[" * 100_000, "9" * 5000])
def test_no_readable_receipt_is_said_and_never_assumed(raw: Any) -> None:
    found = covered(raw)
    assert said(found) == "unknown"
    assert not Consent.objects.exists()


def test_another_attribute_is_no_receipt() -> None:
    assert said(covered(json.dumps(RECEIPT), name="consent")) == "unknown"


@pytest.mark.parametrize("value, kept", [(True, True), (False, False), ("true", None), (1, None), (None, None)])
def test_whether_it_was_preselected_is_unknown_unless_said_plainly(value: Any, kept: bool | None) -> None:
    assert covered(json.dumps({**RECEIPT, "default_on": value})).consent.default_on is kept


@pytest.mark.parametrize(
    "receipt",
    [
        {"how": "a\x00b"}, {"how": "\ud800"}, {"how": "x" * 10_000, "locale": "y" * 100}, {"how": {"deep": [1]}},
        {"how": 7, "price": 1.5, "locale": [], "at": {}}, {"default_on": "\x00"},
    ],
)  # fmt: skip
def test_a_shopper_cannot_stop_an_order_with_an_odd_receipt(receipt: dict[str, Any]) -> None:
    found = covered(json.dumps(receipt))
    assert said(found) == "known"
    assert len(found.consent.how) <= 64


def test_the_plan_names_the_attribute() -> None:
    make_plan(consent_attribute="my_receipt")
    attributes = [{"name": "my_receipt", "value": json.dumps(RECEIPT)}]
    found = coverage.refresh(apply(snapshot(line(), fee_line(), attributes=attributes)).order, by="shopify")
    assert found is not None
    assert found.consent.how == "checkbox"
