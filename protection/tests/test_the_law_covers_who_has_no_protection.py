"""In a country where the seller carries the risk of transit, an unprotected customer has the same way to claim."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from backoffice.tests.builders import api
from orders.models import Order
from orders.snapshot import Address
from orders.tests.builders import NOON, make_order
from protection import filing
from protection.eligibility import ClaimRefused, ItemAsked
from protection.models import Claim, Coverage, StatutoryDuty
from protection.review import DecisionRefused
from protection.tests.builders import decide, line_of, make_agent, make_covered_order
from protection.tests.console import agent_client, claim_url

pytestmark = pytest.mark.django_db
WORDS = "The seller bears the risk until delivery."


@pytest.fixture(autouse=True)
def duty() -> StatutoryDuty:
    return StatutoryDuty.objects.create(country="AU", since=NOON.date(), words=WORDS)


def order_to(country: str = "AU", **fields: Any) -> Order:
    return make_order(shipping_address=Address(country_code=country), **fields)


def claim(order: Order) -> Claim:
    return filing.file_claim(order, reason="lost", items=[ItemAsked(line_of(order), 1)], by="partner:tests")


def test_an_unprotected_order_there_is_claimed_for_like_any_other() -> None:
    found = claim(order_to())
    assert found.state in (Claim.State.IN_REVIEW, Claim.State.WAITING)
    assert not found.override_reason
    assert found.order.journal.get(action="claim.submitted").facts["statutory"] == "AU"


def test_protection_that_was_taken_off_does_not_take_the_right() -> None:
    order = make_covered_order(shipping_address=Address(country_code="AU"))
    Coverage.objects.update(status="removed")
    assert filing.file_claim(order, reason="lost", items=[ItemAsked(line_of(order), 1)], by="partner:tests")


def test_a_protected_order_rests_on_its_protection() -> None:
    order = make_covered_order(shipping_address=Address(country_code="AU"))
    items = [ItemAsked(line_of(order), 1)]
    filing.file_claim(order, reason="lost", items=items, by="partner:tests")
    assert "statutory" not in order.journal.get(action="claim.submitted").facts


@pytest.mark.parametrize(
    "country, fields",
    [
        ("US", {}), ("", {}), ("AU", {"processed_at": NOON - timedelta(days=1)}), ("AU", {"cancelled_at": NOON}),
    ],
)  # fmt: skip
def test_elsewhere_before_its_day_and_for_cancelled_orders_it_does_not_count(
    country: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(ClaimRefused, match="no delivery guarantee") as caught:
        claim(order_to(country, **fields))
    assert caught.value.code == "not_covered"


def test_partners_read_why_it_may_be_claimed() -> None:
    order = order_to()
    eligible = api("claims:read").get(f"/v1/orders/{order.public_id}/eligibility").json()
    assert (eligible["covered"], eligible["statutory"]) == (True, WORDS)
    promised = api("orders:read").get(f"/v1/orders/{order.public_id}/protection").json()
    assert promised["status"] == "not_covered"
    assert promised["statutory"] == {"country": "AU", "words": WORDS}


def test_nobody_denies_there_for_want_of_protection() -> None:
    found = claim(order_to())
    Claim.objects.filter(pk=found.pk).update(state="in_review", eligible_at=None)
    found.refresh_from_db()
    with pytest.raises(DecisionRefused, match="in AU the law covers it") as caught:
        decide(found, make_agent(), 0, reason="not_covered")
    assert caught.value.code == "statutory_duty"


def test_the_claims_page_says_so() -> None:
    page = agent_client().get(claim_url(claim(order_to()))).content.decode()
    assert "Covered by law in AU" in page
    assert WORDS in page


@pytest.mark.parametrize("country", ["au", "AUS", "1"])
def test_a_country_is_two_capital_letters(country: str) -> None:
    with pytest.raises(ValidationError):
        StatutoryDuty(country=country, since=date(2026, 1, 1), words=WORDS).full_clean()
