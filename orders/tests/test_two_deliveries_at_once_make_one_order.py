"""The same order delivered many times at the same moment, by real threads on real connections."""

from dataclasses import replace
from functools import partial

import pytest

from backoffice.tests.at_once import Blocked, OpenTransaction, at_once
from orders.models import Customer, JournalEntry, LineItem, Order
from orders.tests.builders import NOON, apply, later, line, make_shop, snapshot

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_order_and_one_entry() -> None:
    shop, seen = make_shop(), snapshot(line("Teapot"), line("Cup"))
    outcomes = at_once(*[partial(apply, seen, shop)] * 6)
    assert sorted(outcome.what for outcome in outcomes) == ["created"] + ["unchanged"] * 5
    assert Order.objects.count() == 1
    assert LineItem.objects.count() == 2
    assert Customer.objects.count() == 1
    assert [entry.action for entry in JournalEntry.objects.all()] == ["order.created"]


def test_the_second_waits_for_the_first_and_then_finds_it() -> None:
    shop, seen = make_shop(), snapshot()
    with OpenTransaction(partial(apply, seen, shop)) as first:
        second = Blocked(partial(apply, seen, shop))
        assert not Order.objects.exists()
        first.commit()
    assert second.result().what == "unchanged"
    assert JournalEntry.objects.count() == 1


def test_a_first_that_fails_leaves_the_order_to_the_second() -> None:
    shop, seen = make_shop(), snapshot()
    with OpenTransaction(partial(apply, seen, shop)):
        second = Blocked(partial(apply, seen, shop))
    assert second.result().what == "created"
    assert JournalEntry.objects.count() == 1


def test_the_newest_of_many_states_stays_whatever_order_they_are_applied_in() -> None:
    shop, seen = make_shop(), snapshot(note="0")
    states = [replace(seen, note=str(minute), updated_at=later(minute)) for minute in range(8)]
    results = at_once(*[partial(apply, state, shop) for state in reversed(states)])
    assert {result.what for result in results} <= {"created", "changed", "stale"}
    order = Order.objects.get()
    assert (order.note, order.remote_updated_at) == ("7", later(7))
    assert order.version == JournalEntry.objects.count()


def test_different_orders_of_one_customer_do_not_block_each_other_for_good() -> None:
    shop, customer = make_shop(), snapshot().customer
    assert customer is not None
    seen = [snapshot(customer=replace(customer, phone=str(n), updated_at=later(n))) for n in range(6)]
    results = at_once(*[partial(apply, one, shop) for one in seen])
    assert [result.what for result in results] == ["created"] * 6
    assert Customer.objects.get().phone == "5"
    assert Customer.objects.get().remote_updated_at != NOON
