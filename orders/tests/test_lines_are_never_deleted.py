"""Lines are added and changed; what was bought stays on record whatever a snapshot leaves out."""

from dataclasses import replace
from typing import Any

import pytest

from orders.models import LineItem
from orders.tests.builders import apply, bag, later, line, snapshot, story

pytestmark = pytest.mark.django_db


def test_a_line_that_is_missing_in_a_newer_snapshot_stays() -> None:
    teapot, cup = line("Teapot", 2), line("Cup")
    seen = snapshot(teapot, cup)
    apply(seen)
    order = apply(replace(seen, lines=[teapot], updated_at=later())).order
    assert [row.title for row in order.lines.all()] == ["Teapot", "Cup"]


def test_a_removed_line_keeps_the_quantity_that_was_bought() -> None:
    teapot = line("Teapot", 3)
    seen = snapshot(teapot)
    apply(seen)
    order = apply(replace(seen, lines=[replace(teapot, current_quantity=0)], updated_at=later())).order
    row = order.lines.get()
    assert (row.quantity, row.current_quantity) == (3, 0)
    assert story(order)[1:] == [("order.updated", {"changed": ["lines"]})]


def test_a_line_that_is_added_later_gets_its_place() -> None:
    teapot, cup = line("Teapot"), line("Cup")
    seen = snapshot(teapot)
    apply(seen)
    order = apply(replace(seen, lines=[teapot, cup], updated_at=later())).order
    assert [(row.title, row.position) for row in order.lines.all()] == [("Teapot", 0), ("Cup", 1)]


def test_a_changed_line_keeps_its_identity() -> None:
    teapot, cup = line("Teapot", price="40.00"), line("Cup")
    seen = snapshot(teapot, cup)
    order = apply(seen).order
    ids = {row.remote_id: row.public_id for row in order.lines.all()}
    cheaper = {"unit_price": bag("35.00"), "discount": bag("5.00"), "tax": bag("0")}
    apply(replace(seen, lines=[replace(teapot, amounts=cheaper, title="Teapot, blue"), cup], updated_at=later()))
    assert {row.remote_id: row.public_id for row in LineItem.objects.all()} == ids
    row = LineItem.objects.get(remote_id=teapot.remote_id)
    assert (row.title, row.amounts["discount"]["shop"]["amount"]) == ("Teapot, blue", "5.00")


def test_a_source_that_does_not_say_what_was_shipped_changes_nothing_about_it() -> None:
    teapot = line("Teapot", fulfillment_status="fulfilled")
    seen = snapshot(teapot)
    apply(seen)
    apply(replace(seen, lines=[replace(teapot, fulfillment_status=None, title="Pot")], updated_at=later()))
    assert LineItem.objects.get().fulfillment_status == "fulfilled"
    apply(replace(seen, lines=[replace(teapot, fulfillment_status="")], updated_at=later(2)))
    assert LineItem.objects.get().fulfillment_status == ""


def test_hundreds_of_lines_cost_a_fixed_number_of_queries(django_assert_max_num_queries: Any) -> None:
    rows = [line(f"Item {number}") for number in range(250)]
    seen = snapshot(*rows)
    with django_assert_max_num_queries(20):
        apply(seen)
    changed = [replace(row, title=row.title + "!") for row in rows]
    with django_assert_max_num_queries(20):
        apply(replace(seen, lines=changed, updated_at=later()))
    assert LineItem.objects.filter(title__endswith="!").count() == 250
