"""The nearest past claims are shown with why they are near, and a decision against nine of ten needs a reason."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import LineItem
from orders.tests.builders import line, make_shop, story
from protection import appeals, review
from protection.models import Claim, ComparedDecision
from protection.similar import consistency
from protection.similar.nearest import NEAR, nearest
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order, make_plan
from protection.tests.console import agent_client, claim_url, press, superuser_client
from protection.tests.parcels import send

pytestmark = pytest.mark.django_db


def case(carrier: str = "DHL", quiet: int = 12, price: str = "40.00", shop=None, reason: str = "lost") -> Claim:
    """A claim in review on a parcel whose last scan was so many days ago."""
    order = make_covered_order(line("Teapot", 2, price), shop=shop)
    now = timezone.now()
    parcel = send(order, ("in_transit", now - timedelta(days=quiet)), sent_at=now - timedelta(days=quiet + 2))
    parcel.tracking_company = carrier
    parcel.save()
    return make_claim(order, reason=reason)


def past(approved: int, denied: int = 0, **fields) -> list[Claim]:
    lea = make_agent("lea", None)
    return [decide(case(**fields), lea, int(number < approved)) for number in range(approved + denied)]


def test_the_nearest_come_first_with_what_is_alike_and_what_is_not():
    past(1, carrier="UPS", quiet=30, price="400.00")
    near = past_one = decide(case(), make_agent("ada", None))
    found = nearest(case(quiet=13))
    assert found.neighbours[0].claim_id == near.pk
    assert "same carrier (DHL)" in found.neighbours[0].same
    assert "12 days after the last scan, here 13" in found.neighbours[0].same
    assert "the same item" in found.neighbours[0].same
    assert found.neighbours[0].other == []
    assert found.neighbours[0].remedies == "Replacement"
    assert past_one.order.name == found.neighbours[0].order_name
    far = found.neighbours[1]
    assert far.distance > NEAR
    assert {"UPS, here DHL", "worth 400.00 USD", "30 days after the last scan, here 13"} <= set(far.other)


def test_only_decided_claims_of_the_same_store_and_reason_count():
    ana = make_agent("ana", None)
    case()  # in review
    review.close(case(), "arrived", user=ana)
    decide(case(reason="stolen"), ana)
    other = make_shop("other.myshopify.com")
    make_plan(other)
    decide(case(shop=other), ana)
    undone = decide(case(), ana)
    review.undo(undone, user=ana)
    assert nearest(case()).neighbours == []


@pytest.mark.parametrize(
    "approved, denied, sentence",
    [
        (10, 0, "10 of 10 similar claims were approved."),
        (9, 1, "9 of 10 similar claims were approved."),
        (8, 2, ""),
        (1, 9, "9 of 10 similar claims were denied."),
        (9, 0, ""),  # nine are not ten
    ],
)
def test_nine_of_ten_are_said_to_agree(approved, denied, sentence):
    past(approved, denied)
    assert nearest(case()).sentence == sentence


def test_ten_that_are_not_near_say_nothing():
    past(10, carrier="UPS", quiet=40, price="400.00")
    found = nearest(case())
    assert len(found.shown) == 5
    assert found.sentence == ""


def test_against_nine_of_ten_a_reason_is_asked_for_and_kept():
    past(10)
    claim = case()
    client = agent_client("ana", None)
    item = claim.items.get()
    assert "10 of 10 similar claims were approved." in client.get(claim_url(claim)).content.decode()
    denial = {f"reason-{item.pk}": "no_evidence"}
    refused = press(client, claim, "deny", **denial)
    assert refused.status_code == 409
    assert "To decide otherwise tick the box" in refused.content.decode()
    unticked = press(client, claim, "deny", **denial, why_different="The carrier proved delivery.")
    assert unticked.status_code == 409
    claim.refresh_from_db()
    assert claim.state == Claim.State.IN_REVIEW
    ticked = {"despite_similar": "on", "why_different": "The carrier proved delivery."}
    assert press(client, claim, "deny", **denial, **ticked).status_code == 302
    claim.refresh_from_db()
    assert claim.outcome == Claim.Outcome.DENIED
    kept = claim.compared.get()
    assert (kept.expected, kept.side, kept.differs, kept.near, kept.approved) == ("approved", "denied", True, 10, 10)
    facts = next(facts for action, facts in story(claim.order) if action == "claim.decided")
    assert facts["similar"] == {
        "near": 10, "approved": 10, "expected": "approved", "why": "The carrier proved delivery.",
    }  # fmt: skip


def test_with_nine_of_ten_nothing_is_asked():
    past(10)
    claim = case()
    assert press(agent_client("ana", None), claim, "approve").status_code == 302
    assert not claim.compared.get().differs
    facts = next(facts for action, facts in story(claim.order) if action == "claim.decided")
    assert "similar" not in facts


def test_an_undone_decision_counts_no_more_and_an_appeal_may_overturn_one():
    ana, ben = make_agent("ana", None), make_agent("ben", None)
    claim = case()
    decide(claim, ana)
    claim.refresh_from_db()
    review.undo(claim, user=ana)
    denied = decide(claim, ana, 0)
    appeals.appeal(denied, "I have proof.", by="customer")
    decide(denied, ben)
    assert list(claim.compared.order_by("id").values_list("side", "undone", "overturned")) == [
        ("approved", True, False), ("denied", False, True), ("approved", False, False),
    ]  # fmt: skip


def test_a_decision_is_no_longer_overturned_when_the_one_after_the_appeal_is_undone():
    ana, ben = make_agent("ana", None), make_agent("ben", None)
    claim = case()
    decide(claim, ana, 0)
    claim.refresh_from_db()
    appeals.appeal(claim, "I have proof.", by="customer")
    review.undo(decide(claim, ben), user=ben)
    assert list(claim.compared.order_by("id").values_list("undone", "overturned")) == [(False, False), (True, False)]
    decide(claim, ben, 0)
    assert not claim.compared.filter(overturned=True).exists()


def test_traits_follow_the_parcel_that_carries_the_claimed_item():
    pot, cup = line("Teapot", 1), line("Cup", 1, product_id=7)
    order = make_covered_order(pot, cup)
    now = timezone.now()
    for row, carrier, days in ((pot, "UPS", 20), (cup, "DHL", 9)):
        parcel = send(order, ("in_transit", now - timedelta(days=days)), lines=[row], sent_at=now - timedelta(days=22))
        parcel.tracking_company = carrier
        parcel.save()
    traits = make_claim(order, title="Teapot").traits
    assert (traits.carrier, traits.quiet_days, traits.skus, traits.destination) == ("UPS", 20, ["TEAPOT"], "US")
    assert (traits.value, traits.covered, traits.photos, traits.delivered) == (40, True, False, False)
    assert LineItem.objects.filter(order=order).count() == 3
    assert ComparedDecision.objects.count() == 0


def test_the_report_counts_by_person_reason_and_rule():
    past(10)
    ana, ben = make_agent("ana", None), make_agent("ben", None)
    claim = case()
    decide(claim, ana, 0)
    claim.refresh_from_db()
    appeals.appeal(claim, "I have proof.", by="customer")
    decide(claim, ben)
    people, reasons, rules = consistency.tables(30)
    figures = [(r.name, r.decided, r.comparable, r.differed, r.appealed, r.overturned) for r in people.rows]
    assert figures == [
        ("ana", 1, 1, 1, 1, 1), ("ben", 1, 1, 0, 0, 0), ("lea", 10, 0, 0, 0, 0),
    ]  # fmt: skip
    assert [(row.name, row.decided, row.differed_share) for row in reasons.rows] == [("Lost in transit", 12, "50 %")]
    assert rules.rows[0].name == "Lost in transit, version 1"
    lead = superuser_client()
    page = lead.get("/admin/protection/compareddecision/?days=30").content.decode()
    assert "50 %" in page
    assert claim_url(claim) in page
    assert agent_client("tom").get("/admin/protection/compareddecision/").status_code == 403
