"""When a claim may be made, reason by reason: from the first known event of its rule, at home and abroad."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import Order
from orders.tests.builders import line, make_order
from protection import filing
from protection.eligibility import ClaimRefused, ItemAsked
from protection.models import Claim
from protection.rules import rule_for
from protection.tests.builders import line_of, make_covered_order
from protection.tests.parcels import scan, send
from protection.windows import Timing, shipment_of, timing

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def ago(**distance: float) -> datetime:
    return timezone.now() - timedelta(**distance)


def timing_of(order: Order, reason: str, now: datetime, *titles: str) -> Timing:
    lines = [line_of(order, title) for title in titles]
    return timing(rule_for(order, reason), shipment_of(order, lines), now)


@pytest.mark.parametrize(
    "reason, status, hours, state",
    [
        ("lost", "in_transit", 7 * 24 - 1, "too_early"),
        ("lost", "in_transit", 7 * 24, "open"),
        ("lost", "in_transit", 60 * 24, "open"),
        ("lost", "in_transit", 60 * 24 + 1, "late"),
        ("not_received", "delivered", 47, "too_early"),
        ("not_received", "delivered", 48, "open"),
        ("not_received", "delivered", 30 * 24 + 1, "late"),
        ("stolen", "delivered", 0, "open"),
        ("damaged", "delivered", 0, "open"),
        ("damaged", "delivered", 31 * 24, "late"),
        ("wrong_item", "delivered", 31 * 24, "late"),
        ("missing_item", "delivered", 1, "open"),
        ("returned", "failure", 0, "open"),
        ("returned", "failure", 31 * 24, "late"),
        ("customs", "in_transit", 9 * 24, "too_early"),
        ("customs", "in_transit", 10 * 24, "open"),
        ("delayed", "in_transit", 4 * 24, "too_early"),
        ("wrong_address", "in_transit", 4 * 24, "open"),
    ],
)
def test_the_default_rules_at_their_edges(reason: str, status: str, hours: int, state: str) -> None:
    order = make_order()
    scanned = NOW - timedelta(hours=hours)
    send(order, (status, scanned), sent_at=scanned)
    assert timing_of(order, reason, NOW).state == state


@pytest.mark.parametrize("country, days", [("US", 7), ("DE", 20), ("", 7)])
def test_a_parcel_to_another_country_has_more_time_to_arrive(country: str, days: int) -> None:
    order = make_order()
    order.shop.country = country
    send(order, ("in_transit", NOW))
    found = timing_of(order, "lost", NOW)
    assert found.opens_at == NOW + timedelta(days=days)
    assert found.international is (days == 20)


def test_days_count_from_the_dispatch_where_nothing_was_scanned_by_a_carrier() -> None:
    order = make_order()
    parcel = send(order, ("label_printed", NOW - timedelta(days=1)), sent_at=NOW - timedelta(days=9))
    found = timing_of(order, "lost", NOW)
    assert (found.state, found.anchor, found.happened and found.happened.proof) == (
        "open", "ship_date", parcel.public_id,
    )  # fmt: skip


def promise(order: Order, days: float) -> None:
    """A parcel scanned now, that the carrier promised for so many days from now, and then for a week later."""
    parcel = send(order, ("in_transit", NOW))
    parcel.scans.update(estimated_delivery_at=NOW + timedelta(days=days))
    scan(parcel, "in_transit", NOW + timedelta(seconds=1)).fulfillment.scans.filter(estimated_delivery_at=None).update(
        estimated_delivery_at=NOW + timedelta(days=days + 7)
    )


@pytest.mark.parametrize("days, opens", [(-1, 1), (2, 4), (6, 7)])
def test_two_days_after_the_promised_date_is_soon_enough(days: int, opens: int) -> None:
    order = make_order()
    promise(order, days)
    found = timing_of(order, "lost", NOW)
    assert found.opens_at is not None
    assert found.opens_at.replace(second=0) == NOW + timedelta(days=opens)


def test_a_delay_counts_from_what_was_promised_first() -> None:
    order = make_order()
    promise(order, 1)
    assert timing_of(order, "delayed", NOW).opens_at == NOW + timedelta(days=6)


def test_nothing_known_is_never_too_early_or_too_late() -> None:
    found = timing_of(make_order(), "damaged", NOW)
    assert (found.state, found.opens_at, found.closes_at) == ("unknown", None, None)
    assert "a person looks at it" in found.sentence


def test_a_scan_that_was_taken_back_and_a_cancelled_parcel_do_not_count() -> None:
    order = make_order()
    send(order, ("delivered", NOW)).scans.update(deleted_at=NOW)
    parcel = send(order, ("delivered", NOW))
    parcel.status = "cancelled"
    parcel.save()
    assert timing_of(order, "damaged", NOW).state == "unknown"


def test_only_the_parcels_with_the_claimed_items_count_and_of_these_the_last() -> None:
    cup, pot = line("Cup", 2), line("Teapot")
    order = make_order(cup, pot)
    send(order, ("in_transit", NOW - timedelta(days=30)), lines=[cup])
    send(order, ("in_transit", NOW - timedelta(days=20)), lines=[cup])
    send(order, ("in_transit", NOW), lines=[pot])
    assert timing_of(order, "lost", NOW, "Teapot").state == "too_early"
    found = timing_of(order, "lost", NOW, "Cup")
    assert found.opens_at == NOW - timedelta(days=20 - 7)


def filed(order: Order, reason: str = "lost", **fields: Any) -> Claim:
    return filing.file_claim(order, reason=reason, items=[ItemAsked(line_of(order), 1)], by="staff:ana", **fields)


def test_too_early_waits_for_its_day_and_says_so() -> None:
    order = make_covered_order()
    scanned = ago(days=1)
    send(order, ("in_transit", scanned))
    claim = filed(order)
    eligible_at = scanned + timedelta(days=7)
    assert (claim.state, claim.next_actor, claim.eligible_at) == ("waiting", "system", eligible_at)
    entry = order.journal.get(action="claim.waiting")
    assert entry.facts["eligible_at"] == eligible_at.isoformat()
    assert entry.facts["timing"]["anchor"] == "last_scan"
    assert f"{eligible_at:%-d %b %Y}" in entry.facts["why"]


def test_too_late_is_refused_with_the_date_and_the_rule_and_leaves_nothing() -> None:
    order = make_covered_order()
    delivered = ago(days=40)
    send(order, ("delivered", delivered))
    with pytest.raises(ClaimRefused) as caught:
        filed(order, "damaged")
    assert (caught.value.code, caught.value.pointer) == ("too_late", "/reason")
    assert f"until {delivered + timedelta(days=30):%-d %b %Y}" in str(caught.value)
    assert "until 30 days after the delivery scan" in str(caught.value)
    assert not Claim.objects.exists()
    assert not order.journal.filter(action__startswith="claim.").exists()


@pytest.mark.parametrize("reason, status, days", [("damaged", "delivered", 40), ("lost", "in_transit", 1)])
def test_staff_may_look_at_it_now_with_a_reason_on_record(reason: str, status: str, days: int) -> None:
    order = make_covered_order()
    send(order, (status, ago(days=days)))
    claim = filed(order, reason, override_reason="Was in hospital")
    assert (claim.state, claim.override_reason) == ("in_review", "Was in hospital")
    assert order.journal.get(action="claim.submitted").facts["override_reason"] == "Was in hospital"


def test_the_rule_of_the_orders_day_is_kept_on_the_claim() -> None:
    claim = filed(make_covered_order(), "damaged")
    assert claim.rule is not None
    assert claim.rule == rule_for(claim.order, "damaged")
    assert claim.order.journal.get(action="claim.submitted").facts["timing"]["rule"] == claim.rule.public_id
