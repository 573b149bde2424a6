"""MOVES is the law: every state is in it, every move outside it is refused, every move inside it is journaled."""

import itertools

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from orders.tests.builders import make_order
from protection.models import Claim
from protection.models.claim import MoveRefused

State = Claim.State
PAIRS = list(itertools.product(State.values, State.values))
LEGAL = [(before, after) for before, after in PAIRS if after in Claim.MOVES[before]]
ILLEGAL = [pair for pair in PAIRS if pair not in LEGAL]


def claim_in(state: str) -> Claim:
    closed = {"outcome": "denied", "closed_at": timezone.now()} if state == State.CLOSED else {}
    return Claim.objects.create(
        order=make_order(), reason="lost", state=state, next_actor=Claim.NEXT_ACTOR[state], eligible_at=timezone.now(),
        filed_by="partner:tests", **closed,
    )  # fmt: skip


def test_the_table_knows_every_state() -> None:
    assert set(Claim.MOVES) == set(State.values) == set(Claim.NEXT_ACTOR)
    assert all(after in State.values for moves in Claim.MOVES.values() for after in moves)


def test_every_state_can_be_reached_and_every_claim_can_be_closed() -> None:
    reached, frontier = {State.DRAFT.value}, [State.DRAFT.value]
    while frontier:
        new = set(Claim.MOVES[frontier.pop()]) - reached
        reached |= new
        frontier += new
    assert reached == set(State.values)
    assert all(State.CLOSED in moves for state, moves in Claim.MOVES.items() if state != State.CLOSED)


@pytest.mark.django_db
@pytest.mark.parametrize("before, after", LEGAL)
def test_a_legal_move_is_made_and_journaled(before: str, after: str) -> None:
    claim = claim_in(before)
    outcome = "denied" if after == State.CLOSED else ""
    claim.move_to(after, by="staff:ana", source="con_1", outcome=outcome, why="because")
    claim.refresh_from_db()
    assert (claim.state, claim.version, claim.next_actor) == (after, 2, Claim.NEXT_ACTOR[after])
    assert (claim.closed_at is not None) is (after == State.CLOSED)
    assert claim.outcome == outcome
    entry = claim.order.journal.latest("id")
    assert (entry.action, entry.subject) == (f"claim.{after}", claim.public_id)
    assert (entry.by, entry.source) == ("staff:ana", "con_1")
    facts = {"from": before, "to": after, "outcome": outcome, "next_actor": claim.next_actor, "why": "because"}
    assert entry.facts == facts


@pytest.mark.django_db
@pytest.mark.parametrize("before, after", ILLEGAL)
def test_an_illegal_move_changes_nothing(before: str, after: str) -> None:
    claim = claim_in(before)
    with pytest.raises(MoveRefused, match=claim.get_state_display().lower()):
        claim.move_to(after, by="staff:ana", outcome="denied")
    claim.refresh_from_db()
    assert (claim.state, claim.version) == (before, 1)
    assert not claim.order.journal.filter(action__startswith="claim.").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"state": "closed", "outcome": "denied", "closed_at": None},
        {"state": "closed", "outcome": "", "closed_at": timezone.now()},
        {"state": "in_review", "outcome": "", "closed_at": timezone.now()},
        {"state": "draft", "outcome": "denied", "closed_at": timezone.now()},
        {"next_actor": ""},
        {"state": "waiting", "eligible_at": None},
    ],
)
def test_the_database_refuses_a_claim_in_halves(fields: dict[str, object]) -> None:
    claim = claim_in(State.IN_REVIEW)
    with pytest.raises(IntegrityError, match="claim_"), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(**fields)


@pytest.mark.django_db
def test_closing_without_an_outcome_is_impossible() -> None:
    claim = claim_in(State.IN_REVIEW)
    with pytest.raises(IntegrityError, match="claim_outcome_when_closed"), transaction.atomic():
        claim.move_to(State.CLOSED, by="staff:ana")
    claim.refresh_from_db()
    assert claim.state == State.IN_REVIEW


@pytest.mark.django_db
def test_reopening_clears_how_it_ended() -> None:
    claim = claim_in(State.CLOSED)
    claim.move_to(State.IN_REVIEW, by="staff:ana")
    claim.refresh_from_db()
    assert (claim.outcome, claim.closed_at, claim.is_open) == ("", None, True)


@pytest.mark.django_db
def test_milestones_are_dated() -> None:
    claim = claim_in(State.DRAFT)
    claim.move_to(State.SUBMITTED, by="partner:tests")
    claim.move_to(State.DECIDED, by="system")
    claim.refresh_from_db()
    assert claim.submitted_at is not None
    assert claim.decided_at is not None
    assert claim.submitted_at <= claim.decided_at
