"""POST /v1/quotes with the lines of a cart: what counts towards the fee, what is left out, and why."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.tests.builders import api, assert_problem
from protection.tests.builders import make_plan

pytestmark = pytest.mark.django_db
TEAPOT = {"sku": "TEAPOT", "quantity": 2, "price": "20.00"}


def quote(*lines: dict[str, Any], **fields: Any) -> Any:
    cart = {"shop": "tests.myshopify.com", "currency": "USD", "lines": list(lines), **fields}
    return api("quotes:read").post("/v1/quotes", cart)


def fee(*lines: dict[str, Any], **fields: Any) -> str:
    answer = quote(*lines, **fields)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["fee"]["amount"])


@pytest.mark.parametrize(
    "base, on_tax, taxes_included, expected",
    [
        ("before", False, False, "4.00"), ("after", False, False, "3.00"), ("before", True, False, "4.60"),
        ("after", True, False, "3.60"), ("after", False, True, "2.40"), ("after", True, True, "3.00"),
        ("before", False, True, "3.40"), ("before", True, True, "4.00"),
    ],
)  # fmt: skip
def test_the_plan_says_whether_discount_and_tax_count(
    base: str, on_tax: bool, taxes_included: bool, expected: str
) -> None:
    make_plan(percent=Decimal(10), minimum=None, fee_base=base, fee_on_tax=on_tax)
    line = {**TEAPOT, "discount": "10.00", "tax": "6.00"}
    assert fee(line, taxes_included=taxes_included) == expected


@pytest.mark.parametrize("price, expected", [("40.80", "1.00"), ("41.00", "1.05"), ("43.00", "1.10"), ("1", "0.98")])
def test_the_fee_is_rounded_to_the_plans_step(price: str, expected: str) -> None:
    make_plan(rounding_step=Decimal("0.05"))
    assert fee({"quantity": 1, "price": price}) == expected


@pytest.mark.parametrize(
    "line, code",
    [
        ({"sku": "PROTECT"}, "fee_line"), ({"gift_card": True}, "gift_card"), ({"requires_shipping": False}, "digital"),
        ({"sku": "FINAL"}, "excluded_sku"), ({"product_id": 77}, "excluded_product"),
        ({"tags": ["new", "fragile"]}, "excluded_tag"), ({"price": "0"}, "free_item"), ({"discount": "5"}, "free_item"),
    ],
)  # fmt: skip
def test_what_is_left_out_is_named_with_its_reason(line: dict[str, Any], code: str) -> None:
    make_plan(
        percent=Decimal(10), excluded_skus=["FINAL"], excluded_product_ids=[77], excluded_tags=["fragile"],
        excludes_free=True,
    )  # fmt: skip
    answer = quote(TEAPOT, {"quantity": 1, "price": "5.00", **line}).json()
    assert answer["fee"]["amount"] == "4.00"
    assert [(each["line"], each["code"]) for each in answer["excluded"]] == [(1, code)]
    assert answer["excluded"][0]["why"].endswith(".")


def test_a_plan_may_cover_all_of_them() -> None:
    make_plan(percent=Decimal(10), excludes_digital=False, excludes_gift_cards=False)
    others = [{"quantity": 1, "price": "5.00", **what} for what in ({"gift_card": True}, {"requires_shipping": False})]
    answer = quote(TEAPOT, *others, {"quantity": 1, "price": "0"}).json()
    assert (answer["fee"]["amount"], answer["excluded"]) == ("5.00", [])


def test_a_cart_of_what_is_left_out_has_nothing_to_protect() -> None:
    make_plan()
    assert_problem(quote({**TEAPOT, "gift_card": True}), 422, "nothing_to_protect", "/lines")


def test_a_cart_above_the_largest_is_refused() -> None:
    make_plan(largest_cart=Decimal("39.99"))
    assert_problem(quote(TEAPOT), 422, "cart_too_large", "/lines")


@pytest.mark.parametrize(
    "line, pointer",
    [
        ({"quantity": 0}, "/lines/1/quantity"), ({"quantity": "two"}, "/lines/1/quantity"),
        ({"price": "-1"}, "/lines/1/price"), ({"price": None}, "/lines/1/price"),
        ({"discount": "40.01"}, "/lines/1/discount"), ({"tags": "fragile"}, "/lines/1/tags"),
        ({"variant_id": "gid"}, "/lines/1/variant_id"), ({"sku": "\x00"}, "/lines/1/sku"),
    ],
)  # fmt: skip
def test_a_line_that_makes_no_sense_is_named(line: dict[str, Any], pointer: str) -> None:
    make_plan()
    assert_problem(quote(TEAPOT, {**TEAPOT, **line}), 400, "invalid_request", pointer)


@pytest.mark.parametrize("lines", [[], "x", [1], None, [TEAPOT] * 501])
def test_lines_that_are_none_are_refused(lines: Any) -> None:
    make_plan()
    assert quote(lines=lines).status_code == 400


def test_lines_and_a_subtotal_are_not_both_believed() -> None:
    make_plan()
    assert_problem(quote(TEAPOT, subtotal="40"), 400, "invalid_request", "/subtotal")


def test_neither_is_named_too() -> None:
    make_plan()
    body = {"shop": "tests.myshopify.com", "currency": "USD"}
    assert_problem(api("quotes:read").post("/v1/quotes", body), 400, "invalid_request", "/lines")


def test_a_large_cart_asks_the_database_no_more_than_a_small_one() -> None:
    make_plan()
    partner = api("quotes:read")
    counts = []
    for size in (1, 1, 200):  # the first one finds nothing warm
        cart = {"shop": "tests.myshopify.com", "currency": "USD", "lines": [TEAPOT] * size}
        with CaptureQueriesContext(connection) as queries:
            assert partner.post("/v1/quotes", cart).status_code == 200
        counts.append(len(queries))
    assert counts[2] == counts[1]
