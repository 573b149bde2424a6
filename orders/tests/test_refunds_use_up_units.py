"""A refund at the shop is a fact: it is never refused, and it takes its units; paying twice is reported."""

from dataclasses import replace
from typing import Any

import pytest

from orders import entitlement
from orders.intake import OrderUnknown, Origin, apply_refund
from orders.models import LineItem, Order, Refund, UnitUse
from orders.snapshot import RefundLineSnapshot, RefundSnapshot
from orders.tests.builders import NOON, apply, bag, later, line, make_order, make_shop, next_id, snapshot, story

ORIGIN = Origin(by="shopify")

pytestmark = pytest.mark.django_db


def refund(row: LineItem, quantity: int = 1, **fields: Any) -> RefundSnapshot:
    part = RefundLineSnapshot(row.remote_id, quantity, "return", {"subtotal": bag("40.00"), "tax": bag("0")})
    return RefundSnapshot(**{"remote_id": next_id(), "lines": [part], "created_at": NOON, **fields})


def refunded(order: Order, seen: RefundSnapshot) -> str:
    return apply_refund(order.shop, order.remote_id, seen, ORIGIN).what


def test_its_units_are_used() -> None:
    order = make_order(line("Teapot", 3))
    row = order.lines.get()
    assert refunded(order, refund(row, 2)) == "changed"
    stored = Refund.objects.get()
    assert entitlement.free_units(row) == [3]
    uses = UnitUse.objects.values_list("kind", "reference")
    assert list(uses) == [("refund", stored.public_id)] * 2
    assert story(order)[-1] == ("refund.created", {"units": {str(row.remote_id): 2}})


def test_the_same_refund_again_takes_nothing_more() -> None:
    order = make_order(line("Teapot", 3))
    seen = refund(order.lines.get())
    assert [refunded(order, seen) for _ in range(3)] == ["changed", "unchanged", "unchanged"]
    assert UnitUse.objects.count() == 1


def test_it_may_arrive_with_the_order_and_by_itself() -> None:
    seen = snapshot(line("Teapot", 2))
    order = apply(seen).order
    back = refund(order.lines.get())
    apply(replace(seen, refunds=[back], updated_at=later()))
    assert refunded(order, back) == "unchanged"
    assert UnitUse.objects.count() == 1


def test_lines_that_are_named_later_are_used_then() -> None:
    order = make_order(line("Teapot", 2))
    row = order.lines.get()
    seen = refund(row, 2)
    refunded(order, replace(seen, lines=[]))
    assert len(entitlement.free_units(row)) == 2
    assert refunded(order, seen) == "changed"
    assert entitlement.free_units(row) == []
    assert story(order)[-1] == ("refund.updated", {"changed": ["lines"]})


def test_a_line_named_twice_in_one_refund_uses_both_units() -> None:
    order = make_order(line("Teapot", 3))
    row = order.lines.get()
    seen = refund(row, 1)
    refunded(order, replace(seen, lines=[*seen.lines, replace(seen.lines[0], restock_type="no_restock")]))
    assert entitlement.free_units(row) == [3]
    assert story(order)[-1] == ("refund.created", {"units": {str(row.remote_id): 2}})


def test_a_refund_that_grows_takes_the_difference() -> None:
    order = make_order(line("Teapot", 3))
    row = order.lines.get()
    seen = refund(row, 1)
    refunded(order, seen)
    refunded(order, replace(seen, lines=[replace(seen.lines[0], quantity=2)]))
    assert entitlement.free_units(row) == [3]


def test_a_unit_that_was_replaced_and_is_refunded_is_reported() -> None:
    order = make_order(line("Teapot", 2))
    row = order.lines.get()
    entitlement.use_units(row, [1, 2], kind=UnitUse.Kind.REPLACEMENT, reference="res_1")
    refunded(order, refund(row, 1))
    entry = order.journal.get(action="entitlement.exceeded")
    stored = Refund.objects.get()
    assert entry.facts == {"line": row.public_id, "units": 1, "refund": stored.public_id}
    assert set(UnitUse.objects.values_list("reference", flat=True)) == {"res_1"}


def test_more_units_than_were_bought_are_reported_and_never_refused() -> None:
    order = make_order(line("Teapot", 1))
    row = order.lines.get()
    assert refunded(order, refund(row, 5)) == "changed"
    assert order.journal.get(action="entitlement.exceeded").facts["units"] == 4
    assert UnitUse.objects.count() == 1


def test_when_the_money_moved_later_the_refund_is_completed() -> None:
    order = make_order(line("Teapot", 2))
    seen = refund(order.lines.get())
    refunded(order, seen)
    paid = replace(seen, transactions=[{"kind": "refund", "status": "success"}], processed_at=later())
    assert refunded(order, paid) == "changed"
    assert story(order)[-1] == ("refund.updated", {"changed": ["processed_at", "transactions"]})
    assert UnitUse.objects.count() == 1


def test_a_refund_of_money_only_uses_no_unit() -> None:
    order = make_order(line("Teapot", 1))
    assert refunded(order, RefundSnapshot(remote_id=1, lines=[])) == "changed"
    assert not UnitUse.objects.exists()


def test_a_line_nobody_knows_does_not_stop_the_refund() -> None:
    order, other = make_order(line("Teapot")), make_order(line("Cup"))
    assert refunded(order, refund(other.lines.get())) == "changed"
    assert entitlement.free_units(other.lines.get()) == [1]


def test_a_refund_of_an_order_we_never_saw_is_refused() -> None:
    order = make_order()
    with pytest.raises(OrderUnknown):
        apply_refund(make_shop("other.myshopify.com"), order.remote_id, refund(order.lines.get()), ORIGIN)
    assert not Refund.objects.exists()
