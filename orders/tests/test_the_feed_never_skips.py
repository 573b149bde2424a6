"""`settled()`: whoever reads the journal with a cursor may move past what it shows, and will miss nothing."""

from dataclasses import replace
from functools import partial

import pytest
from django.db import OperationalError, transaction

from backoffice.tests.at_once import OpenTransaction, at_once
from orders.intake import Origin
from orders.journal import record
from orders.models import JournalEntry, Order, Shop
from orders.side_records import DisputeSnapshot, write_dispute
from orders.tests.builders import apply, later, make_order, make_shop, snapshot

pytestmark = pytest.mark.django_db(transaction=True)


def note(shop: Shop, action: str) -> None:
    with transaction.atomic():
        record(action, shop=shop, by="system")


def shown() -> list[str]:
    return list(JournalEntry.objects.settled().order_by("id").values_list("action", flat=True))


def test_nothing_is_shown_beyond_an_entry_that_may_still_appear() -> None:
    shop = make_shop()
    note(shop, "a.first")
    with OpenTransaction(partial(note, shop, "b.slow")) as slow:
        note(shop, "c.fast")
        assert list(JournalEntry.objects.values_list("action", flat=True)) == ["a.first", "c.fast"]
        assert shown() == ["a.first"]
        slow.commit()
    assert shown() == ["a.first", "b.slow", "c.fast"]


def test_an_entry_that_never_comes_holds_nothing_up() -> None:
    shop = make_shop()
    with OpenTransaction(partial(note, shop, "b.never")):
        note(shop, "c.fast")
        assert shown() == []
    assert shown() == ["c.fast"]


def test_a_transaction_that_has_not_written_yet_cannot_slip_in_front() -> None:
    """It draws its number after ours, so it appears behind what a reader has seen, never before it."""
    shop = make_shop()
    with OpenTransaction(lambda: Shop.objects.count()) as reader:
        note(shop, "a.first")
        assert shown() == ["a.first"]
        reader.commit()


def test_a_reader_with_a_cursor_sees_every_entry_once_while_many_write() -> None:
    shop = make_shop()
    seen: list[int] = []

    def write(writer: int) -> None:
        for number in range(12):
            with transaction.atomic():
                record(f"w{writer}.first", shop=shop, by="system", number=number)
                record(f"w{writer}.second", shop=shop, by="system", number=number)

    def read() -> None:
        cursor = 0
        while len(seen) < 4 * 24:
            page = JournalEntry.objects.settled().filter(id__gt=cursor).order_by("id")[:7]
            for pk in page.values_list("pk", flat=True):
                seen.append(pk)
                cursor = pk

    assert at_once(read, *[partial(write, writer) for writer in range(4)]) == [None] * 5
    assert seen == sorted(seen)
    assert set(seen) == set(JournalEntry.objects.values_list("pk", flat=True))


def test_ids_of_one_order_rise_as_things_happened() -> None:
    shop, seen = make_shop(), snapshot(note="start")
    apply(seen, shop)
    steps = [replace(seen, note=str(n), updated_at=later(n)) for n in range(6)]
    at_once(*[partial(apply, step, shop) for step in steps])
    entries = list(JournalEntry.objects.order_by("id"))
    assert entries[0].action == "order.created"
    assert [entry.created_at for entry in entries] == sorted(entry.created_at for entry in entries)


def test_a_reader_of_one_order_sees_it_whole() -> None:
    order = make_order()
    with transaction.atomic():
        for number in range(5):
            record("order.updated", shop=order.shop, order=order, by="system", number=number)
    numbers = [entry.facts["number"] for entry in order.journal.filter(action="order.updated").order_by("id")]
    assert numbers == list(range(5))


def test_a_dispute_waits_its_turn_in_the_order_it_is_about() -> None:
    """Its entry is drawn under the order's lock too, or it could appear in front of one that was told already."""
    order = make_order()
    dispute = DisputeSnapshot(7001, order.remote_id, "chargeback", "needs_response")
    told = partial(write_dispute, order.shop, dispute, Origin(by="shopify"))
    with OpenTransaction(told), pytest.raises(OperationalError), transaction.atomic():
        Order.objects.select_for_update(nowait=True).get()
