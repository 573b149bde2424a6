"""What to expect of a carrier: the least of cover and goods with label, in exact money; and what came, in sums."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.models import Order
from orders.money import Money, MoneyBag
from orders.tests.builders import bag, line, make_shop
from protection.models import CarrierTerms, Recovery
from protection.recovery import figures, filing
from protection.recovery.actors import RecoveryRefused
from protection.recovery.reckoning import expected
from protection.tests.builders import make_covered_order, make_plan
from protection.tests.carriers import ANA, make_recovery, shipped

pytestmark = pytest.mark.django_db


def order_in(shop: str, presentment: str | None = None) -> Order:
    return Order(currency=shop, presentment_currency=presentment or shop)


def terms(cover: str | None, currency: str, **fields: object) -> CarrierTerms:
    return CarrierTerms(
        cover=None if cover is None else Decimal(cover), cover_currency=currency, public_id="ctm_1", **fields
    )


def lines(*amounts: str, shop: str, presentment: str = "", other: str = "0") -> list[dict[str, object]]:
    side = Money(Decimal(other), presentment) if presentment else None
    return [
        {"value": MoneyBag(Money(Decimal(amount), shop), side or Money(Decimal(amount), shop)).as_json()}
        for amount in amounts
    ]


@pytest.mark.parametrize(
    "amounts, currency, rule, money",
    [
        (["40.00"], "USD", terms("100", "USD"), "40.00 USD"),
        (["80.00", "40.00"], "USD", terms("100", "USD"), "100.00 USD"),
        (["40.00"], "USD", terms("100", "USD", label=Decimal("7.45")), "47.45 USD"),
        (["96.00"], "USD", terms("100", "USD", label=Decimal("7.45")), "100.00 USD"),
        (["40.00"], "USD", terms(None, ""), "40.00 USD"),
        (["40.00"], "USD", terms("0", "USD"), "0.00 USD"),
        (["39.99"], "USD", terms("100", "USD", goods_at="cost", cost_percent=Decimal("33.33")), "13.33 USD"),
        (["6000", "5000"], "JPY", terms("15000", "JPY"), "11000 JPY"),
        (["6001"], "JPY", terms("15000", "JPY", goods_at="cost", cost_percent=Decimal(50)), "3001 JPY"),
        (["9000"], "JPY", terms("5000.4", "JPY"), "5000 JPY"),
        (["12.345"], "KWD", terms("30", "KWD", label=Decimal("1.25")), "13.595 KWD"),
        (["40.001"], "KWD", terms("30.5", "KWD"), "30.500 KWD"),
    ],
)
def test_the_least_of_cover_and_goods_with_label(
    amounts: list[str], currency: str, rule: CarrierTerms, money: str
) -> None:
    found, facts = expected(lines(*amounts, shop=currency), rule, order_in(currency))
    assert str(found) == money
    assert facts["terms"] == "ctm_1"


def test_a_cover_in_the_shoppers_money_uses_what_the_shopper_paid() -> None:
    rows = lines("9000", shop="JPY", presentment="USD", other="61.20")
    found, _ = expected(rows, terms("50", "USD"), order_in("JPY", "USD"))
    assert str(found) == "50.00 USD"


def test_a_cover_in_a_third_currency_is_not_converted() -> None:
    found, facts = expected(lines("9000", shop="JPY"), terms("100", "USD"), order_in("JPY"))
    assert found is None
    assert facts["goods"] == {"amount": "9000", "currency": "JPY"}
    assert "say the amount when filing" in facts["why_not"]


def test_such_a_case_is_filed_with_the_amount_that_staff_say() -> None:
    shop = make_shop("tokyo.myshopify.com", "JPY")
    make_plan(shop, currency="JPY", minimum=Decimal(1))
    yen = {"unit_price": bag("9000", "JPY"), "discount": bag("0", "JPY"), "tax": bag("0", "JPY")}
    order = make_covered_order(
        line("Teapot", amounts=yen), shop=shop, currency="JPY", presentment_currency="JPY",
        amounts={"total": bag("9000", "JPY")},
    )  # fmt: skip
    recovery = make_recovery(shipped(order))
    assert (recovery.expected, recovery.currency) == (None, "JPY")
    with pytest.raises(RecoveryRefused) as caught:
        filing.file(recovery, actor=ANA)
    assert caught.value.code == "amount_missing"
    with pytest.raises(RecoveryRefused):
        filing.file(recovery, actor=ANA, amount=Decimal("10.5"))
    filed = filing.file(recovery, actor=ANA, amount=Decimal("61.20"), currency="USD")
    assert str(filed.money(filed.claimed)) == "61.20 USD"
    paid = filing.pay(recovery, actor=ANA)
    assert figures.received([shop]) == {"USD": Decimal("61.20")}
    assert str(paid.money(paid.received)) == "61.20 USD"


def test_what_came_in_is_summed_by_shop_and_day() -> None:
    recovery = make_recovery()
    filing.file(recovery, actor=ANA)
    filing.pay(recovery, Decimal("33.10"), actor=ANA, on=timezone.now().date())
    shop, today = recovery.order.shop, timezone.now().date()
    assert figures.received([shop], today, today + timedelta(days=1)) == {"USD": Decimal("33.10")}
    assert figures.received([], None, None) == {"USD": Decimal("33.10")}
    assert figures.received([shop], today + timedelta(days=1)) == {}
    assert figures.received([shop], None, today) == {}
    assert figures.received([make_shop("other.myshopify.com")]) == {}


def test_each_carrier_shows_what_was_expected_and_what_came() -> None:
    paid, open_ = make_recovery(), make_recovery(shipped(make_covered_order(name="#2")))
    unknown = make_recovery(shipped(make_covered_order(name="#3"), company="Pony"))
    filing.file(paid, actor=ANA)
    filing.pay(paid, Decimal("30.00"), actor=ANA)
    rows = {row.carrier: row for row in figures.by_carrier(timezone.now() - timedelta(days=1))}
    assert set(rows) == {"UPS", "Pony"}
    ups = rows["UPS"]
    assert (ups.number, str(ups.expected), str(ups.received), str(ups.still_open), str(ups.lost)) == (
        2, "80.00 USD", "30.00 USD", "40.00 USD", "10.00 USD"
    )  # fmt: skip
    assert [str(money) for money in figures.still_to_come(rows.values())] == ["40.00 USD"]
    assert (ups.to_file, ups.key) == (1, open_.carrier_id)
    assert unknown.expected is None


def test_at_risk_is_what_ends_within_the_week_and_is_not_filed() -> None:
    make_recovery(shipped(days_ago=55))
    make_recovery(shipped(make_covered_order(name="#2"), days_ago=20))
    unknown = make_recovery(shipped(make_covered_order(name="#3"), days_ago=20, company="Pony"))
    soon = timezone.now() + timedelta(days=3)
    Recovery.objects.filter(pk=unknown.pk).update(deadline=soon, last_day=soon.date())
    found = figures.at_risk(timezone.now())
    assert (found.number, [str(money) for money in found.value], found.unknown) == (2, ["40.00 USD"], 1)
