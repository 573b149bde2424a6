"""Each market and currency of a store has its own plan; where an order goes and what it was paid in choose it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from backoffice.tests.builders import api, assert_problem
from orders.models import Shop
from orders.snapshot import Address
from orders.tests.builders import NOON, apply, fee_line, line, make_shop, snapshot
from protection import coverage
from protection.models import Plan
from protection.plans import version_for
from protection.tests.builders import make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """A store that sells in USD everywhere, in EUR everywhere and, under other words, in Germany and Austria."""
    shop = make_shop()
    make_plan(shop)
    make_plan(shop, currency="EUR")
    dach = Plan.objects.create(shop=shop, market="DACH", countries=["DE", "AT"], currency="EUR")
    make_plan(plan=dach, text="Auf Deutsch")
    return shop


@pytest.mark.parametrize(
    "currencies, country, expected",
    [
        (["EUR"], "DE", ("DACH", "EUR")), (["EUR"], "FR", ("", "EUR")), (["EUR"], "", ("", "EUR")),
        (["USD"], "DE", ("", "USD")), (["EUR", "USD"], "US", ("", "EUR")), (["JPY", "USD"], "JP", ("", "USD")),
        (["JPY"], "DE", None), (["USD", "EUR"], "DE", ("DACH", "EUR")),
    ],
)  # fmt: skip
def test_the_country_chooses_first_then_the_currency(
    shop: Shop, currencies: list[str], country: str, expected: Any
) -> None:
    version = version_for(shop, *currencies, country=country, moment=NOON)
    assert (version and (version.plan.market, version.plan.currency)) == expected


def test_an_order_falls_under_the_plan_of_its_destination(shop: Shop) -> None:
    for country, market in (("DE", "DACH"), ("FR", "")):
        address = Address(country_code=country)
        seen = snapshot(line(), fee_line(), presentment_currency="EUR", shipping_address=address)
        found = coverage.refresh(apply(seen).order, by="shopify")
        assert found is not None
        assert (found.plan_version.plan.market, found.plan_version.currency) == (market, "EUR")


def test_a_quote_names_the_country(shop: Shop) -> None:
    cart = {"shop": shop.domain, "subtotal": "100", "currency": "EUR", "country": "AT"}
    assert api("quotes:read").post("/v1/quotes", cart).json()["text"] == "Auf Deutsch"
    assert api("quotes:read").post("/v1/quotes", {**cart, "country": "FR"}).json()["text"] == ""
    Plan.objects.filter(market="", currency="EUR").get().versions.all().delete()
    refused = api("quotes:read").post("/v1/quotes", {**cart, "country": "FR"})
    assert_problem(refused, 422, "no_plan_for_country", "/country")


def test_the_same_market_and_currency_have_one_plan(shop: Shop) -> None:
    with pytest.raises(IntegrityError, match="plan_once_per_market_and_currency"), transaction.atomic():
        Plan.objects.create(shop=shop, currency="USD")


@pytest.mark.parametrize("fields", [{"market": "DACH"}, {"countries": ["DE"]}])
def test_a_market_and_its_countries_come_together(fields: dict[str, Any]) -> None:
    shop = make_shop()
    with pytest.raises(IntegrityError, match="plan_market_has_countries"), transaction.atomic():
        Plan.objects.create(shop=shop, currency="USD", **fields)
    with pytest.raises(ValidationError, match="countries"):
        Plan(shop=shop, currency="USD", **fields).clean()


@pytest.mark.parametrize("countries", ["DE", {"DE": 1}, ["de"], ["Germany"], [1]])
def test_countries_that_are_none_are_refused(countries: Any) -> None:
    with pytest.raises(ValidationError, match="two capital letters"):
        Plan(market="DACH", countries=countries, currency="EUR").clean()


def test_a_version_is_priced_in_its_plans_currency(shop: Shop) -> None:
    version = Plan.objects.get(currency="USD").versions.get()
    version.currency = "EUR"
    with pytest.raises(ValidationError, match="priced in USD"):
        version.clean()
