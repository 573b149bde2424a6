"""Approved claims on sent parcels become cases with their carriers, by the clock, and nothing closes in silence."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from orders.models import Fulfillment, Order, TrackingEvent
from orders.tests.builders import line, make_order
from protection import arrivals, resolutions, reversing, review
from protection.eligibility import ItemAsked
from protection.filing import file_claim
from protection.models import CarrierCheck, Claim, Recovery
from protection.recovery import doubts, ending, filing, opening, reckoning
from protection.recovery.actors import RecoveryRefused
from protection.tests.builders import decide, line_of, make_agent, make_claim, make_covered_order
from protection.tests.carriers import ANA, LEA, grant, granted, make_recovery, make_terms, shipped
from protection.tests.parcels import scan, send

pytestmark = pytest.mark.django_db


def test_a_granted_claim_on_a_sent_parcel_opens_one_and_again_none() -> None:
    parcel = shipped()
    claim = granted(parcel)
    assert (opening.run(), opening.run(), len(opening.look(claim))) == (1, 0, 1)
    recovery = Recovery.objects.get()
    assert (recovery.state, recovery.next_actor, recovery.parcel) == ("eligible", "agent", parcel)
    assert (str(recovery.carrier), str(recovery.money(recovery.expected))) == ("UPS", "40.00 USD")
    assert list(recovery.claims.all()) == [claim]
    (entry,) = claim.order.journal.filter(action="recovery.eligible")
    assert (entry.subject, entry.facts["claims"]) == (recovery.public_id, [claim.public_id])


def test_nothing_is_opened_while_the_decision_can_be_undone() -> None:
    claim = make_claim(shipped().order)
    ana = make_agent()
    decide(claim, ana)
    assert opening.run() == 0
    review.undo(claim, user=ana)
    assert opening.run() == 0
    assert not Recovery.objects.exists()


def test_a_denied_claim_opens_none() -> None:
    decide(make_claim(shipped().order), make_agent(), 0)
    assert opening.run() == 0


def test_what_the_carrier_does_not_owe_is_said_and_not_opened() -> None:
    parcel = shipped()
    scan(parcel, "delivered", timezone.now() - timedelta(days=3))
    claim = granted(parcel, reason="stolen")
    assert opening.run() == 0
    assert "does not pay for this reason: stolen" in CarrierCheck.objects.get(claim=claim).words
    nowhere = granted_without_parcel()
    opening.run()
    assert CarrierCheck.objects.get(claim=nowhere).words == "Nothing of it was sent in a parcel."


def granted_without_parcel() -> Claim:
    claim = make_claim(make_covered_order(name="#2"))
    decide(claim, User.objects.get(username="ana"))
    resolutions.start(claim.resolutions.get())
    return claim


@pytest.mark.parametrize(
    "place, opened",
    [
        ({"zip": "10001", "city": "Springfield"}, 1),
        ({"zip": "62701-1234", "city": "SPRINGFIELD"}, 0),
        ({"city": "Shelbyville"}, 1),
        ({"city": "springfield "}, 0),
        ({}, 0),
    ],
)
def test_not_received_counts_where_the_delivery_scan_names_another_place(place: dict[str, str], opened: int) -> None:
    parcel = shipped()
    delivered = scan(parcel, "delivered", timezone.now() - timedelta(days=5))
    TrackingEvent.objects.filter(pk=delivered.pk).update(**place)
    claim = granted(parcel, reason="not_received")
    assert opening.run() == opened
    assert ("no other place" in CarrierCheck.objects.get(claim=claim).words) is not bool(opened)


def test_an_unknown_carrier_is_kept_until_its_terms_are_entered() -> None:
    recovery = make_recovery(shipped(company="Pony Express Intl."))
    assert (recovery.carrier, recovery.terms, recovery.expected, recovery.deadline) == (None, None, None, None)
    assert recovery.expected_from["why_not"] == "The carrier's terms are not known."
    terms = make_terms("Pony Express", ["pony-express intl"], cover="25")
    assert reckoning.terms_entered(terms.carrier, by="staff:lea") == 1
    recovery.refresh_from_db()
    assert (recovery.terms, recovery.carrier_name) == (terms, "Pony Express Intl.")
    assert str(recovery.money(recovery.expected)) == "25.00 USD"
    assert recovery.deadline is not None
    assert reckoning.terms_entered(terms.carrier, by="staff:lea") == 0
    assert recovery.order.journal.filter(action="recovery.reckoned", by="staff:lea").count() == 1


def test_a_parcel_without_a_carrier_waits_for_staff_to_say_it() -> None:
    recovery = make_recovery(shipped(company=""))
    terms = make_terms()
    assert reckoning.terms_entered(terms.carrier, by="staff:lea") == 0
    named = reckoning.name_carrier(recovery, terms.carrier, actor=ANA)
    assert (named.carrier, named.terms) == (terms.carrier, terms)


def test_two_claims_on_one_parcel_share_its_case() -> None:
    order = make_covered_order(line("Teapot", 2))
    parcel = shipped(order)
    Fulfillment.objects.filter(pk=parcel.pk).update(
        lines=[{"line": part["line"], "quantity": 2} for part in parcel.lines]
    )
    first = make_recovery(parcel)
    opening.look(granted(parcel))
    first.refresh_from_db()
    assert Recovery.objects.count() == 1
    assert (first.claims.count(), str(first.money(first.expected))) == (2, "80.00 USD")
    assert [one["quantity"] for one in first.lines] == [1, 1]


def test_a_claim_over_two_parcels_opens_one_for_each() -> None:
    order = make_covered_order(line("Teapot", 2))
    both = [shipped(order), shipped(order)]
    opened = opening.look(granted(both[0], quantity=2))
    assert {one.parcel for one in opened} == set(both)
    assert {str(one.money(one.expected)) for one in opened} == {"40.00 USD"}


def test_a_lost_unit_is_looked_for_in_the_parcel_that_did_not_arrive() -> None:
    order = make_covered_order(line("Teapot", 2))
    came, lost = shipped(order), shipped(order)
    scan(came, "delivered", timezone.now() - timedelta(days=15))
    (recovery,) = opening.look(granted(lost))
    assert recovery.parcel == lost


def test_a_parcel_that_is_found_asks_staff_and_moves_nothing() -> None:
    recovery = make_recovery()
    claim = recovery.claims.get()
    filing.file(recovery, actor=ANA)
    come_home(claim)
    scan(recovery.parcel, "delivered", timezone.now() + timedelta(minutes=1))
    for _ in range(2):
        with transaction.atomic():
            arrivals.order_moved(claim.order, by="shopify")
    recovery.refresh_from_db()
    assert (recovery.state, recovery.doubt) == ("filed", "The parcel was delivered after all.")
    assert claim.order.journal.filter(action="recovery.doubted").count() == 1
    kept = doubts.keep(recovery, "It came broken", actor=ANA)
    assert (kept.state, kept.doubt) == ("filed", "")
    with pytest.raises(RecoveryRefused) as caught:
        doubts.withdraw(recovery, actor=ANA)
    assert caught.value.code == "no_doubt"


def come_home(claim: Claim) -> None:
    resolution = claim.resolutions.get()
    replacement = make_order(line("Teapot"), name="#2001", source_identifier=str(resolution.uuid))
    resolutions.recognise(replacement, by="shopify")


def test_a_remedy_that_is_taken_back_asks_staff_whether_to_withdraw() -> None:
    recovery = make_recovery()
    claim = recovery.claims.get()
    come_home(claim)
    resolution = claim.resolutions.get()
    Order.objects.filter(replaces=resolution).update(cancelled_at=timezone.now())
    resolution.refresh_from_db()
    reversing.reverse(resolution, "Wrong person", by="staff:ana")
    recovery.refresh_from_db()
    assert recovery.doubt == "A remedy of its claim was taken back (Replacement: Wrong person)."
    withdrawn = doubts.withdraw(recovery, actor=ANA)
    assert (withdrawn.state, withdrawn.doubt) == ("written_off", "")
    assert withdrawn.why.startswith("Withdrawn: A remedy of its claim was taken back")


def test_a_claim_that_ends_without_approval_asks_as_well() -> None:
    recovery = make_recovery()
    ended = {"state": "closed", "outcome": "denied", "next_actor": "", "closed_at": timezone.now()}
    Claim.objects.filter(recoveries=recovery).update(**ended)
    for _ in range(2):
        opening.run()
    recovery.refresh_from_db()
    assert (recovery.state, recovery.doubt) == ("eligible", "A claim it rests on was closed without an approval.")
    doubts.keep(recovery, "It was lost all the same", actor=ANA)
    opening.run()
    recovery.refresh_from_db()
    assert recovery.doubt == ""  # what staff have settled is not asked again
    Claim.objects.filter(recoveries=recovery).update(closed_at=timezone.now())
    opening.run()
    recovery.refresh_from_db()
    assert recovery.doubt


def test_what_ended_is_opened_again_by_a_lead_and_by_no_new_look() -> None:
    recovery = make_recovery()
    ending.write_off(recovery, "Too small", actor=LEA)
    claim = recovery.claims.get()
    CarrierCheck.objects.all().delete()
    assert opening.look(claim) == [recovery]
    assert Recovery.objects.count() == 1
    reopened = ending.reopen(recovery, "Not so small", actor=LEA)
    assert (reopened.state, reopened.closed_at, reopened.why) == ("eligible", None, "Not so small")


def test_a_cancelled_parcel_is_nobodys() -> None:
    order = make_covered_order()
    send(order, sent_at=timezone.now() - timedelta(days=9))
    order.fulfillments.update(status="cancelled")
    claim = make_claim(order)
    decide(claim, make_agent())
    resolutions.start(claim.resolutions.get())
    assert opening.run() == 0


def test_a_new_scan_moves_the_days_that_count_from_it() -> None:
    terms = make_terms(closes_from=["last_scan"], closes_after=10)
    recovery = make_recovery(shipped(company="Parcelforce"))
    first = recovery.last_day
    assert first is not None
    scan(recovery.parcel, "in_transit", timezone.now() - timedelta(days=17))
    for _ in range(2):
        with transaction.atomic():
            arrivals.order_moved(recovery.order, by="shopify", source="con_1")
    recovery.refresh_from_db()
    assert (recovery.terms, recovery.last_day) == (terms, first + timedelta(days=3))
    (entry,) = recovery.order.journal.filter(action="recovery.reckoned")
    assert (entry.by, entry.source, entry.facts["last_day"]) == ("shopify", "con_1", str(recovery.last_day))
    filing.file(recovery, actor=ANA, why="Late")
    scan(recovery.parcel, "in_transit", timezone.now() - timedelta(days=2))
    with transaction.atomic():
        arrivals.order_moved(recovery.order, by="shopify")
    assert recovery.order.journal.filter(action="recovery.reckoned").count() == 1


def test_a_claim_that_is_looked_at_again_keeps_its_units_apart_from_those_of_others() -> None:
    order = make_covered_order(line("Teapot", 2), line("Cup", 2))
    first, second = shipped(order), shipped(order)
    cup = make_claim(order, title="Cup")
    both = filing_of(order, "Teapot", "Cup")
    for claim in (cup, both):
        grant(claim)
    expected = {first.pk: ["Cup", "Teapot"], second.pk: ["Cup"]}
    for claim in (cup, both, both, cup):
        opening.look(claim)
    found = {one.parcel_id: sorted(line["title"] for line in one.lines) for one in Recovery.objects.all()}
    assert found == expected


def filing_of(order: Order, *titles: str) -> Claim:
    items = [ItemAsked(line_of(order, title), 1) for title in titles]
    return file_claim(order, reason="lost", items=items, by="partner:tests")


def test_what_was_withdrawn_and_opened_again_is_not_asked_again() -> None:
    recovery = make_recovery()
    ended = {"state": "closed", "outcome": "denied", "next_actor": "", "closed_at": timezone.now()}
    Claim.objects.filter(recoveries=recovery).update(**ended)
    opening.run()
    doubts.withdraw(recovery, actor=ANA)
    ending.reopen(recovery, "The carrier owes it all the same", actor=LEA)
    opening.run()
    recovery.refresh_from_db()
    assert (recovery.state, recovery.doubt) == ("eligible", "")


def test_a_case_that_cannot_be_asked_about_holds_up_no_other() -> None:
    stuck, other = (make_recovery(shipped(make_covered_order(name=name))) for name in ("#1", "#2"))
    ended = {"state": "closed", "outcome": "denied", "next_actor": "", "closed_at": timezone.now()}
    Claim.objects.filter(recoveries__in=[stuck, other]).update(**ended)
    Recovery.objects.filter(pk=stuck.pk).update(version=2**31 - 1)  # it can be saved no more
    opening.run()
    other.refresh_from_db()
    assert other.doubt
