"""GET /v1/events: the journal in its order, from any event on, each shop's own."""

from typing import Any

import pytest
from django.db import transaction

from backoffice.tests.at_once import OpenTransaction
from backoffice.tests.builders import Api, api, assert_problem
from orders.journal import record
from orders.models import JournalEntry
from orders.tests.builders import make_order, make_shop

pytestmark = pytest.mark.django_db(transaction=True)


def note(*actions: str, domain: str = "tests.myshopify.com") -> None:
    shop = make_shop(domain)
    with transaction.atomic():
        for action in actions:
            record(action, shop=shop, by="system", n=1)


def read(partner: Api, **parameters: Any) -> list[str]:
    return [event["type"] for event in partner.get("/v1/events", **parameters).json()["data"]]


def test_oldest_first_from_the_beginning() -> None:
    note("a.a", "b.b")
    note("c.c")
    assert read(api("events:read")) == ["a.a", "b.b", "c.c"]


def test_an_event_names_its_order_by_both_ids_and_carries_what_changed() -> None:
    order = make_order()
    (event,) = api().get("/v1/events").json()["data"]
    entry = JournalEntry.objects.get()
    assert event == {
        "id": entry.public_id,
        "type": "order.created",
        "version": "2026-11",
        "created_at": entry.created_at.isoformat(),
        "sequence": entry.pk,
        "shop": "tests.myshopify.com",
        "order": {"id": order.public_id, "remote_id": str(order.remote_id), "name": "#1001"},
        "subject": None,
        "data": {"name": "#1001", "test": False},
    }


def test_a_reader_goes_on_after_the_last_event_it_saw() -> None:
    note(*[f"n.{number}" for number in range(7)])
    partner, seen = api(), []
    after: dict[str, str] = {}
    while True:
        body = partner.get("/v1/events", limit=3, **after).json()
        seen += [event["type"] for event in body["data"]]
        after = {"after": body["next_cursor"]}
        if not body["has_more"]:
            break
    assert seen == [f"n.{number}" for number in range(7)]
    assert read(partner, **after) == []
    assert partner.get("/v1/events", **after).json()["next_cursor"] == after["after"]  # the place is kept
    note("n.new")
    assert read(partner, **after) == ["n.new"]


def test_an_empty_feed_has_no_cursor() -> None:
    assert api().get("/v1/events").json() == {"data": [], "has_more": False, "next_cursor": None}


def test_nothing_is_shown_that_a_slower_event_could_still_precede() -> None:
    partner, _ = api(), make_shop()
    with OpenTransaction(lambda: note("a.slow")) as slow:
        note("b.fast")
        assert read(partner) == []
        slow.commit()
    assert read(partner) == ["a.slow", "b.fast"]


@pytest.mark.parametrize("after", ["", "evt_unknown", "\x00", "7", "x" * 5000])
def test_an_event_nobody_knows_is_refused(after: str) -> None:
    note("a.a")
    assert_problem(api().get("/v1/events", after=after), 400, "invalid_parameter", "after")


def test_a_bound_key_sees_its_shop_and_no_other() -> None:
    note("mine.a", domain="mine.myshopify.com")
    note("foreign.a")
    note("mine.b", domain="mine.myshopify.com")
    partner = api(shop="mine.myshopify.com")
    assert read(partner) == ["mine.a", "mine.b"]
    foreign = JournalEntry.objects.get(action="foreign.a").public_id
    assert_problem(partner.get("/v1/events", after=foreign), 400, "invalid_parameter", "after")
    mine = JournalEntry.objects.get(action="mine.a").public_id
    assert read(partner, after=mine) == ["mine.b"]


def test_a_page_costs_a_fixed_number_of_queries(django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        make_order()
    partner = api()
    after = JournalEntry.objects.earliest("id").public_id
    with django_assert_max_num_queries(6):
        assert len(partner.get("/v1/events", after=after).json()["data"]) == 11
