"""GET /v1/reasons and /v1/orders/{id}/eligibility: what the rules say, before anybody files."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.tests.builders import api, assert_problem
from orders import entitlement
from orders.models import Order
from orders.tests.builders import line, make_order, make_shop
from protection.models import Claim
from protection.tests.builders import line_of, make_claim, make_covered_order
from protection.tests.parcels import send

pytestmark = pytest.mark.django_db


def eligibility(order: Order, **parameters: str) -> dict[str, Any]:
    response = api("claims:read").get(f"/v1/orders/{order.public_id}/eligibility", **parameters)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def test_the_reasons_of_a_shop_are_told_in_words_and_numbers() -> None:
    make_shop()
    reasons = api("claims:read").get("/v1/reasons", shop="tests.myshopify.com").json()["data"]
    assert [one["reason"] for one in reasons] == Claim.Reason.values
    lost = reasons[0]
    assert (lost["label"], lost["version"], lost["earliest_days"]) == (
        "Lost in transit", 1, {"domestic": 7, "international": 20},
    )  # fmt: skip
    assert lost["window"] in lost["text"]
    assert lost["remedies"][0] == "replacement"


def test_a_key_of_one_shop_needs_not_name_it_and_cannot_ask_for_another() -> None:
    make_shop("mine.myshopify.com")
    make_shop("other.myshopify.com")
    partner = api(shop="mine.myshopify.com")
    assert len(partner.get("/v1/reasons").json()["data"]) == len(Claim.Reason.values)
    assert_problem(partner.get("/v1/reasons", shop="other.myshopify.com"), 404, "unknown_shop")
    assert_problem(api().get("/v1/reasons"), 400, "invalid_parameter")
    assert_problem(api().get("/v1/reasons", shop="\x00"), 400, "invalid_parameter")
    assert_problem(api("quotes:read").get("/v1/reasons", shop="mine.myshopify.com"), 403, "missing_scope")


def test_a_covered_order_says_when_each_reason_may_be_claimed() -> None:
    order = make_covered_order()
    scanned = timezone.now() - timedelta(days=1)
    send(order, ("in_transit", scanned))
    body = eligibility(order)
    assert (body["covered"], body["why"]) == (True, None)
    reasons = {one["reason"]: one for one in body["reasons"]}
    assert list(reasons) == Claim.Reason.values
    assert (reasons["lost"]["state"], reasons["damaged"]["state"]) == ("too_early", "unknown")
    assert reasons["lost"]["opens_at"] == (scanned + timedelta(days=7)).isoformat()
    assert [one["reason"] for one in eligibility(order, reason="customs")["reasons"]] == ["customs"]


def test_items_say_how_many_units_are_left_and_why_none_is() -> None:
    order = make_covered_order(line("Teapot", 5), line("Cup", 1), line("Tip", tip=True))
    make_claim(order, quantity=2)
    entitlement.use_units(line_of(order), [5], kind="refund", reference="ref_1")
    entitlement.use_units(line_of(order, "Cup"), [1], kind="replacement", reference="res_1")
    told = [(item["claimable"], item["code"]) for item in eligibility(order)["items"]]
    assert told == [(2, None), (0, "unit_already_used"), (0, "tip_line"), (0, "fee_line")]


def test_it_costs_as_many_queries_for_a_long_order_as_for_a_short_one() -> None:
    eligibility(make_covered_order(line("Teapot")))  # what a first request looks up once
    counts = []
    for number in (1, 30):
        order = make_covered_order(*(line(f"Teapot {place}") for place in range(number)), line("Tip", tip=True))
        with CaptureQueriesContext(connection) as queries:
            assert sum(item["claimable"] for item in eligibility(order)["items"]) == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_what_it_says_is_what_filing_does() -> None:
    order = make_covered_order(line("Teapot", 3, current_quantity=2))
    told = eligibility(order)["items"][0]["claimable"]
    make_claim(order, quantity=told)
    assert eligibility(order)["items"][0]["claimable"] == 0


def test_an_order_without_protection_says_so() -> None:
    body = eligibility(make_order())
    assert (body["covered"], body["code"]) == (False, "not_covered")


def test_orders_of_others_and_unknown_reasons() -> None:
    order = make_covered_order()
    path = f"/v1/orders/{order.public_id}/eligibility"
    assert_problem(api(shop="other.myshopify.com").get(path), 404, "not_found")
    assert_problem(api("orders:read").get(path), 403, "missing_scope")
    assert_problem(api().get(path, reason="bored"), 400, "invalid_parameter", "reason")
    assert_problem(api().get("/v1/orders/ord_nobody/eligibility"), 404, "not_found")
