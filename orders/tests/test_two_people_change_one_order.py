"""Two at the same moment: one of them wins, the other is told so, and nothing is promised twice."""

from functools import partial

import pytest

from backoffice.tests.at_once import at_once
from orders import changes
from orders.changes import ChangeRefused, carrying
from orders.models import Change, JournalEntry, Order, UnitUse
from orders.tests.builders import line, make_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Order:
    return make_order(line("Teapot", 2))


def won(results: list[object]) -> list[Change]:
    return [result for result in results if isinstance(result, Change)]


def refused(results: list[object]) -> set[str]:
    return {result.code for result in results if isinstance(result, ChangeRefused)}


def test_the_same_field_is_asked_for_once(order: Order) -> None:
    results = at_once(*[partial(changes.change_note, order, f"Note {n}", by=f"staff:{n}") for n in range(5)])
    assert (len(won(results)), refused(results)) == (1, {"change_waiting"})
    assert JournalEntry.objects.filter(action="change.queued").count() == 1


def test_the_last_units_are_promised_once(order: Order) -> None:
    wish = [{"line_item": order.lines.get().public_id, "quantity": 2}]
    results = at_once(*[partial(changes.refund, order, lines=wish, by=f"staff:{n}") for n in range(5)])
    assert (len(won(results)), refused(results)) == (1, {"unit_used"})
    assert UnitUse.objects.filter(released_at=None).count() == 2


def test_the_last_units_are_sent_once(order: Order) -> None:
    results = at_once(*[partial(changes.fulfil, order, by=f"partner:{n}") for n in range(5)])
    assert (len(won(results)), refused(results)) == (1, {"nothing_to_send"})


def test_an_order_is_cancelled_once(order: Order) -> None:
    results = at_once(*[partial(changes.cancel, order, by=f"staff:{n}") for n in range(5)])
    assert (len(won(results)), refused(results)) == (1, {"change_waiting"})


def test_given_up_and_sent_at_the_same_moment_only_one_is_true(order: Order) -> None:
    for _ in range(5):
        change = changes.change_note(order, "Ring twice", by="staff:ana")
        given_up, started = at_once(partial(changes.withdraw, change, by="staff:ben"), partial(carrying.start, change))
        assert isinstance(given_up, Change) != (started is True), (given_up, started)
        Change.objects.update(state="withdrawn")


def test_a_conflict_is_decided_once(order: Order) -> None:
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    Change.objects.update(state="conflict", theirs={"note": "Leave at the door"})
    deciding = [changes.keep_ours, changes.keep_theirs] * 3
    results = at_once(*[partial(decide, change, by=f"staff:{n}") for n, decide in enumerate(deciding)])
    assert (len(won(results)), refused(results)) == (1, {"wrong_state"})
    change.refresh_from_db()
    assert change.state == {"Ring twice": "queued"}.get(change.wanted.get("note", ""), "withdrawn")
