"""An appeal: once, within its time, of what was decided against the customer, and to another person."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from protection import appeals, assignment, filing, review
from protection.appeals import appeal
from protection.eligibility import ClaimRefused
from protection.models import Claim, ClaimUnit
from protection.models.claim import MoveRefused
from protection.tests.builders import decide, make_agent, make_claim, make_resolution

pytestmark = pytest.mark.django_db


def denied() -> Claim:
    return decide(make_claim(), make_agent("ben"), 0)


def ben() -> User:
    return User.objects.get(username="ben")


def refusal(claim: Claim, why: str = "You did not look at the photo") -> str:
    with pytest.raises(ClaimRefused) as caught:
        appeal(claim, why, by="customer")
    return caught.value.code


def test_it_is_looked_at_again_with_the_reason_on_record() -> None:
    claim = appeal(denied(), " You did not look at the photo ", by="customer", source="con_1")
    assert (claim.state, claim.outcome, claim.next_actor) == ("in_review", "", "agent")
    assert (claim.appeal_why, claim.appealed_at is not None) == ("You did not look at the photo", True)
    entry = claim.order.journal.latest("id")
    assert (entry.by, entry.source, entry.facts["appealed"], entry.facts["why"]) == (
        "customer", "con_1", True, "You did not look at the photo",
    )  # fmt: skip
    assert ClaimUnit.objects.filter(item__claim=claim, open=True).count() == 1


def test_whoever_decided_may_not_decide_again_and_another_may() -> None:
    claim = appeal(denied(), "Look again", by="customer")
    ana = make_agent("ana")
    assert (claim.may_decide(ben()), claim.may_decide(ana)) == (False, True)
    assert decide(claim, ana, 0).outcome == "denied"


def test_whoever_closed_it_without_a_decision_is_out_as_well() -> None:
    claim = appeal(review.close(make_claim(), "duplicate", user=make_agent("ben")), "It is not", by="customer")
    assert not claim.may_decide(ben())


def test_it_is_taken_off_whoever_decided() -> None:
    claim = make_claim()
    assignment.take(claim, user=make_agent("ben"))
    assert appeal(decide(claim, ben(), 0), "Look again", by="customer").assignee is None


def test_only_once() -> None:
    claim = decide(appeal(denied(), "Look again", by="customer"), make_agent(), 0)
    assert refusal(claim) == "already_appealed"


def test_not_after_its_time() -> None:
    claim = denied()
    end = timezone.now() - timedelta(days=settings.APPEAL_DAYS)
    Claim.objects.update(closed_at=end - timedelta(minutes=1))
    assert refusal(claim) == "appeal_too_late"
    Claim.objects.update(closed_at=end + timedelta(minutes=1))
    assert appeal(claim, "Look again", by="customer").state == "in_review"


def test_not_without_saying_why() -> None:
    assert refusal(denied(), "  ") == "reason_missing"


def test_not_what_the_customer_took_back() -> None:
    assert refusal(filing.withdraw(make_claim(), by="customer")) == "nothing_to_appeal"


def test_not_while_it_is_open() -> None:
    with pytest.raises(MoveRefused, match="cannot be appealed"):
        appeal(make_claim(), "Look again", by="customer")
    make_agent()
    with pytest.raises(MoveRefused, match="cannot be appealed"):
        appeal(make_resolution().claim, "Look again", by="customer")


def test_not_against_a_newer_claim_and_then_nothing_is_left_of_it() -> None:
    claim = denied()
    make_claim(claim.order, quantity=2)
    assert refusal(claim) == "already_claimed"
    claim.refresh_from_db()
    assert (claim.state, claim.appealed_at, appeals.appeal_until(claim)) == (
        "closed", None, claim.closed_at and claim.closed_at + timedelta(days=settings.APPEAL_DAYS),
    )  # fmt: skip
