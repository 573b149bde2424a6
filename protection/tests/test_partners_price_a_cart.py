"""POST /v1/quotes: the fee under the plan in force now, with the text the shopper must see. Nothing is stored."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from backoffice.tests.builders import Api, api, assert_problem
from orders.models import JournalEntry
from orders.tests.builders import make_shop
from protection.tests.builders import make_plan

pytestmark = pytest.mark.django_db

CART = {"shop": "tests.myshopify.com", "subtotal": "100.00", "currency": "USD"}


def quote(partner: Api | None = None, **fields: Any) -> Any:
    return (partner or api("quotes:read")).post("/v1/quotes", {**CART, **fields})


def test_it_names_fee_text_and_version() -> None:
    version = make_plan(text="Covers loss and theft.", text_version="2026-01")
    response = quote()
    assert (response.status_code, response.json()) == (
        200,
        {
            "fee": {"amount": "2.50", "currency": "USD"},
            "covered": {"amount": "100.00", "currency": "USD"},
            "text": "Covers loss and theft.",
            "text_version": "2026-01",
            "plan": version.plan.public_id,
            "plan_version": 1,
            "excluded": [],
        },
    )
    assert not JournalEntry.objects.exists()


def test_the_version_in_force_now_applies_and_not_the_next() -> None:
    make_plan(percent=Decimal("1"))
    make_plan(percent=Decimal("2"), effective_from=timezone.now() - timedelta(minutes=1))
    make_plan(percent=Decimal("3"), effective_from=timezone.now() + timedelta(days=1))
    assert (quote().json()["fee"]["amount"], quote().json()["plan_version"]) == ("2.00", 2)


def test_a_subtotal_may_be_a_number() -> None:
    make_plan()
    assert quote(subtotal=100).json()["fee"]["amount"] == "2.50"


def test_a_shop_without_a_plan_in_force_has_no_price() -> None:
    assert_problem(quote(), 422, "no_plan", "/shop")
    make_plan(effective_from=timezone.now() + timedelta(days=1))
    assert_problem(quote(), 422, "no_plan", "/shop")


@pytest.mark.parametrize(
    "fields, code, pointer",
    [
        ({"currency": "EUR"}, "wrong_currency", "/currency"),
        ({"subtotal": "0"}, "nothing_to_protect", "/subtotal"),
        ({"subtotal": "500.01"}, "cart_too_large", "/subtotal"),
    ],
)
def test_a_cart_that_cannot_be_priced_says_why(fields: dict[str, Any], code: str, pointer: str) -> None:
    make_plan(largest_cart=500)
    assert_problem(quote(**fields), 422, code, pointer)


@pytest.mark.parametrize(
    "field, value",
    [
        ("subtotal", "-1"), ("subtotal", "x"), ("subtotal", "NaN"), ("subtotal", "1e99"), ("subtotal", "0.00001"),
        ("subtotal", None), ("currency", "usd"), ("currency", "DOLLAR"), ("currency", "US\n"), ("shop", ""),
        ("shop", "x" * 256),
    ],
)  # fmt: skip
def test_a_field_that_makes_no_sense_is_named(field: str, value: Any) -> None:
    make_plan()
    assert_problem(quote(**{field: value}), 400, "invalid_request", f"/{field}")


def test_a_bound_key_prices_its_own_shop_only() -> None:
    make_plan(make_shop("mine.myshopify.com"))
    make_plan()
    partner = api(shop="mine.myshopify.com")
    assert quote(partner, shop="mine.myshopify.com").status_code == 200
    assert_problem(quote(partner), 403, "permission_denied", "/shop")
