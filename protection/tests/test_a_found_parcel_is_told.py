"""After a claim was paid for: the parcel is delivered after all, or the replacement is lost as well."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from orders.models import Order
from orders.tests.builders import line, make_order
from protection import arrivals, filing, resolutions
from protection.admin.queue import in_queue
from protection.eligibility import ClaimRefused, ItemAsked
from protection.models import Claim
from protection.tests.builders import line_of, make_agent, make_claim, make_covered_order, make_resolution
from protection.tests.parcels import scan, send

pytestmark = pytest.mark.django_db


def replaced(reason: str = "lost") -> tuple[Claim, Order]:
    """A claim that was closed by a replacement, and the replacement's order."""
    make_agent()
    order = make_covered_order()
    send(order, ("in_transit", timezone.now() - timedelta(days=9)), ("delivered", timezone.now() - timedelta(days=8)))
    resolution = make_resolution(make_claim(order, reason=reason))
    resolutions.start(resolution)
    replacement = make_order(line("Teapot"), name="#2001", source_identifier=str(resolution.uuid))
    resolutions.recognise(replacement, by="shopify")
    claim = resolution.claim
    claim.refresh_from_db()
    assert claim.state == "closed"
    return claim, replacement


def moved(claim: Claim) -> Claim:
    with transaction.atomic():
        arrivals.order_moved(claim.order, by="shopify", source="con_1")
    claim.refresh_from_db()
    return claim


def test_a_delivery_after_the_decision_is_told_once_and_moves_nothing() -> None:
    claim, _ = replaced()
    assert moved(claim).found_at is None  # that delivery was known when it was decided
    parcel = claim.order.fulfillments.get()
    scan(parcel, "delivered", timezone.now() + timedelta(minutes=1))
    for _ in range(2):
        claim = moved(claim)
    assert (claim.state, claim.outcome) == ("closed", "approved")
    (entry,) = claim.order.journal.filter(action="claim.parcel_found")
    assert (entry.subject, entry.source, entry.facts["parcel"]) == (claim.public_id, "con_1", parcel.public_id)
    assert claim.found_at is not None


def test_it_stands_in_a_queue_of_its_own_until_staff_settle_it() -> None:
    claim, _ = replaced()
    with pytest.raises(ClaimRefused, match="No parcel"):
        arrivals.settle_found(claim, "keep", by="staff:ana")
    scan(claim.order.fulfillments.get(), "delivered", timezone.now() + timedelta(minutes=1))
    claim, ana = moved(claim), make_agent("ben")
    assert list(in_queue(Claim.objects.all(), "found", ana)) == [claim]
    with pytest.raises(ClaimRefused, match="Say what becomes"):
        arrivals.settle_found(claim, " ", by="staff:ana")
    arrivals.settle_found(claim, "pay", note="She agreed by phone", by="staff:ana")
    assert not in_queue(Claim.objects.all(), "found", ana).exists()
    assert not moved(claim).found_open
    assert claim.order.journal.latest("id").facts["why"] == "The customer pays for it. She agreed by phone"


def test_a_damaged_parcel_was_never_missing() -> None:
    claim, _ = replaced("damaged")
    scan(claim.order.fulfillments.get(), "delivered", timezone.now() + timedelta(minutes=1))
    assert moved(claim).found_at is None


def test_a_replacement_that_is_lost_too_is_claimed_on_the_promise_of_the_first_order() -> None:
    first, replacement = replaced()
    second = make_claim(replacement)
    assert (second.state, second.follows) == ("in_review", first)
    assert replacement.journal.get(action="claim.submitted").facts["follows"] == first.public_id
    assert list(first.followed_by.all()) == [second]


def test_the_replacement_of_a_replacement_as_well() -> None:
    _, replacement = replaced()
    resolution = make_resolution(make_claim(replacement))
    resolutions.start(resolution)
    third = make_order(line("Teapot"), source_identifier=str(resolution.uuid))
    resolutions.recognise(third, by="shopify")
    assert make_claim(third).follows == resolution.claim


def test_an_order_that_replaces_nothing_stands_on_its_own() -> None:
    replaced()
    other = make_order()
    with pytest.raises(ClaimRefused) as caught:
        filing.file_claim(other, reason="lost", items=[ItemAsked(line_of(other), 1)], by="customer")
    assert caught.value.code == "not_covered"
