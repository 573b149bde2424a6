"""Reopening: by a person, with a reason, and never against a newer claim on the same units."""

import pytest

from protection import review
from protection.models import Claim, ClaimUnit
from protection.models.claim import MoveRefused
from protection.review import DecisionRefused
from protection.tests.builders import line_of, make_agent, make_claim, make_covered_order
from protection.tests.console import agent_client, press

pytestmark = pytest.mark.django_db


def closed_claim() -> Claim:
    return review.close(make_claim(make_covered_order(), quantity=2), "arrived", user=make_agent("ben"))


def test_it_is_in_review_with_the_reason_on_record_and_holds_its_units_again() -> None:
    claim = review.reopen(closed_claim(), " It was the neighbour's ", user=make_agent())
    assert (claim.state, claim.outcome, claim.closed_at, claim.next_actor) == ("in_review", "", None, "agent")
    entry = claim.order.journal.latest("id")
    assert (entry.by, entry.facts["why"], entry.facts["from"]) == ("staff:ana", "It was the neighbour's", "closed")
    assert ClaimUnit.objects.filter(item__claim=claim, open=True).count() == 2


@pytest.mark.parametrize("why", ["", "  "])
def test_it_needs_a_reason(why: str) -> None:
    claim = closed_claim()
    with pytest.raises(DecisionRefused):
        review.reopen(claim, why, user=make_agent())


def test_an_open_claim_is_not_opened_again() -> None:
    with pytest.raises(MoveRefused):
        review.reopen(make_claim(), "because", user=make_agent())


def test_a_newer_claim_on_the_same_unit_keeps_it() -> None:
    old = closed_claim()
    newer = make_claim(old.order, title=line_of(old.order).title)
    with pytest.raises(DecisionRefused, match="newer claim"):
        review.reopen(old, "because", user=make_agent())
    old.refresh_from_db()
    newer.refresh_from_db()
    assert (old.state, newer.state) == ("closed", "in_review")
    assert ClaimUnit.objects.filter(item__claim=old, open=True).count() == 0


def test_an_agent_opens_it_from_its_page() -> None:
    claim, client = closed_claim(), agent_client()
    assert press(client, claim, "reopen", why="").status_code == 409
    assert press(client, claim, "reopen", why="The parcel was empty").status_code == 302
    claim.refresh_from_db()
    assert claim.state == "in_review"
    assert "The parcel was empty" in client.get(f"/admin/protection/claim/{claim.pk}/change/").content.decode()
