"""Customers arrive with orders and by themselves; the newest the shop said about them stays."""

from dataclasses import replace

import pytest

from orders.intake import apply_customer, mark_customer_deleted
from orders.models import Customer
from orders.snapshot import CustomerSnapshot
from orders.tests.builders import NOON, apply, later, make_shop, snapshot

ZOE = CustomerSnapshot(remote_id=2**53 + 5, email="zoe@example.com", first_name="Zoë", updated_at=NOON)

pytestmark = pytest.mark.django_db


def test_the_same_customer_of_two_orders_is_one() -> None:
    first, second = (apply(snapshot(customer=ZOE)).order for _ in range(2))
    assert first.customer == second.customer == Customer.objects.get()


def test_a_newer_word_changes_the_customer() -> None:
    apply_customer(make_shop(), ZOE)
    apply_customer(make_shop(), replace(ZOE, email="new@example.com", updated_at=later()))
    assert Customer.objects.get().email == "new@example.com"


def test_an_older_word_changes_nothing() -> None:
    apply_customer(make_shop(), replace(ZOE, email="new@example.com", updated_at=later()))
    customer = apply_customer(make_shop(), ZOE)
    assert customer.email == "new@example.com"
    assert (Customer.objects.get().email, Customer.objects.get().remote_updated_at) == ("new@example.com", later())


def test_a_word_without_a_date_yields_to_one_with_a_date() -> None:
    apply_customer(make_shop(), ZOE)
    apply_customer(make_shop(), replace(ZOE, email="undated@example.com", updated_at=None))
    assert Customer.objects.get().email == "zoe@example.com"


def test_a_word_without_a_date_is_better_than_an_older_one_without() -> None:
    undated = replace(ZOE, updated_at=None)
    apply_customer(make_shop(), undated)
    apply_customer(make_shop(), replace(undated, phone="+1 555"))
    assert Customer.objects.get().phone == "+1 555"


def test_an_old_order_does_not_bring_the_old_customer_back() -> None:
    seen = snapshot(customer=replace(ZOE, email="new@example.com", updated_at=later()))
    apply(seen)
    apply(replace(seen, customer=ZOE, updated_at=later(9)))
    assert Customer.objects.get().email == "new@example.com"


def test_a_deleted_customer_is_marked_once_and_kept() -> None:
    shop, other = make_shop(), make_shop("other.myshopify.com")
    apply_customer(shop, ZOE)
    assert mark_customer_deleted(other, ZOE.remote_id) is False
    assert mark_customer_deleted(shop, ZOE.remote_id) is True
    assert mark_customer_deleted(shop, ZOE.remote_id) is False
    assert Customer.objects.get().deleted_at is not None
