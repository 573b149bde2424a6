"""Units taken off at the shop before dispatch: their part of the fee is paid by the shop once, and comes home."""

from decimal import Decimal

import pytest

from integrations.tests.changing import home, sent
from integrations.tests.remedies import bought, line_of
from orders import changes
from orders.models import Change, Order
from protection import fee_refunds, fees, following
from protection.models import Coverage, FeeRefund
from protection.tests.builders import make_plan

pytestmark = pytest.mark.django_db


def taken_off(store, order: Order, left: int) -> Coverage:
    lines = [{"line_item": line_of(order).public_id, "quantity": left}]
    change = changes.edit_lines(order, lines=lines, by="staff:ana")
    sent(store, change)
    assert change.state == "done", change.failure
    return Coverage.objects.get(order=order)


def paid_back(order: Order) -> Decimal:
    moved = [part for refund in order.refunds.all() for part in refund.transactions]
    return sum((Decimal(part["amount"]["shop"]["amount"]) for part in moved), Decimal(0))


def test_it_is_proposed_given_and_home_and_the_order_again_gives_no_more(shop_of_module, store, door):
    order = bought(shop_of_module, store, 4)
    coverage = taken_off(store, order, 3)
    part = FeeRefund.objects.get()
    fee = Decimal(coverage.fee["shop"]["amount"])
    assert (part.state, part.coverage) == ("proposed", coverage)
    assert Decimal(part.amount["shop"]["amount"]) == (fee / 4).quantize(Decimal("0.01"))
    change = sent(store, fee_refunds.give(part, by="staff:lea"))
    part.refresh_from_db()
    assert (change.state, change.failure, part.state) == ("done", "", "paid")
    assert paid_back(order) == Decimal(part.amount["shop"]["amount"])
    for _ in range(2):
        home(store, order.remote_id)
        following.follow_all()
    assert (FeeRefund.objects.count(), Change.objects.filter(kind="refund").count()) == (1, 1)
    coverage.refresh_from_db()
    assert coverage.in_force


def test_the_rest_goes_back_with_the_whole_fee(shop_of_module, store, door):
    order = bought(shop_of_module, store, 4)
    coverage = taken_off(store, order, 2)
    sent(store, fee_refunds.give(FeeRefund.objects.get(), by="staff:lea"))
    rest = sent(store, fees.refund_fee(coverage, by="staff:lea"))
    assert (rest.state, rest.failure) == ("done", "")
    coverage.refresh_from_db()
    assert coverage.status == "removed"
    assert paid_back(order) == Decimal(coverage.fee["shop"]["amount"])


def test_an_automatic_one_is_paid_once_though_its_answer_is_lost(shop_of_module, store, door):
    make_plan(store.shop, pro_rata="automatic")
    order = bought(shop_of_module, store, 4)
    taken_off(store, order, 3)
    door.lose("refundCreate")
    sent(store, tries=3)
    part = FeeRefund.objects.get()
    assert part.state == "paid"
    home(store, order.remote_id)
    assert paid_back(order) == Decimal(part.amount["shop"]["amount"])
    assert order.refunds.count() == 1
