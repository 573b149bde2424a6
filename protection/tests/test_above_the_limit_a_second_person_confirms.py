"""An agent proposes what is above the limit; somebody else confirms it within their own, or sends it back."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from orders.tests.builders import line
from protection import proposing, review
from protection.models import ApprovalLimit, Claim, Decision, Proposal
from protection.models.claim import MoveRefused
from protection.review import DecisionRefused, ItemDecision
from protection.tests.builders import make_agent, make_claim, make_covered_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim() -> Claim:
    return make_claim(make_covered_order(line("Teapot", 2)), quantity=2)


@pytest.fixture
def ana():
    return make_agent("ana", "50")


@pytest.fixture
def lea(ana):
    return lead("lea")


def lead(username, limit="500"):
    group, _ = Group.objects.get_or_create(name="lead")
    ApprovalLimit.objects.update_or_create(group=group, defaults={"amount": Decimal(limit)})
    user = User.objects.create_user(username)
    user.groups.add(group)
    return user


def refund(claim: Claim, percent: str | None = None) -> list[ItemDecision]:
    return [
        ItemDecision(claim.items.get(), "approve", 2, remedy="refund", percent=Decimal(percent) if percent else None)
    ]


def test_what_is_too_much_for_one_is_confirmed_by_another(claim, ana, lea):
    with pytest.raises(DecisionRefused, match=r"worth 80\.00 USD, your limit is 50\.00 USD") as refusal:
        review.decide(claim, refund(claim), user=ana)
    assert refusal.value.code == "over_limit"
    proposal = proposing.propose(claim, refund(claim), user=ana)
    claim.refresh_from_db()
    assert (claim.state, claim.next_actor, proposal.amount) == (
        "in_review", "lead", {"amount": "80.00", "currency": "USD"},
    )  # fmt: skip
    decided = proposing.confirm(claim, user=lea)
    assert (decided.state, decided.outcome) == ("decided", "approved")
    assert Decision.objects.get().decided_by == lea
    assert Decision.objects.get().remedy == "refund"
    proposal.refresh_from_db()
    assert (proposal.state, proposal.settled_by) == ("confirmed", lea)


def test_nobody_confirms_their_own_not_even_in_the_database(claim, lea):
    proposal = proposing.propose(claim, refund(claim), user=lea)
    with pytest.raises(DecisionRefused) as refusal:
        proposing.confirm(claim, user=lea)
    assert refusal.value.code == "own_proposal"
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(state="confirmed", settled_by=lea)


def test_who_confirms_has_a_limit_too(claim, ana):
    proposing.propose(claim, refund(claim), user=ana)
    with pytest.raises(DecisionRefused, match="your limit is"):
        proposing.confirm(claim, user=lead("leo", "79.99"))
    claim.refresh_from_db()
    assert proposing.standing(claim) is not None
    assert not Decision.objects.exists()


def test_it_is_sent_back_with_a_reason_and_proposed_anew(claim, ana, lea):
    proposing.propose(claim, refund(claim), user=ana)
    with pytest.raises(DecisionRefused, match="Say why"):
        proposing.decline(claim, " ", user=lea)
    claim = proposing.decline(claim, "Half is enough", user=lea)
    assert (claim.next_actor, proposing.standing(claim), Proposal.objects.get().why) == (
        "agent",
        None,
        "Half is enough",
    )
    proposing.propose(claim, refund(claim, "75"), user=ana)
    assert proposing.confirm(claim, user=lea).outcome == "approved"
    assert Decision.objects.get().amount["shop"]["amount"] == "60.00"


def test_one_waits_at_a_time(claim, ana, lea):
    proposing.propose(claim, refund(claim), user=ana)
    with pytest.raises(DecisionRefused) as refusal:
        proposing.propose(claim, refund(claim, "50"), user=lea)
    assert refusal.value.code == "proposed_already"


def test_a_claim_that_moved_on_is_not_decided_as_it_was_proposed(claim, ana, lea):
    proposing.propose(claim, refund(claim), user=ana)
    review.ask_for_info(claim, "A photo, please", user=ana)
    review.answer_received(claim, by="staff:ana")
    claim.refresh_from_db()
    with pytest.raises(DecisionRefused, match="changed since"):
        proposing.confirm(claim, user=lea)
    proposing.propose(claim, refund(claim), user=ana)
    review.decide(claim, [ItemDecision(claim.items.get(), "deny", 2, "delivered")], user=lea)
    assert set(Proposal.objects.values_list("state", flat=True)) == {"dropped"}


def test_what_makes_no_sense_is_not_proposed(claim, ana):
    with pytest.raises(DecisionRefused, match="at most"):
        proposing.propose(claim, [ItemDecision(claim.items.get(), "approve", 2, remedy="refund", amount=Decimal(99))],
                          user=ana)  # fmt: skip
    review.close(claim, "duplicate", user=ana)
    with pytest.raises(MoveRefused):
        proposing.propose(claim, refund(claim), user=ana)
    assert not Proposal.objects.exists()


def test_the_value_counts_what_the_claim_was_given_before(claim, lea, ana):
    teapots = [ItemDecision(claim.items.get(), "approve", 1, "delivered", remedy="goodwill", amount=Decimal(40))]
    review.decide(claim, teapots, user=ana)
    claim.resolutions.update(state="executed", executed_at="2026-11-20T12:00:00Z")
    Claim.objects.update(state="in_review")
    claim.refresh_from_db()
    with pytest.raises(DecisionRefused, match=r"worth 60\.00 USD, your limit is 50\.00 USD"):
        review.decide(claim, [ItemDecision(claim.items.get(), "approve", 1, remedy="goodwill", amount=Decimal(20))],
                      user=ana)  # fmt: skip
