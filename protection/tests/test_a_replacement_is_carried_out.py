"""Start, executed, failed: called around the network, maybe twice, and each counts once."""

from functools import partial
from typing import Any

import pytest

from backoffice.tests.at_once import at_once
from orders import entitlement
from protection import ladder, resolutions, review
from protection.models import Resolution
from protection.models.claim import MoveRefused
from protection.review import ItemDecision
from protection.tests.builders import line_of, make_agent, make_claim, make_resolution

State = Resolution.State


def executed(resolution: Resolution, remote_order_id: int = 2**53 + 1, name: str = "#2001") -> Resolution:
    return resolutions.mark_executed(
        resolution, remote_order_id=remote_order_id, remote_order_name=name, by="shopify"
    )  # fmt: skip


def told(resolution: Resolution, action: str) -> int:
    return resolution.claim.order.journal.filter(action=action).count()


@pytest.mark.django_db
def test_the_table_of_moves_knows_every_state() -> None:
    assert set(Resolution.MOVES) == set(State.values)
    assert all(after in State.values for moves in Resolution.MOVES.values() for after in moves)


@pytest.mark.django_db
def test_starting_is_remembered_once_and_may_be_asked_again() -> None:
    resolution = make_resolution()
    assert resolutions.start(resolution) is True
    first = Resolution.objects.get().started_at
    assert first is not None
    assert resolutions.start(resolution) is True  # the try broke down; the next one goes on
    assert Resolution.objects.get().started_at == first
    resolution.claim.refresh_from_db()
    assert resolution.claim.state == "resolving"
    assert told(resolution, "claim.resolving") == 1


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.EXECUTED, State.FAILED, State.REVERSED, State.PLANNED, State.HELD])
def test_only_what_is_queued_starts(state: str) -> None:
    resolution = make_resolution()
    Resolution.objects.update(state=state, executed_at="2026-11-20T12:00:00Z")
    assert resolutions.start(resolution) is False
    assert Resolution.objects.get().started_at is None


@pytest.mark.django_db
def test_executed_once_however_often_it_is_said() -> None:
    resolution = make_resolution()
    resolutions.start(resolution)
    done = executed(resolution)
    assert (done.state, done.remote_order_id, done.remote_order_name) == ("executed", 2**53 + 1, "#2001")
    again = executed(resolution, 5, "#9999")
    assert (again.remote_order_id, again.executed_at) == (2**53 + 1, done.executed_at)
    assert told(resolution, "resolution.executed") == 1
    assert resolutions.start(resolution) is False


@pytest.mark.django_db
def test_executed_alone_does_not_close_the_claim() -> None:
    resolution = make_resolution()
    resolutions.start(resolution)
    claim = executed(resolution).claim
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == ("resolving", "approved")


@pytest.mark.django_db
def test_a_refusal_frees_the_units_and_asks_an_agent_once() -> None:
    resolution = make_resolution()
    resolutions.start(resolution)
    for _ in range(2):
        resolutions.mark_failed(resolution, "Variant is gone", by="shopify")
    resolution = Resolution.objects.get()
    assert (resolution.state, resolution.failure) == ("failed", "Variant is gone")
    assert (resolution.claim.state, resolution.claim.outcome) == ("in_review", "")
    assert entitlement.free_units(line_of(resolution.claim.order)) == [1, 2]
    assert told(resolution, "resolution.failed") == 1
    entry = resolution.claim.order.journal.latest("id")
    assert (entry.action, entry.facts["why"]) == ("claim.in_review", "Variant is gone")


@pytest.mark.django_db
def test_what_was_reversed_can_be_neither_executed_nor_failed() -> None:
    resolution = make_resolution()
    Resolution.objects.update(state=State.REVERSED)
    with pytest.raises(MoveRefused, match="reversed"):
        executed(resolution)
    with pytest.raises(MoveRefused, match="reversed"):
        resolutions.mark_failed(resolution, "x", by="shopify")
    assert Resolution.objects.get().state == "reversed"


@pytest.mark.django_db
def test_what_was_executed_cannot_fail_any_more() -> None:
    resolution = make_resolution()
    executed(resolution)
    with pytest.raises(MoveRefused, match="executed"):
        resolutions.mark_failed(resolution, "x", by="shopify")


@pytest.mark.django_db
def test_a_sender_that_was_held_up_changes_nothing_once_plan_b_is_given() -> None:
    claim = make_claim()
    part = ItemDecision(claim.items.get(), "approve", 1, otherwise=("refund",))
    review.decide(claim, [part], user=make_agent())
    resolution = claim.resolutions.get()
    resolutions.start(resolution)
    ladder.out_of_stock(resolution, "Not in stock.", [], by="shopify")
    late = Resolution.objects.get(pk=resolution.pk)
    executed(late)
    resolutions.mark_failed(late, "x", by="shopify")
    claim.refresh_from_db()
    assert [(row.kind, row.state) for row in claim.resolutions.order_by("id")] == [
        ("replacement", "held"), ("refund", "queued"),
    ]  # fmt: skip
    assert (claim.state, entitlement.free_units(line_of(claim.order))) == ("resolving", [2])


@pytest.mark.django_db(transaction=True)
def test_two_workers_reporting_at_once_report_once() -> None:
    resolution = make_resolution()
    resolutions.start(resolution)
    results: list[Any] = at_once(*[partial(executed, resolution)] * 4)
    assert {result.state for result in results} == {"executed"}
    assert told(resolution, "resolution.executed") == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_starting_at_once_move_the_claim_once() -> None:
    resolution = make_resolution()
    assert at_once(*[partial(resolutions.start, resolution)] * 4) == [True] * 4
    assert told(resolution, "claim.resolving") == 1
