"""A checklist to the customer: reminded twice, closed when its time is over, opened again by any answer in time."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from protection import asking, filing
from protection.eligibility import ClaimRefused
from protection.models import Claim, ClaimUnit, InfoRequest
from protection.models.claim import MoveRefused
from protection.tests.builders import make_agent, make_claim
from protection.tests.faults import fault_with

pytestmark = pytest.mark.django_db
ASKED = ["A photo of the box", " ", "Your neighbour's name"]


def asked_claim() -> Claim:
    return asking.ask(make_claim(), ASKED, by="staff:ana").claim


def day(number: float) -> datetime:
    return timezone.now() + timedelta(days=number, minutes=1)


def actions(claim: Claim) -> list[str]:
    entries = claim.order.journal.filter(subject=claim.public_id).order_by("id")
    return [entry.action.removeprefix("claim.") for entry in entries]


def no_response() -> Claim:
    claim = asked_claim()
    for number in (3, 6, 9):
        asking.run(day(number))
    claim.refresh_from_db()
    return claim


def test_a_checklist_is_asked_at_once_and_has_a_date() -> None:
    claim = asked_claim()
    request = claim.info_requests.get()
    assert (claim.state, claim.next_actor) == ("needs_info", "customer")
    assert request.asked == ["A photo of the box", "Your neighbour's name"]
    assert timedelta(0) <= timezone.now() + timedelta(days=settings.INFO_DAYS) - request.due_at < timedelta(minutes=1)
    facts = claim.order.journal.latest("id").facts
    assert (facts["question"], facts["request"]) == ("A photo of the box\nYour neighbour's name", request.public_id)
    assert facts["due_at"] == request.due_at.isoformat()


def test_nothing_asked_is_refused() -> None:
    with pytest.raises(ClaimRefused) as caught:
        asking.ask(make_claim(), [" "], by="staff:ana")
    assert caught.value.code == "nothing_asked"
    assert not InfoRequest.objects.exists()


def test_two_reminders_come_by_the_clock_and_each_once() -> None:
    claim = asked_claim()
    asking.run(day(2.9))
    assert "reminded" not in actions(claim)
    for _ in range(2):
        asking.run(day(3))
    assert actions(claim).count("reminded") == 1
    for _ in range(2):
        asking.run(day(6))
    asking.run(day(8.9))
    entries = claim.order.journal.filter(action="claim.reminded").order_by("id")
    assert [entry.facts["number"] for entry in entries] == [1, 2]
    claim.refresh_from_db()
    assert claim.state == "needs_info"


def test_without_an_answer_it_is_closed_when_the_time_is_over() -> None:
    claim = no_response()
    assert (claim.state, claim.outcome, claim.next_actor) == ("closed", "no_response", "")
    entry = claim.order.journal.latest("id")
    assert (entry.by, entry.facts["request"]) == ("system", claim.info_requests.get().public_id)
    assert claim.info_requests.get().ended_at is not None
    assert not ClaimUnit.objects.filter(open=True).exists()


def test_a_fault_with_one_claim_does_not_hold_up_the_others() -> None:
    broken, sound = asked_claim(), asked_claim()
    with fault_with(broken.public_id):
        asking.run(day(3))
    assert ("reminded" in actions(broken), "reminded" in actions(sound)) == (False, True)
    asking.run(day(3))
    assert (actions(broken).count("reminded"), actions(sound).count("reminded")) == (1, 1)


def test_nobody_is_closed_on_the_heels_of_a_reminder_that_came_late() -> None:
    claim = asked_claim()
    for _ in range(3):
        asking.run(day(40))  # the clock stood still for a month
    claim.refresh_from_db()
    request = claim.info_requests.get()
    assert (claim.state, request.reminders) == ("needs_info", 1)
    asking.run(day(43))
    asking.run(day(43))
    claim.refresh_from_db()
    assert claim.state == "needs_info"
    asking.run(day(46))
    claim.refresh_from_db()
    assert claim.outcome == "no_response"


def test_an_answer_goes_on_with_it_and_is_kept_in_its_own_words() -> None:
    claim = asking.answer(asked_claim(), "  She is called Ada ", by="customer", source="con_1")
    assert (claim.state, claim.next_actor) == ("in_review", "agent")
    reply = claim.replies.get()
    assert (reply.text, reply.by, reply.request) == ("She is called Ada", "customer", claim.info_requests.get())
    assert actions(claim)[-2:] == ["replied", "in_review"]
    assert {entry.source for entry in claim.order.journal.order_by("-id")[:2]} == {"con_1"}
    assert "Ada" not in str([entry.facts for entry in claim.order.journal.all()])
    asking.run(day(9))
    claim.refresh_from_db()
    assert claim.state == "in_review"


def test_it_may_be_asked_again_after_an_answer() -> None:
    claim = asking.answer(asked_claim(), "", by="staff:ana")
    asking.ask(claim, ["And the street?"], by="staff:ana")
    assert [request.ended_at is None for request in claim.info_requests.all()] == [False, True]


def test_a_request_is_over_when_the_claim_is_closed_otherwise() -> None:
    claim = filing.withdraw(asked_claim(), by="customer")
    assert claim.info_requests.get().ended_at is not None
    asking.run(day(40))
    assert actions(claim)[-1] == "closed"


def test_words_that_come_unasked_are_kept_and_move_nothing() -> None:
    claim = asking.answer(make_claim(), "By the way, it was blue", by="customer")
    assert (claim.state, claim.replies.get().request) == ("in_review", None)


def test_any_answer_in_time_opens_it_again_and_holds_its_units() -> None:
    claim = asking.answer(no_response(), "I was away", by="customer")
    assert (claim.state, claim.outcome, claim.next_actor) == ("in_review", "", "agent")
    assert ClaimUnit.objects.filter(item__claim=claim, open=True).count() == 1


def test_an_answer_after_the_window_is_told_so() -> None:
    claim = no_response()
    Claim.objects.update(closed_at=timezone.now() - timedelta(days=settings.REPLY_DAYS, minutes=1))
    with pytest.raises(ClaimRefused) as caught:
        asking.answer(claim, "I was away", by="customer")
    assert caught.value.code == "claim_closed"
    assert "opened it again until" in str(caught.value)
    assert not claim.replies.exists()


def test_an_answer_opens_no_claim_that_was_closed_otherwise() -> None:
    claim = filing.withdraw(make_claim(), by="customer")
    with pytest.raises(ClaimRefused) as caught:
        asking.answer(claim, "But", by="customer")
    assert caught.value.code == "claim_closed"


def test_an_answer_cannot_open_it_against_a_newer_claim_and_leaves_nothing() -> None:
    old = no_response()
    make_claim(old.order, quantity=2)
    with pytest.raises(ClaimRefused) as caught:
        asking.answer(old, "I was away", by="customer")
    assert caught.value.code == "already_claimed"
    old.refresh_from_db()
    assert (old.state, old.replies.count()) == ("closed", 0)


def test_a_decided_claim_is_not_asked_about() -> None:
    make_agent()
    claim = filing.withdraw(make_claim(), by="customer")
    with pytest.raises(MoveRefused, match="cannot be asked about"):
        asking.ask(claim, ["A photo"], by="staff:ana")
