"""A claim filed too early: wakes on its day, asks when a scan comes, and never closes in silence."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from orders.models import Fulfillment
from protection import arrivals, waking
from protection.eligibility import ClaimRefused
from protection.models import Claim
from protection.models.claim import MoveRefused
from protection.tests.builders import make_agent, make_claim, make_covered_order
from protection.tests.faults import fault_with
from protection.tests.parcels import scan, send

pytestmark = pytest.mark.django_db


def waiting() -> tuple[Claim, Fulfillment]:
    order = make_covered_order()
    parcel = send(order, ("in_transit", timezone.now() - timedelta(days=1)))
    claim = make_claim(order)
    assert claim.state == "waiting"
    return claim, parcel


def moved(claim: Claim, times: int = 1) -> Claim:
    for _ in range(times):
        with transaction.atomic():
            arrivals.order_moved(claim.order, by="shopify", source="con_1")
    claim.refresh_from_db()
    return claim


def day(number: float) -> datetime:
    return timezone.now() + timedelta(days=number)


def test_it_is_in_review_on_its_day_and_not_before() -> None:
    claim, _ = waiting()
    waking.run(day(5.9))
    claim.refresh_from_db()
    assert claim.state == "waiting"
    for _ in range(2):
        waking.run(day(6.1))
    claim.refresh_from_db()
    assert (claim.state, claim.next_actor) == ("in_review", "agent")
    entries = claim.order.journal.filter(action="claim.in_review")
    assert [(entry.by, entry.facts["from"]) for entry in entries] == [("system", "waiting")]


def test_a_fault_with_one_does_not_hold_up_the_others() -> None:
    broken, sound = waiting()[0], waiting()[0]
    with fault_with(broken.public_id):
        waking.run(day(6.1))
    states = Claim.objects.order_by("pk").values_list("pk", "state")
    assert list(states) == [(broken.pk, "waiting"), (sound.pk, "in_review")]
    waking.run(day(6.1))
    assert set(Claim.objects.values_list("state", flat=True)) == {"in_review"}


def test_a_scan_asks_whether_it_arrived_once_and_keeps_the_day() -> None:
    claim, parcel = waiting()
    promised = claim.eligible_at
    assert moved(claim).next_actor == "system"
    scan(parcel, "out_for_delivery", timezone.now())
    claim = moved(claim, times=3)
    assert (claim.state, claim.next_actor, claim.eligible_at) == ("waiting", "customer", promised)
    (entry,) = claim.order.journal.filter(action="claim.asked_arrived")
    assert (entry.by, entry.facts["scan"]) == ("system", "out_for_delivery")
    scan(parcel, "delivered", timezone.now() + timedelta(minutes=5))
    assert moved(claim).order.journal.filter(action="claim.asked_arrived").count() == 2


def test_a_delivery_closes_nothing_by_itself_and_silence_ends_in_review() -> None:
    claim, parcel = waiting()
    scan(parcel, "delivered", timezone.now())
    assert moved(claim).state == "waiting"
    waking.run(day(6.1))
    claim.refresh_from_db()
    assert claim.state == "in_review"


def test_the_customer_says_it_arrived() -> None:
    claim, _ = waiting()
    claim = arrivals.say_arrived(claim, True, by="customer", source="con_1")
    assert (claim.state, claim.outcome) == ("closed", "arrived")
    entry = claim.order.journal.latest("id")
    assert (entry.by, entry.source) == ("customer", "con_1")


def test_the_customer_says_no_while_it_is_on_its_way_and_it_goes_on_waiting() -> None:
    claim, parcel = waiting()
    scan(parcel, "out_for_delivery", timezone.now())
    claim = arrivals.say_arrived(moved(claim), False, by="customer")
    assert (claim.state, claim.next_actor) == ("waiting", "system")
    assert claim.order.journal.latest("id").action == "claim.not_arrived"


def test_delivered_says_the_carrier_no_says_the_customer_and_a_person_looks_at_once() -> None:
    claim, parcel = waiting()
    scan(parcel, "delivered", timezone.now())
    claim = arrivals.say_arrived(moved(claim), False, by="customer")
    assert (claim.state, claim.next_actor) == ("in_review", "agent")
    assert "the customer says it did not" in claim.order.journal.latest("id").facts["why"]


def test_a_scan_taken_back_asks_nothing() -> None:
    claim, parcel = waiting()
    scan(parcel, "in_transit", timezone.now() - timedelta(days=3))
    parcel.scans.filter(status="in_transit", happened_at__gt=timezone.now() - timedelta(days=2)).update(
        deleted_at=timezone.now()
    )
    assert moved(claim).next_actor == "system"


def test_staff_may_look_at_it_before_its_day_with_a_reason() -> None:
    claim, _ = waiting()
    with pytest.raises(ClaimRefused) as caught:
        waking.review_now(claim, " ", by="staff:ana")
    assert caught.value.code == "reason_missing"
    claim = waking.review_now(claim, "The depot burnt down", by="staff:ana")
    assert (claim.state, claim.override_reason) == ("in_review", "The depot burnt down")
    with pytest.raises(MoveRefused):
        waking.review_now(claim, "again", by="staff:ana")


def test_nobody_wakes_it_before_its_day_or_twice() -> None:
    claim, _ = waiting()
    with pytest.raises(ClaimRefused) as caught:
        waking.wake(claim, day(5), by="system")
    assert caught.value.code == "too_early"
    waking.review_now(claim, "because", by="staff:ana")
    with pytest.raises(MoveRefused):
        waking.wake(claim, day(30), by="system")


def test_a_claim_about_damage_is_not_asked_about_arrival() -> None:
    make_agent()
    order = make_covered_order()
    parcel = send(order, ("delivered", timezone.now()))
    claim = make_claim(order, reason="damaged")
    scan(parcel, "delivered", timezone.now() + timedelta(minutes=1))
    assert moved(claim).state == "in_review"
    assert not order.journal.filter(action="claim.asked_arrived").exists()
