"""Every verb tried from every state by every role: the table says who may; everybody else is told why not.

What is allowed goes where `Claim.MOVES` lets it and is journaled; what is refused changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from orders.models import JournalEntry
from orders.tests.builders import make_order
from protection import (
    appeals,
    arrivals,
    asking,
    assignment,
    evidence,
    filing,
    proposing,
    resolutions,
    reversing,
    review,
    waking,
)
from protection.customer import feedback
from protection.eligibility import ClaimRefused
from protection.messages import writing
from protection.models import Claim, ClaimUnit, Evidence, InfoRequest, Resolution
from protection.models.claim import MoveRefused
from protection.photos import Photo
from protection.review import DecisionRefused, ItemDecision
from protection.routing import running
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.parcels import send
from protection.verbs import LEAD, STAFF, VERBS, check

pytestmark = pytest.mark.django_db
State = Claim.State
LATER = timezone.now() + timedelta(days=90)
ROLES = {"agent": "staff:ana", "lead": "staff:lea", "customer": "customer", "partner": "partner:acme",
         "system": "system"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class People:
    ana: User
    lea: User
    ben: User  # decided what is decided already

    def of(self, role: str) -> User:
        return self.lea if role == LEAD else self.ana


def staff_only(verb: str, act: Callable[[Claim, User], Any]) -> Callable[[Claim, str, User], Any]:
    """A verb whose only door takes a member of staff: for others the table itself is asked."""

    def call(claim: Claim, by: str, user: User) -> Any:
        if not by.startswith("staff:"):
            check(claim, verb, by=by)
        return act(claim, user)

    return call


def request_of(claim: Claim, reminders: int) -> InfoRequest:
    request = claim.info_requests.last() or InfoRequest(claim=claim, asked=["x"], due_at=LATER)
    request.claim, request.reminders, request.due_at = claim, reminders, timezone.now()
    return request


def sent() -> evidence.Prepared:
    """A photo that was opened and written down already."""
    return evidence.Prepared("5" * 64, 9, Photo(b"", b"", "image/jpeg", 4, 3, None, ""), "55/photo")


def evidence_of(claim: Claim) -> Evidence:
    facts = {"content_type": "image/jpeg", "width": 4, "height": 3, "size": 9, "uploaded_by": "customer"}
    return Evidence.objects.get_or_create(claim=claim, sha256="6" * 64, defaults={"file": "66/photo", **facts})[0]


def approval(claim: Claim) -> list[ItemDecision]:
    return [ItemDecision(item, "approve", item.quantity) for item in claim.items.all()]


def remedy_of(claim: Claim, state: str) -> Resolution:
    """A remedy of the claim that was carried out elsewhere, or of which nobody knows."""
    if (found := claim.resolutions.filter(state=state, kind="handled_elsewhere").first()) is not None:
        return found
    done = {"executed_at": timezone.now()} if state == "executed" else {}
    return Resolution.objects.create(
        claim=claim, kind="handled_elsewhere", state=state, not_before=timezone.now(), **done
    )


CALLS: dict[str, Callable[[Claim, str, User], Any]] = {
    "withdraw": lambda claim, by, user: filing.withdraw(claim, by=by),
    "answer": lambda claim, by, user: asking.answer(claim, "Here it is", by=by),
    "add_evidence": lambda claim, by, user: evidence.attach(claim, sent(), by=by),
    "withdraw_evidence": lambda claim, by, user: evidence.withdraw_evidence(evidence_of(claim), by=by),
    "say_arrived": lambda claim, by, user: arrivals.say_arrived(claim, True, by=by),
    "appeal": lambda claim, by, user: appeals.appeal(claim, "Look again", by=by),
    "give_feedback": lambda claim, by, user: feedback.give_feedback(claim, 4, by=by),
    "ask": lambda claim, by, user: asking.ask(claim, ["A photo"], by=by),
    "remind": lambda claim, by, user: asking.remind(request_of(claim, 0), LATER, by=by),
    "expire": lambda claim, by, user: asking.expire(request_of(claim, asking.REMINDERS), LATER, by=by),
    "wake": lambda claim, by, user: waking.wake(claim, LATER, by=by),
    "review_now": lambda claim, by, user: waking.review_now(claim, "It is urgent", by=by),
    "route": lambda claim, by, user: running.route(claim, LATER, by=by),
    "decide": staff_only("decide", lambda claim, user: decide(claim, user)),
    "propose": staff_only("propose", lambda claim, user: proposing.propose(claim, approval(claim), user=user)),
    "confirm": staff_only("confirm", lambda claim, user: proposing.confirm(claim, user=user)),
    "decline": staff_only("decline", lambda claim, user: proposing.decline(claim, "Less, please", user=user)),
    "reverse": lambda claim, by, user: reversing.reverse(remedy_of(claim, "executed"), "Wrong colour", by=by),
    "look": staff_only("look", lambda claim, user: reversing.looked(remedy_of(claim, "held"), given=False, user=user)),
    "undo": staff_only("undo", lambda claim, user: review.undo(claim, user=user)),
    "close": staff_only("close", lambda claim, user: review.close(claim, "duplicate", user=user)),
    "settle_found": lambda claim, by, user: arrivals.settle_found(claim, "keep", by=by),
    "reopen": staff_only("reopen", lambda claim, user: review.reopen(claim, "New proof", user=user)),
    "write": staff_only("write", lambda claim, user: writing.write(claim, "We look into it", user=user)),
    "take": staff_only("take", lambda claim, user: assignment.take(claim, user=user)),
    "give_back": staff_only("give_back", lambda claim, user: assignment.give_back(claim, user=user)),
}
# What is still asked of those who may, beside the state: how the claim was closed.
CLOSED_BY = {"answer": "silence", "add_evidence": "silence"}


def claim_in(state: str, people: People, verb: str) -> Claim:
    """A claim that came to `state` by the verbs themselves, where a verb leads there."""
    if state in (State.DRAFT, State.SUBMITTED):
        return Claim.objects.create(
            order=make_order(), reason="lost", state=state, next_actor=Claim.NEXT_ACTOR[state], filed_by="customer"
        )
    order = make_covered_order()
    if state == State.WAITING:
        send(order, ("in_transit", timezone.now()))
    claim = make_claim(order)
    if state == State.NEEDS_INFO or (state == State.CLOSED and verb in CLOSED_BY):
        asking.ask(claim, ["A photo"], by="staff:ben")
    if state == State.CLOSED and verb in CLOSED_BY:
        with transaction.atomic():
            assert asking.expire(request_of(filing.locked(claim), asking.REMINDERS), LATER)
    elif state == State.CLOSED:
        decide(claim, people.ben, 0)
    elif state in (State.DECIDED, State.RESOLVING):
        decide(claim, people.ben)
    if verb in ("confirm", "decline") and state == State.IN_REVIEW:
        proposing.propose(claim, approval(claim), user=people.ben)
    if state == State.RESOLVING:
        resolutions.start(claim.resolutions.get())
    Claim.objects.filter(pk=claim.pk).update(found_open=verb == "settle_found")
    claim.refresh_from_db()
    assert claim.state == state
    return claim


@pytest.fixture
def people(settings: Any) -> People:
    settings.CUSTOMER_MAILS = True
    return People(make_agent("ana", limit=None), make_agent("lea", limit=None), make_agent("ben", limit=None))


CASES = [pytest.param(verb, state, id=f"{verb} from {state}") for verb in VERBS for state in State.values]


def test_the_table_names_every_verb_and_only_roles_there_are() -> None:
    assert set(CALLS) == set(VERBS)
    assert all(rule.roles <= set(ROLES) and rule.states <= set(State.values) for rule in VERBS.values())
    assert all((rule.roles & STAFF) in (frozenset(), STAFF) for rule in VERBS.values())


def test_from_every_open_state_somebody_can_go_on() -> None:
    for state in set(State.values) - {State.CLOSED, State.RESOLVING}:  # a remedy under way goes on by itself
        assert [
            verb for verb, rule in VERBS.items() if state in rule.states and verb not in ("write", "take", "give_back")
        ]


@pytest.mark.parametrize("verb, state", CASES)
def test_the_table_is_what_happens(verb: str, state: str, people: People) -> None:
    claim, rule = claim_in(state, people, verb), VERBS[verb]
    for role, by in ROLES.items():
        if verb == "decide" and role == "system":
            continue  # a routing rule's door: protection.routing has tests of its own
        before = facts(claim)
        mark = transaction.savepoint()
        refusal = refused(verb, claim, by, people.of(role))
        allowed = state in rule.states and role in rule.roles
        assert (refusal is None) is allowed, f"{role}: {refusal or 'was let in'}"
        if refusal is None:
            check_sound(claim, state)
        else:
            assert len(str(refusal)) > 20
            assert role in rule.roles or getattr(refusal, "code", "") in ("not_allowed", "already_decided")
            assert facts(claim) == before
        transaction.savepoint_rollback(mark)


def refused(verb: str, claim: Claim, by: str, user: User) -> Exception | None:
    try:
        CALLS[verb](Claim.objects.get(pk=claim.pk), by, user)
    except (ClaimRefused, MoveRefused, DecisionRefused) as refusal:
        return refusal
    return None


def facts(claim: Claim) -> tuple[Any, ...]:
    """All that a refused verb must leave as it was."""
    row = Claim.objects.filter(pk=claim.pk).values().get()
    units = list(ClaimUnit.objects.filter(item__claim=claim).values_list("unit", "open"))
    requests = list(claim.info_requests.values_list("reminders", "ended_at"))
    return row, units, requests, claim.replies.count(), JournalEntry.objects.filter(subject=claim.public_id).count()


def check_sound(claim: Claim, before: str) -> None:
    now = Claim.objects.get(pk=claim.pk)
    assert now.state == before or now.state in reachable(before)
    assert bool(now.next_actor) is now.is_open
    assert bool(now.outcome) or now.state not in (State.CLOSED, State.DECIDED)
    held = ClaimUnit.objects.filter(item__claim=claim, open=True).exists()
    assert held is (now.is_open and now.items.exists())


def reachable(state: str) -> set[str]:
    """One verb may take two steps (decided and closed at once, when all is denied)."""
    return {step for first in Claim.MOVES[state] for step in (first, *Claim.MOVES[first])}
