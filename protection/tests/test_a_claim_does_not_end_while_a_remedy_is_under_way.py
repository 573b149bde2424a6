"""Back in review because one remedy failed, while another is still on its way: nobody ends the claim meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.tests.builders import line
from protection import arrivals, asking, filing, resolutions, review
from protection.eligibility import ClaimRefused, ItemAsked
from protection.models import Claim, Resolution
from protection.models.claim import MoveRefused
from protection.review import ItemDecision
from protection.tests.builders import line_of, make_agent, make_covered_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim() -> Claim:
    """The teapot's replacement was refused by the shop; the cup's refund has begun."""
    order = make_covered_order(line("Teapot"), line("Cup"))
    items = [ItemAsked(line_of(order, title), 1) for title in ("Teapot", "Cup")]
    claim = filing.file_claim(order, reason="lost", items=items, by="partner:tests")
    teapot, cup = claim.items.order_by("line__title").reverse()
    parts = [ItemDecision(teapot, "approve", 1), ItemDecision(cup, "approve", 1, remedy="refund")]
    review.decide(claim, parts, user=make_agent())
    refund = claim.resolutions.get(kind="refund")
    resolutions.start(refund)
    resolutions.mark_failed(claim.resolutions.get(kind="replacement"), "Not in stock", by="shopify")
    claim.refresh_from_db()
    assert claim.state == "in_review"
    return claim


def done(claim: Claim) -> Resolution:
    return resolutions.mark_executed(claim.resolutions.get(kind="refund"), by="shopify", remote_reference="77")


@pytest.mark.parametrize(
    "end",
    [
        lambda claim: filing.withdraw(claim, by="partner:tests"),
        lambda claim: arrivals.say_arrived(claim, True, by="customer"),
        lambda claim: review.close(claim, "duplicate", user=User.objects.get()),
    ],
    ids=["withdrawn", "arrived", "closed by staff"],
)
def test_it_ends_only_once_the_remedy_is_done(claim: Claim, end: Callable[[Claim], Claim]) -> None:
    with pytest.raises((ClaimRefused, MoveRefused), match=r"(?i)a remedy is under way"):
        end(claim)
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == ("in_review", "")
    done(claim)
    assert end(claim).state == "closed"


def test_that_it_did_not_arrive_is_heard_all_the_same(claim: Claim) -> None:
    assert arrivals.say_arrived(claim, False, by="customer").state == "in_review"


def test_no_answer_does_not_close_it_before_the_remedy_is_done(claim: Claim) -> None:
    asking.ask(claim, ["Another item instead?"], by="staff:ana")
    for day in (3, 6, 9, 12):
        asking.run(timezone.now() + timedelta(days=day, minutes=1))
    claim.refresh_from_db()
    assert claim.state == "needs_info"
    done(claim)
    asking.run(timezone.now() + timedelta(days=13))
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == ("closed", "no_response")
