"""A snapshot of an order we never saw: everything in it is stored as it came, and one fact is journaled."""

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.models import Customer, Order
from orders.money import Money, MoneyBag
from orders.snapshot import Address, CustomerSnapshot
from orders.tests.builders import NOON, apply, bag, line, make_shop, snapshot, story

pytestmark = pytest.mark.django_db


def test_it_is_created_once_with_its_lines() -> None:
    seen = snapshot(line("Teapot", 2), line("Cup", 6))
    outcome = apply(seen)
    assert outcome.what == "created"
    order = Order.objects.get()
    assert (order.pk, order.remote_id, order.name, order.version) == (outcome.order.pk, seen.remote_id, "#1001", 1)
    assert [(row.title, row.quantity, row.position) for row in order.lines.all()] == [("Teapot", 2, 0), ("Cup", 6, 1)]
    assert story(order) == [("order.created", {"name": "#1001", "test": False})]


def test_its_journal_entry_says_who_and_through_which_connection() -> None:
    entry = apply(snapshot(), source="con_1").order.journal.get()
    assert (entry.by, entry.source, entry.shop) == ("shopify", "con_1", make_shop())


def test_ids_above_two_to_the_53_are_exact() -> None:
    seen = snapshot(line(remote_id=2**53 + 1, variant_id=2**62 + 1, product_id=2**63 - 1), remote_id=2**53 + 3)
    apply(seen)
    order = Order.objects.get(remote_id=2**53 + 3)
    row = order.lines.get(remote_id=2**53 + 1)
    assert (row.variant_id, row.product_id) == (2**62 + 1, 2**63 - 1)


def test_statuses_nobody_has_heard_of_are_stored_as_they_came() -> None:
    apply(snapshot(financial_status="half_paid_in_cheese", fulfillment_status="in_orbit", cancel_reason="eclipse"))
    order = Order.objects.get()
    statuses = (order.financial_status, order.fulfillment_status, order.cancel_reason)
    assert statuses == ("half_paid_in_cheese", "in_orbit", "eclipse")


def test_an_order_may_have_no_customer_and_no_address() -> None:
    apply(snapshot(customer=None, shipping_address=None, billing_address=None, email="", processed_at=None))
    order = Order.objects.get()
    assert (order.customer, order.shipping_address, order.billing_address) == (None, None, None)
    assert not Customer.objects.exists()


def test_an_address_is_kept_part_by_part() -> None:
    apply(snapshot(billing_address=Address(company="Ørsted & Søn", city="København", zip="", country_code="DK")))
    stored = Order.objects.get().billing_address or {}
    assert stored["company"] == "Ørsted & Søn"
    assert stored["zip"] == ""
    assert set(stored) == set(Address().as_json())


def test_both_currencies_are_kept_and_neither_is_computed() -> None:
    paid = MoneyBag(Money(Decimal("40.00"), "USD"), Money(Decimal("37.13"), "EUR"))
    row = line(amounts={"unit_price": paid, "discount": bag("0"), "tax": bag("0")})
    order = apply(snapshot(row, presentment_currency="EUR", amounts={"total": paid})).order
    order.refresh_from_db()
    both = {"shop": {"amount": "40.00", "currency": "USD"}, "presentment": {"amount": "37.13", "currency": "EUR"}}
    assert order.amounts["total"] == both
    assert order.lines.get().amounts["unit_price"] == both
    assert (order.currency, order.presentment_currency, order.total) == ("USD", "EUR", Decimal("40.00"))


@pytest.mark.parametrize("currency, written, kept", [("JPY", "1200.0", "1200"), ("KWD", "1.5", "1.500")])
def test_currencies_without_cents_or_with_three_digits(currency: str, written: str, kept: str) -> None:
    amounts = {"unit_price": bag(written, currency), "discount": bag("0", currency), "tax": bag("0", currency)}
    seen = snapshot(line(amounts=amounts), currency=currency, amounts={"total": bag(written, currency)})
    order = apply(seen, make_shop(currency=currency)).order
    order.refresh_from_db()
    assert order.amounts["total"]["shop"] == {"amount": kept, "currency": currency}
    assert order.total == Decimal(written)


def test_names_are_not_identity() -> None:
    assert [apply(snapshot(name="#1001")).what for _ in range(2)] == ["created", "created"]
    assert Order.objects.filter(name="#1001").count() == 2


def test_two_shops_may_use_the_same_ids() -> None:
    seen = snapshot(line(remote_id=7), remote_id=5, customer=CustomerSnapshot(remote_id=9))
    assert apply(seen, make_shop("one.myshopify.com")).what == "created"
    assert apply(seen, make_shop("two.myshopify.com")).what == "created"
    assert Customer.objects.filter(remote_id=9).count() == 2


def test_the_rules_of_the_day_it_was_placed_apply() -> None:
    seen = snapshot(created_at=NOON, processed_at=NOON.replace(day=3))
    assert apply(seen).order.placed_at == NOON.replace(day=3)
    assert apply(replace(seen, remote_id=1, processed_at=None)).order.placed_at == NOON
