"""A checker that finds nothing proves nothing: each promise is broken here once, and each must be noticed."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos import faults
from tests.chaos.checker import Arrival, Asked, History, Message, Remedy, Told, check, repeats
from tests.chaos.watch import ARRIVAL, BUSY, IDLE, longest_standstill


def arrival(name: str, sequence: int, **changes: Any) -> Arrival:
    fields: dict[str, Any] = {"name": name, "event": name, "order": "ord_1", "sequence": sequence, "digest": name}
    fields |= {"at": float(sequence), "status": 200, "valid": True}
    return Arrival(**(fields | changes))


def whole() -> History:
    """Two orders, three events, one replacement, all as it should be."""
    return History(
        accepted={"w1", "w2", "w3"},
        messages=[
            Message("w1", "handled", "created"),
            Message("w2", "handled", "changed"),
            Message("w3", "ignored", "why"),
        ],
        expected_orders={1: "new", 2: ""},
        orders=[(1, "new"), (2, "")],
        journal={"e1", "e2", "e3"},
        created=["1", "2"],
        told=[Told("e1", "delivered", "", 1), Told("e2", "delivered", "", 2), Told("e3", "parked", "refused", 1)],
        arrivals=[arrival("e1", 1), arrival("e2", 2, status=500), arrival("e2", 2), arrival("e3", 3, status=400)],
        remedies=[Remedy("uuid", "executed", True, "closed", 1)],
        decided=1,
        changes=[Asked("chg_1", "gift_card", "done", 1), Asked("chg_2", "tags", "done", 0)],
        asked=2,
        left_over={"leases held": 0},
    )


def test_a_whole_history_breaks_nothing():
    assert check(whole()) == []


@pytest.mark.parametrize(
    "letter, what, change",
    [
        ("L", "not in the inbox", {"accepted": {"w1", "w2", "w3", "w4"}}),
        ("L", "not handled", {"messages": [Message("w1", "parked", "died"), *whole().messages[1:]]}),
        ("L", "order missing", {"orders": [(1, "new")]}),
        ("L", "not as the newest", {"orders": [(1, "old"), (2, "")]}),
        ("L", "without a delivery", {"journal": {"e1", "e2", "e3", "e4"}}),
        ("L", "never arrived", {"arrivals": [arrival("e1", 1), arrival("e3", 3)]}),
        ("L", "never arrived", {"arrivals": [arrival("e1", 1), arrival("e2", 2, status=500)]}),
        ("L", "without a reason", {"told": [*whole().told[:2], Told("e3", "parked", "", 1)]}),
        ("L", "not carried out", {"remedies": [Remedy("uuid", "queued", False, "decided", 1)]}),
        ("L", "approved", {"remedies": []}),
        ("L", "not made", {"changes": [Asked("chg_1", "gift_card", "done", 1), Asked("chg_2", "tags", "failed", 0)]}),
        ("L", "accepted", {"changes": whole().changes[:1]}),
        ("D", "2 gift cards", {"changes": [Asked("chg_1", "gift_card", "done", 2), whole().changes[1]]}),
        ("D", "0 gift cards", {"changes": [Asked("chg_1", "gift_card", "done", 0), whole().changes[1]]}),
        ("D", "message doubled", {"messages": [*whole().messages, whole().messages[0]]}),
        ("D", "order doubled", {"orders": [*whole().orders, (2, "")]}),
        ("D", "order.created doubled", {"created": ["1", "2", "2"]}),
        ("D", "delivery doubled", {"told": [*whole().told, whole().told[0]]}),
        ("D", "nobody sent", {"orders": [*whole().orders, (3, "")]}),
        ("D", "2 orders at the shop", {"remedies": [Remedy("uuid", "executed", True, "closed", 2)]}),
        ("D", "0 orders at the shop", {"remedies": [Remedy("uuid", "executed", True, "closed", 0)]}),
        ("D", "under the webhook-id", {"arrivals": [*whole().arrivals, arrival("e2", 2, event="e9")]}),
        ("D", "claimed only", {"arrivals": [*whole().arrivals, arrival("e1", 1)]}),
        ("D", "different bodies", {"arrivals": [*whole().arrivals[:2], arrival("e2", 2, digest="other")]}),
        ("D", "not in the journal", {"arrivals": [*whole().arrivals, arrival("e9", 9)]}),
        ("O", "came after", {"arrivals": [arrival("e2", 2), arrival("e1", 1)]}),
        ("S", "not valid", {"arrivals": [arrival("e1", 1, valid=False), arrival("e2", 2)]}),
        ("Q", "1 leases held", {"left_over": {"leases held": 1}}),
    ],
)
def test_a_broken_history_is_noticed(letter: str, what: str, change: dict[str, Any]):
    found = check(replace(whole(), **change))
    assert [(v.letter, v.words) for v in found if v.letter == letter and what in v.words], found


def test_a_hang_up_allows_the_repeat_that_http_clients_make():
    history = whole()
    history.arrivals[:1] = [arrival("e1", 1, status=0), arrival("e1", 1)]
    assert check(history) == []


def test_a_failed_first_try_may_be_overtaken_by_no_later_event():
    history = replace(whole(), arrivals=[arrival("e1", 1, status=500), arrival("e2", 2), arrival("e1", 1)])
    assert "O" in {violation.letter for violation in check(history)}


def test_only_what_comes_again_after_it_was_taken_is_a_repeat():
    assert repeats([arrival("e1", 1, status=500), arrival("e1", 1), arrival("e1", 1), arrival("e2", 2)]) == {"e1": 1}


def test_many_of_a_kind_are_counted_not_listed():
    found = check(replace(whole(), accepted={f"w{number}" for number in range(100)}))
    assert len(found) == 6
    assert found[-1].words.endswith("92 more")


def test_a_standstill_counts_only_while_something_waits():
    moments = [(0.0, IDLE), (10.0, BUSY), (12.0, BUSY), (20.0, IDLE), (50.0, BUSY)]
    assert longest_standstill(moments, []) == 2.0
    assert longest_standstill(moments[:3], [11.0, 19.0]) == 8.0
    assert longest_standstill([(0.0, BUSY), (5.0, ARRIVAL), (40.0, BUSY)], []) == 35.0
    assert longest_standstill([], []) == 0.0


def test_the_same_seed_plans_the_same_faults_and_leaves_nobody_out():
    plan = faults.plan(7, 60, 3, 2, 4)
    assert plan == faults.plan(7, 60, 3, 2, 4)
    assert plan != faults.plan(8, 60, 3, 2, 4)
    assert len(plan) == 69
    assert {victim for kind, victim in plan if kind == faults.KILL} == set(faults.VICTIMS)
    assert list(faults.spread(3, 100)) == [25, 50, 75]
