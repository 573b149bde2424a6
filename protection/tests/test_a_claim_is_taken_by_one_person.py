"""Taking a claim and giving it back."""

import pytest

from orders.models import JournalEntry
from protection import assignment, review
from protection.models.claim import MoveRefused
from protection.tests.builders import make_agent, make_claim
from protection.tests.console import agent_client, press

pytestmark = pytest.mark.django_db


def test_taking_is_journaled_and_leaves_the_version_alone():
    claim = make_claim()
    version = claim.version
    client = agent_client()
    assert press(client, claim, "take").status_code == 302
    claim.refresh_from_db()
    assert claim.assignee.username == "ana"
    assert claim.version == version
    assert JournalEntry.objects.filter(action="claim.assigned", by="staff:ana").count() == 1


def test_taking_twice_is_one_entry():
    claim, ana = make_claim(), make_agent()
    assignment.take(claim, user=ana)
    assignment.take(claim, user=ana)
    assert JournalEntry.objects.filter(action="claim.assigned").count() == 1


def test_somebody_else_may_take_over_and_give_back():
    claim, ana, ben = make_claim(), make_agent("ana"), make_agent("ben")
    assignment.take(claim, user=ana)
    assert assignment.take(claim, user=ben).assignee == ben
    assert assignment.give_back(claim, user=ben).assignee is None


def test_a_closed_claim_is_nobodys():
    claim, ana = make_claim(), make_agent()
    review.close(claim, "arrived", user=ana)
    with pytest.raises(MoveRefused):
        assignment.take(claim, user=ana)
