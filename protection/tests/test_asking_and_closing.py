"""A claim may wait for the customer's answer, and may end without a decision; nothing closes in silence."""

import pytest

from orders.tests.builders import line
from protection import filing, resolutions, review
from protection.eligibility import ClaimRefused
from protection.models import Claim, ClaimUnit
from protection.models.claim import MoveRefused
from protection.review import DecisionRefused
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order, make_resolution

pytestmark = pytest.mark.django_db


def test_a_question_makes_the_claim_wait_for_the_customer() -> None:
    claim = review.ask_for_info(make_claim(), "  A photo of the box, please ", user=make_agent())
    assert (claim.state, claim.next_actor) == ("needs_info", "customer")
    entry = claim.order.journal.latest("id")
    assert (entry.action, entry.by, entry.facts["question"]) == (
        "claim.needs_info", "staff:ana", "A photo of the box, please",
    )  # fmt: skip


@pytest.mark.parametrize("question", ["", "  ", "\n\t"])
def test_a_question_says_what_is_needed(question: str) -> None:
    claim = make_claim()
    with pytest.raises(DecisionRefused):
        review.ask_for_info(claim, question, user=make_agent())
    claim.refresh_from_db()
    assert claim.state == "in_review"


def test_an_answer_brings_it_back_to_review() -> None:
    claim = review.ask_for_info(make_claim(), "A photo", user=make_agent())
    claim = review.answer_received(claim, by="customer", source="con_1")
    assert (claim.state, claim.next_actor) == ("in_review", "agent")
    assert claim.order.journal.latest("id").source == "con_1"


def test_nothing_is_asked_about_a_decided_claim() -> None:
    claim, agent = make_claim(), make_agent()
    decide(claim, agent)
    with pytest.raises(MoveRefused):
        review.ask_for_info(claim, "A photo", user=agent)


@pytest.mark.parametrize("outcome", ["duplicate", "arrived", "no_response", "withdrawn"])
@pytest.mark.parametrize("state", ["in_review", "needs_info"])
def test_a_claim_may_be_closed_without_a_decision(state: str, outcome: str) -> None:
    claim, agent = make_claim(), make_agent()
    if state == "needs_info":
        review.ask_for_info(claim, "A photo", user=agent)
    closed = review.close(claim, outcome, user=agent)
    assert (closed.state, closed.outcome, closed.next_actor) == ("closed", outcome, "")
    assert closed.closed_at is not None
    assert not ClaimUnit.objects.filter(open=True).exists()
    assert claim.order.journal.latest("id").facts["outcome"] == outcome


@pytest.mark.parametrize("outcome", ["approved", "partial", "denied", "", "bored"])
def test_money_is_decided_and_not_closed(outcome: str) -> None:
    claim = make_claim()
    with pytest.raises(DecisionRefused, match="Approve or deny"):
        review.close(claim, outcome, user=make_agent())


@pytest.mark.parametrize("started", [False, True])
def test_a_claim_with_a_remedy_under_way_can_neither_be_closed_nor_withdrawn(started: bool) -> None:
    resolution = make_resolution()
    if started:
        resolutions.start(resolution)
    claim = resolution.claim
    with pytest.raises(MoveRefused, match="undo it first"):
        review.close(claim, "arrived", user=make_agent("ben"))
    with pytest.raises(ClaimRefused) as caught:
        filing.withdraw(claim, by="partner:tests")
    assert caught.value.code == "already_decided"
    assert Claim.objects.get().state == ("resolving" if started else "decided")


def test_a_closed_claim_cannot_be_closed_again() -> None:
    claim = filing.withdraw(make_claim(), by="partner:tests", source="con_1")
    assert (claim.outcome, claim.order.journal.latest("id").source) == ("withdrawn", "con_1")
    with pytest.raises(MoveRefused, match="closed"):
        filing.withdraw(claim, by="partner:tests")
    with pytest.raises(MoveRefused, match="closed"):
        review.close(claim, "arrived", user=make_agent())
    claim.refresh_from_db()
    assert claim.outcome == "withdrawn"


def test_closing_one_claim_leaves_the_others_open() -> None:
    order = make_covered_order(line("Teapot", 2))
    first, second = make_claim(order), make_claim(order)
    review.close(first, "duplicate", user=make_agent())
    second.refresh_from_db()
    assert second.state == "in_review"
    assert [unit.item.claim for unit in ClaimUnit.objects.filter(open=True)] == [second]
