"""Undo: until the remedy has started a decision can be taken back; from then on it cannot."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from backoffice.tests.at_once import at_once
from orders import entitlement
from orders.tests.builders import line
from protection import resolutions, review
from protection.models import Claim, Decision, Resolution
from protection.models.claim import MoveRefused
from protection.tests.builders import decide, line_of, make_agent, make_claim, make_covered_order, make_resolution


@pytest.mark.django_db
def test_it_frees_the_units_and_puts_the_claim_back() -> None:
    claim = make_claim(make_covered_order(line("Teapot", 2)), quantity=2)
    resolution = make_resolution(claim)
    undone = review.undo(claim, user=make_agent("ben"))
    assert (undone.state, undone.outcome, undone.next_actor) == ("in_review", "", "agent")
    resolution.refresh_from_db()
    assert resolution.state == "reversed"
    assert entitlement.free_units(line_of(claim.order)) == [1, 2]
    assert set(Decision.objects.values_list("superseded", flat=True)) == {True}
    reversed_, in_review = claim.order.journal.filter(by="staff:ben").order_by("id")
    assert (reversed_.action, reversed_.subject, reversed_.facts["why"]) == (
        "resolution.reversed", resolution.public_id, "undone",
    )  # fmt: skip
    assert (in_review.action, in_review.facts["why"]) == ("claim.in_review", "decision undone")


@pytest.mark.django_db
def test_after_it_the_claim_can_be_decided_anew() -> None:
    claim, agent = make_claim(), make_agent()
    decide(claim, agent)
    review.undo(claim, user=agent)
    assert decide(claim, agent, 0).outcome == "denied"
    assert list(Decision.objects.values_list("verdict", "superseded")) == [("approve", True), ("deny", False)]


@pytest.mark.django_db
def test_what_was_undone_is_never_carried_out() -> None:
    resolution = make_resolution()
    review.undo(resolution.claim, user=make_agent("ben"))
    assert resolutions.start(resolution) is False
    resolution.refresh_from_db()
    assert (resolution.started_at, resolution.state) == (None, "reversed")


@pytest.mark.django_db
def test_it_is_refused_once_the_remedy_has_started() -> None:
    resolution = make_resolution()
    assert resolutions.start(resolution) is True
    with pytest.raises(MoveRefused, match="started"):
        review.undo(resolution.claim, user=make_agent("ben"))
    resolution.refresh_from_db()
    assert (resolution.state, resolution.claim.state) == ("queued", "resolving")


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["submitted", "in_review", "needs_info", "resolving"])
def test_there_is_nothing_to_undo_before_a_decision(state: str) -> None:
    claim = make_claim()
    Claim.objects.update(state=state, eligible_at="2026-11-20T12:00:00Z")
    with pytest.raises(MoveRefused, match="nothing to undo"):
        review.undo(claim, user=make_agent())


@pytest.mark.django_db
def test_it_cannot_be_done_twice() -> None:
    claim, agent = make_claim(), make_agent()
    decide(claim, agent)
    review.undo(claim, user=agent)
    with pytest.raises(MoveRefused):
        review.undo(claim, user=agent)


@pytest.mark.django_db
def test_the_remedy_waits_for_the_end_of_the_window(settings: Any) -> None:
    settings.UNDO_SECONDS = 30
    before = timezone.now()
    resolution = make_resolution()
    assert timedelta(seconds=30) <= resolution.not_before - before < timedelta(seconds=35)


@pytest.mark.django_db(transaction=True)
def test_of_undo_and_start_at_the_same_moment_one_wins() -> None:
    resolution, ben = make_resolution(), make_agent("ben")
    started, undone = at_once(partial(resolutions.start, resolution), partial(review.undo, resolution.claim, user=ben))
    resolution = Resolution.objects.get()
    if started is True:
        assert isinstance(undone, MoveRefused)
        assert (resolution.state, resolution.claim.state) == ("queued", "resolving")
    else:
        assert (started, undone.state) == (False, "in_review")
        assert (resolution.state, resolution.started_at) == ("reversed", None)
