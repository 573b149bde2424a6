"""Snapshots arrive late, twice and out of order; the shop's own clock decides, and at equal times the content."""

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.models import Order
from orders.tests.builders import NOON, apply, bag, later, line, snapshot, story

pytestmark = pytest.mark.django_db


def test_a_newer_snapshot_changes_the_order() -> None:
    seen = snapshot()
    apply(seen)
    outcome = apply(replace(seen, note="Ring twice", updated_at=later()))
    assert outcome.what == "changed"
    order = Order.objects.get()
    assert (order.note, order.version, order.remote_updated_at) == ("Ring twice", 2, later())
    assert story(order)[1:] == [("order.updated", {"changed": ["note"]})]


def test_an_older_snapshot_changes_nothing() -> None:
    seen = snapshot(line("Teapot", 2), note="new", updated_at=later())
    apply(seen)
    outcome = apply(replace(seen, note="old", lines=[line("Cup")], updated_at=NOON))
    assert outcome.what == "stale"
    order = Order.objects.get()
    assert (order.note, order.version, order.remote_updated_at) == ("new", 1, later())
    assert [row.title for row in order.lines.all()] == ["Teapot"]
    assert len(story(order)) == 1


def test_the_same_snapshot_again_changes_nothing() -> None:
    seen = snapshot()
    apply(seen)
    before = Order.objects.get().updated_at
    assert [apply(seen).what for _ in range(3)] == ["unchanged"] * 3
    order = Order.objects.get()
    assert (order.version, order.updated_at, len(story(order))) == (1, before, 1)


def test_at_equal_times_the_content_decides() -> None:
    seen = snapshot()
    apply(seen)
    assert apply(replace(seen, tags=["gift"])).what == "changed"
    assert Order.objects.get().tags == ["gift"]


def test_a_later_moment_alone_is_remembered_but_is_no_news() -> None:
    seen = snapshot()
    apply(seen)
    assert apply(replace(seen, updated_at=later(5))).what == "unchanged"
    order = Order.objects.get()
    assert (order.remote_updated_at, order.version, len(story(order))) == (later(5), 1, 1)
    assert apply(replace(seen, note="between", updated_at=later(3))).what == "stale"


def test_the_journal_names_every_field_that_changed_and_no_other() -> None:
    seen = snapshot(line("Teapot"))
    apply(seen)
    newer = replace(
        seen, email="new@example.com", financial_status="refunded", shipping_address=None,
        amounts={"total": bag("39.00")}, updated_at=later(),
    )  # fmt: skip
    order = apply(newer).order
    changed = ["amounts", "email", "financial_status", "shipping_address", "total"]
    assert story(order)[1:] == [("order.updated", {"changed": changed})]
    assert "new@example.com" not in str(story(order))


def test_cancelling_has_a_name_of_its_own_and_happens_once() -> None:
    seen = snapshot()
    apply(seen)
    cancelled = replace(seen, cancelled_at=later(), cancel_reason="customer", updated_at=later())
    apply(cancelled)
    order = apply(replace(cancelled, note="sorry", updated_at=later(2))).order
    assert [action for action, _ in story(order)] == ["order.created", "order.cancelled", "order.updated"]


def test_a_value_that_is_taken_away_is_gone() -> None:
    seen = snapshot(note="x", tags=["a"], cancelled_at=NOON)
    apply(seen)
    apply(replace(seen, note="", tags=[], cancelled_at=None, customer=None, updated_at=later()))
    order = Order.objects.get()
    assert (order.note, order.tags, order.cancelled_at, order.customer) == ("", [], None, None)


def test_a_total_finer_than_we_store_is_not_a_change_every_time() -> None:
    seen = snapshot(amounts={"total": bag("10.123456")})
    apply(seen)
    assert apply(seen).what == "unchanged"
    assert Order.objects.get().total == Decimal("10.1235")


def test_each_order_has_its_own_clock() -> None:
    apply(snapshot(updated_at=later(60)))
    other = snapshot(updated_at=NOON)
    apply(other)
    assert apply(replace(other, note="mine", updated_at=later())).what == "changed"
