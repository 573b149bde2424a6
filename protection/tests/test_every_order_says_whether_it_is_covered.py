"""Covered, not covered or removed, and why: for every order, to partners and to staff."""

from typing import Any

import pytest

from backoffice.tests.builders import api, assert_problem
from orders.models import Order
from orders.snapshot import Address
from orders.tests.builders import line, make_order, make_shop
from protection.models import Consent, Coverage
from protection.tests.builders import make_covered_order, make_plan
from protection.tests.console import superuser_client

pytestmark = pytest.mark.django_db


def asked(order: Order) -> dict[str, Any]:
    answer = api("orders:read").get(f"/v1/orders/{order.public_id}/protection")
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_covered_order_shows_its_coverage() -> None:
    order = make_covered_order()
    found = asked(order)
    assert (found["status"], found["code"], found["statutory"]) == ("covered", None, None)
    assert (found["coverage"]["status"], found["coverage"]["consent"]) == ("inactive", None)


@pytest.mark.parametrize(
    "status, expected", [("removed", "removed"), ("void", "not_covered"), ("expired", "not_covered")]
)
def test_coverage_that_ended_says_how(status: str, expected: str) -> None:
    order = make_covered_order()
    Coverage.objects.update(status=status)
    found = asked(order)
    assert (found["status"], found["code"]) == (expected, status)


def test_one_that_was_offered_it_did_not_choose() -> None:
    make_plan()
    found = asked(make_order())
    assert (found["status"], found["code"], found["coverage"]) == ("not_covered", "not_chosen", None)


def test_one_without_a_plan_could_not_choose() -> None:
    assert asked(make_order())["code"] == "no_plan"
    make_plan()
    paid_in_yen = make_order(currency="JPY", presentment_currency="JPY")
    assert asked(paid_in_yen)["code"] == "no_plan"


def test_one_without_goods_has_nothing_to_cover() -> None:
    make_plan()
    assert asked(make_order(line("E-book", requires_shipping=False)))["code"] == "no_goods"


def test_staff_read_the_reason_on_the_order() -> None:
    make_plan()
    order = make_order(shipping_address=Address(country_code="US"))
    page = superuser_client().get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert "The customer did not choose it." in page


def test_partners_list_those_whose_consent_is_not_known() -> None:
    unknown, known, gone = (make_covered_order() for _ in range(3))
    Consent.objects.create(coverage=known.coverage, how="checkbox", default_on=False)
    Coverage.objects.filter(order=gone).update(status="removed")

    def listed(query: str) -> list[str]:
        return [row["order"] for row in api("orders:read").get(f"/v1/coverages{query}").json()["data"]]

    assert listed("?consent=unknown") == [unknown.public_id]
    assert listed("?consent=known") == [known.public_id]
    assert listed("?status=removed") == [gone.public_id]
    assert listed("") == [gone.public_id, known.public_id, unknown.public_id]


@pytest.mark.parametrize("query", ["consent=maybe", "status=lost"])
def test_an_unknown_choice_is_named(query: str) -> None:
    assert_problem(api("orders:read").get(f"/v1/coverages?{query}"), 400, "invalid_parameter", query.split("=")[0])


def test_a_bound_key_sees_its_own_shop_only() -> None:
    other = make_covered_order(shop=make_shop("other.myshopify.com"))
    partner = api("orders:read", shop="tests.myshopify.com")
    assert partner.get("/v1/coverages").json()["data"] == []
    assert partner.get(f"/v1/orders/{other.public_id}/protection").status_code == 404


def test_it_needs_its_scope() -> None:
    assert_problem(api("claims:read").get("/v1/coverages"), 403, "missing_scope")
