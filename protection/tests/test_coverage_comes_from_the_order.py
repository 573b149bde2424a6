"""An order is covered because its own lines or attributes say so, under the plan of the day it was placed."""

from dataclasses import replace
from typing import Any

import pytest

from orders.intake import Origin, apply_fulfillment, mark_deleted
from orders.models import Order
from orders.money import Money, MoneyBag, decimal_of
from orders.snapshot import FulfillmentSnapshot, OrderSnapshot
from orders.tests.builders import NOON, apply, fee_line, later, line, make_order, make_shop, next_id, snapshot, story
from protection import coverage
from protection.models import Coverage
from protection.tests.builders import make_covered_order, make_plan

pytestmark = pytest.mark.django_db


def cover(seen: OrderSnapshot) -> Coverage | None:
    return coverage.refresh(apply(seen).order, by="shopify", source="con_1")


def told(order: Order) -> list[str]:
    return [action for action, _ in story(order) if action.startswith("coverage.")]


def test_a_fee_line_makes_it_covered() -> None:
    make_plan()
    fee = fee_line("1.50")
    found = cover(snapshot(line("Teapot", 2), fee))
    assert found is not None
    assert (found.status, found.fee_lines, found.in_force) == ("inactive", [fee.remote_id], True)
    assert found.fee["shop"] == {"amount": "1.50", "currency": "USD"}
    entry = found.order.journal.latest("id")
    assert (entry.action, entry.source, entry.facts["fee"]) == ("coverage.inactive", "con_1", found.fee)


@pytest.mark.parametrize("fields", [{"fee_skus": ["PROTECT"]}, {"fee_variant_ids": [99]}, {"fee_product_ids": [77]}])
def test_the_fee_is_recognised_by_sku_variant_or_product(fields: dict[str, Any]) -> None:
    make_plan(**{"fee_skus": [], **fields})
    assert cover(snapshot(line(), replace(fee_line(), product_id=77))) is not None
    assert cover(snapshot(line("Teapot", sku="", variant_id=None, product_id=None))) is None


def test_both_sides_of_the_fee_are_kept() -> None:
    make_plan()
    price = MoneyBag(Money(decimal_of("1.50"), "USD"), Money(decimal_of("160"), "JPY"))
    fee = replace(fee_line(), quantity=2, amounts={"unit_price": price})
    found = cover(snapshot(line(), fee, presentment_currency="JPY"))
    assert found is not None
    assert found.fee == {
        "shop": {"amount": "3.00", "currency": "USD"},
        "presentment": {"amount": "320", "currency": "JPY"},
    }


@pytest.mark.parametrize(
    "value, covered", [("true", True), (" YES ", True), ("1", True), ("no", False), ("", False), (None, False)]
)
def test_an_attribute_may_say_so(value: str | None, covered: bool) -> None:
    make_plan(fee_attribute="protected")
    found = cover(snapshot(line(), attributes=[{"name": "protected", "value": value}]))
    assert (found is not None) is covered
    assert found is None or found.fee["shop"]["amount"] == "0.00"


def test_without_fee_or_plan_nothing_is_assumed() -> None:
    assert cover(snapshot(line(), fee_line())) is None
    make_plan()
    assert cover(snapshot(line())) is None
    assert cover(snapshot(line(), attributes=[{"name": "protected", "value": "true"}])) is None
    assert not Coverage.objects.exists()


def test_another_shops_plan_does_not_count() -> None:
    make_plan(make_shop("other.myshopify.com"))
    assert cover(snapshot(line(), fee_line())) is None


def test_the_version_of_the_day_it_was_placed_applies_for_ever() -> None:
    old = make_plan(effective_from=NOON.replace(month=1))
    make_plan(effective_from=NOON.replace(day=19), fee_skus=["OTHER"])
    seen = snapshot(line(), fee_line(), processed_at=NOON.replace(month=3))
    first = cover(seen)
    assert first is not None
    assert first.plan_version == old
    again = cover(replace(seen, processed_at=None, updated_at=later()))
    assert again is not None
    assert again.plan_version == old
    assert cover(snapshot(line(), fee_line())) is None  # placed today: the new version knows another fee


def test_an_order_older_than_the_first_version_is_not_covered() -> None:
    make_plan(effective_from=later(1))
    assert cover(snapshot(line(), fee_line())) is None


def test_a_fee_that_is_taken_off_again_ends_it_and_a_fee_put_back_restores_it() -> None:
    make_plan()
    fee = fee_line()
    seen = snapshot(line(), fee)
    cover(seen)
    gone = cover(replace(seen, lines=[seen.lines[0], replace(fee, current_quantity=0)], updated_at=later()))
    assert gone is not None
    assert (gone.status, gone.in_force, gone.fee_lines) == ("removed", False, [fee.remote_id])
    back = cover(replace(seen, updated_at=later(2)))
    assert back is not None
    assert back.status == "inactive"
    assert told(back.order) == ["coverage.inactive", "coverage.removed", "coverage.inactive"]


def test_a_cancelled_order_is_void() -> None:
    make_plan()
    seen = snapshot(line(), fee_line())
    cover(seen)
    found = cover(replace(seen, cancelled_at=later(), updated_at=later()))
    assert found is not None
    assert (found.status, found.in_force) == ("void", False)


def test_a_deleted_order_is_void() -> None:
    order = make_covered_order()
    deleted = mark_deleted(order.shop, order.remote_id, Origin(by="shopify")).order
    found = coverage.refresh(deleted, by="shopify")
    assert found is not None
    assert found.status == "void"


def test_it_becomes_active_when_a_parcel_leaves_and_is_told_once() -> None:
    order = make_covered_order()
    for status, expected in (("cancelled", "inactive"), ("success", "active"), ("success", "active")):
        parcel = FulfillmentSnapshot(remote_id=next_id(), status=status, lines=[], created_at=NOON, updated_at=NOON)
        apply_fulfillment(order.shop, order.remote_id, parcel, Origin(by="shopify"))
        found = coverage.refresh(order, by="shopify")
        assert found is not None
        assert found.status == expected
    assert told(order) == ["coverage.inactive", "coverage.active"]


def test_looking_again_changes_nothing() -> None:
    order = make_covered_order()
    before = (Coverage.objects.values().get(), len(story(order)))
    coverage.refresh(order, by="shopify")
    assert (Coverage.objects.values().get(), len(story(order))) == before


def test_an_order_of_goods_only_has_no_fee_lines() -> None:
    make_plan()
    order = make_order(line("Protect your tea", sku="protect"))
    assert coverage.refresh(order, by="shopify") is None  # another spelling is another article
