"""What the guarantee earns and costs, for programs and in the terminal: the figures of the console."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from backoffice.tests.builders import api, assert_problem
from orders.tests.builders import make_shop
from protection.tests.builders import make_covered_order
from protection.tests.money import claimed, remedy, sent

pytestmark = pytest.mark.django_db
URL = "/v1/protection/money"
PERIOD = {"from": "2026-11", "to": "2026-11"}


@pytest.fixture
def order():
    order = make_covered_order()  # its fee is 1.00
    sent(order)
    remedy(claimed(order), "refund", "7.50")
    return order


def test_a_program_reads_fees_cost_and_rates(order):
    answer = api("money:read").get(URL, **PERIOD).json()
    assert (answer["from"], answer["to"]) == ("2026-11-01", "2026-11-30")
    assert answer["shops"] == ["tests.myshopify.com"]
    (usd,) = answer["currencies"]
    assert (usd["fees"]["kept"], usd["cost"]["total"], usd["left"]) == ("1.00", "7.50", "-6.50")
    assert usd["payout_ratio"] == 7.5
    assert usd["attach"] == {
        "orders": 1, "protected": 1, "rate": 1.0, "value": "81.00", "protected_value": "81.00", "rate_by_value": 1.0,
    }  # fmt: skip
    assert usd["months"][0]["cost"]["money"] == usd["by_shop"][0]["cost"]["money"] == "7.50"
    assert answer["claim_rate"]["claims"] == answer["claim_rate"]["orders"] == 1
    assert answer["claim_rates"]["carrier"][0]["key"] == "UPS"
    assert answer["feedback"] == {"score": None, "answers": 0}


def test_a_key_of_one_shop_sees_that_shop_alone(order):
    make_covered_order(shop=make_shop("other.myshopify.com"))
    bound = api("money:read", shop="other.myshopify.com")
    answer = bound.get(URL, **PERIOD).json()
    assert answer["shops"] == ["other.myshopify.com"]
    assert answer["currencies"][0]["cost"]["total"] == "0.00"
    assert_problem(bound.get(URL, shop="tests.myshopify.com"), 404, "unknown_shop")
    assert_problem(api("money:read").get(URL, shop="nobody"), 404, "unknown_shop")


def test_what_makes_no_sense_is_a_problem_and_other_scopes_are_not_enough(order):
    assert_problem(api("money:read").get(URL, **{"from": "soon"}), 400, "invalid_parameter")
    assert_problem(api("claims:read", "orders:read").get(URL), 403, "missing_scope")
    assert_problem(api("money:read").post(URL, {}), 405, "method_not_allowed")


def test_the_command_prints_the_same(order):
    out = StringIO()
    call_command("protection_money", "--from", "2026-11", "--to", "2026-11", stdout=out)
    text = out.getvalue()
    assert "2026-11-01 to 2026-11-30" in text
    assert "In USD" in text
    assert "-6.50" in text
    assert "Attach rate: 100.0 % (1 of 1 orders)" in text
    assert "carrier UPS: 100.0 % (1 of 1), too few orders to say" in text


@pytest.mark.parametrize("given", [["--from", "x"], ["--shop", "nobody"]])
def test_the_command_says_what_is_wrong(given):
    with pytest.raises(CommandError):
        call_command("protection_money", *given)
