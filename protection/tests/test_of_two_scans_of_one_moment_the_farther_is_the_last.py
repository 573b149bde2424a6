"""Carriers tell minutes, messages overtake one another: which of two scans was the last, arrival does not say."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.admin.parcels import parcels
from orders.models import Order
from orders.representation import represent, with_parts
from protection.customer.receipt import judged_by
from protection.models import Claim
from protection.risk.reading import Moment, facts_of
from protection.tests.builders import make_claim, make_covered_order
from protection.tests.parcels import scan, send
from protection.windows import shipment_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()
THEN = NOW - timedelta(hours=1)


@pytest.fixture
def claim() -> Claim:
    """Of a parcel whose scans of one minute came the wrong way round."""
    order = make_covered_order()
    send(order, ("delivered", THEN), ("in_transit", THEN), ("new_word", THEN), ("out_for_delivery", THEN))
    return make_claim(order)


def test_every_page_names_the_same_last_scan(claim: Claim) -> None:
    order = Order.objects.get()
    [shown] = parcels(order.fulfillments.prefetch_related("scans"), order.lines.all())
    told = represent(with_parts(Order.objects.all()).get())["fulfillments"][0]["scans"]
    facts = facts_of({claim.pk: Moment(NOW, NOW)})[claim.pk]
    newest = shipment_of(order).newest_scan
    assert newest
    assert facts.last_scan
    assert {shown.last.event.status, told[-1]["status"], facts.last_scan.status, newest.status} == {"delivered"}
    assert judged_by(claim).scans[0][1] == "Delivered"
    assert [one["status"] for one in told] == ["in_transit", "new_word", "out_for_delivery", "delivered"]


def test_a_later_moment_counts_more_than_how_far(claim: Claim) -> None:
    scan(claim.order.fulfillments.get(), "in_transit", THEN + timedelta(minutes=1))
    newest = shipment_of(claim.order).newest_scan
    assert newest
    assert newest.status == "in_transit"
