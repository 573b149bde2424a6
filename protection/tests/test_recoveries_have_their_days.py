"""Until when a carrier takes a claim: counted in calendar days of the shop, warned of twice, ended by the clock."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.models import Fulfillment, Shop
from protection.models import Carrier, CarrierTerms, Recovery
from protection.recovery import default_terms, ending, filing
from protection.recovery.actors import RecoveryRefused
from protection.recovery.deadlines import filing_days, zone_of
from protection.recovery.terms import carrier_named, terms_for
from protection.tests.builders import make_covered_order
from protection.tests.carriers import ANA, make_recovery, make_terms, shipped
from protection.tests.parcels import scan

pytestmark = pytest.mark.django_db


def parcel_sent(at: datetime, zone: str = "America/New_York", company: str = "Parcelforce") -> Fulfillment:
    parcel = shipped(company=company, remote_created_at=at)
    parcel.order.shop.time_zone = zone
    parcel.scans.all().delete()
    return parcel


# (zone, sent, days, last day, its end). New York: clocks go back on 1 Nov 2026 and forward on 8 Mar, and late in the
# evening there it is the next day in UTC. Beirut skips midnight on 29 Mar. The last three are no zones.
DAYS = """
America/New_York 2026-10-20T15:00 15 2026-11-04 2026-11-05T05:00
America/New_York 2026-03-01T15:00 15 2026-03-16 2026-03-17T04:00
America/New_York 2026-06-02T03:00 10 2026-06-11 2026-06-12T04:00
Asia/Tokyo       2026-06-01T16:00 10 2026-06-12 2026-06-12T15:00
Asia/Beirut      2026-03-18T12:00 10 2026-03-28 2026-03-28T22:00
Europe/Atlantis  2026-06-01T16:00 10 2026-06-11 2026-06-12T00:00
UTC              2026-06-01T16:00 10 2026-06-11 2026-06-12T00:00
../etc/passwd    2026-06-01T16:00 10 2026-06-11 2026-06-12T00:00
"""


@pytest.mark.parametrize("zone, sent, days, last_day, end", [row.split() for row in DAYS.strip().splitlines()])
def test_the_last_day_is_whole_in_the_shops_own_time(zone: str, sent: str, days: str, last_day: str, end: str) -> None:
    at = datetime.fromisoformat(sent).replace(tzinfo=UTC)
    found = filing_days(make_terms(closes_after=int(days)), parcel_sent(at, zone), ["lost"])
    assert found.last_day == date.fromisoformat(last_day)
    assert found.deadline == datetime.fromisoformat(end).replace(tzinfo=UTC)
    assert (found.facts["closes_from"], found.facts["closes_from_at"]) == ("ship_date", at.isoformat())


def test_the_first_known_event_counts_and_is_stored_with_the_day() -> None:
    sent = datetime(2026, 6, 1, 12, tzinfo=UTC)
    terms = make_terms(opens_from=["promised_date", "ship_date"], closes_from=["delivery_scan", "last_scan"])
    parcel = parcel_sent(sent, "")
    nothing = filing_days(terms, parcel, ["lost"])
    assert (nothing.deadline, nothing.facts["opens_from"]) == (None, "ship_date")
    assert "Nothing that its days count from" in nothing.facts["why_not"]
    moved = scan(parcel, "in_transit", sent + timedelta(days=2))
    moved.estimated_delivery_at = sent + timedelta(days=6)
    moved.save()
    found = filing_days(terms, Fulfillment.objects.get(pk=parcel.pk), ["lost"])
    assert found.opens_at == datetime(2026, 6, 12, tzinfo=UTC)
    assert (found.facts["opens_from"], found.facts["closes_from"]) == ("promised_date", "last_scan")
    assert found.last_day == date(2026, 8, 2)


def test_only_what_may_still_come_has_to_wait() -> None:
    sent = datetime(2026, 6, 1, 12, tzinfo=UTC)
    parcel, terms = parcel_sent(sent, ""), make_terms(opens_after=15)
    assert filing_days(terms, parcel, ["lost"]).opens_at == datetime(2026, 6, 16, tzinfo=UTC)
    assert filing_days(terms, parcel, ["damaged"]).opens_at == datetime(2026, 6, 1, tzinfo=UTC)


def test_terms_are_those_of_the_service_the_region_and_the_day_it_was_sent() -> None:
    rows = {
        "any": make_terms(),
        "abroad": make_terms(region="international", closes_after=90),
        "express": make_terms(service="Express", closes_after=30),
        "express abroad": make_terms(service="Express", region="international", closes_after=40),
        "later": make_terms(effective_from=datetime(2026, 7, 1, tzinfo=UTC), closes_after=50),
    }
    carrier = rows["any"].carrier
    parcel = parcel_sent(datetime(2026, 6, 1, tzinfo=UTC))

    def found() -> CarrierTerms | None:
        return terms_for(carrier, parcel)

    assert found() == rows["any"]
    parcel.order.shop.country = "GB"  # the order goes to the US
    assert found() == rows["abroad"]
    parcel.order.shipping_lines = [{"title": "Parcelforce EXPRESS 24", "code": "x"}]
    assert found() == rows["express abroad"]
    parcel.order.shop.country = "US"
    assert found() == rows["express"]
    parcel.order.shipping_lines = None
    parcel.remote_created_at = datetime(2026, 7, 2, tzinfo=UTC)
    assert found() == rows["later"]


def test_carriers_are_known_by_all_their_names() -> None:
    names = {"ups": "UPS", "U.P.S.": "UPS", "united parcel SERVICE": "UPS", "Federal Express": "FedEx", "usps": "USPS"}
    assert {name: str(carrier_named(name)) for name in names} == names
    assert carrier_named("Pony Express") is None
    assert carrier_named(" .- ") is None


def test_the_defaults_are_those_of_the_guide_and_marked() -> None:
    rows = {str(row): row for row in CarrierTerms.objects.filter(carrier__in=Carrier.objects.all())}
    assert set(rows) == {"USPS v1", "USPS express v1", "UPS v1", "FedEx v1"}
    assert (rows["USPS v1"].opens_after, rows["USPS express v1"].opens_after, rows["UPS v1"].opens_after) == (15, 7, 5)
    for row in rows.values():
        row.full_clean()
        assert (row.closes_after, row.cover, row.cover_currency, row.is_default) == (60, Decimal(100), "USD", True)


def test_filing_before_or_after_its_days_needs_a_reason() -> None:
    recovery = make_recovery()
    assert recovery.opens_at is not None
    with pytest.raises(RecoveryRefused) as caught:
        filing.file(recovery, actor=ANA, now=recovery.opens_at - timedelta(seconds=1))
    assert caught.value.code == "too_early"
    late = recovery.deadline
    with pytest.raises(RecoveryRefused) as caught:
        filing.file(recovery, actor=ANA, now=late)
    assert (caught.value.code, caught.value.pointer) == ("too_late", "/why")
    assert filing.file(recovery, actor=ANA, now=late, why="They said they look at it").state == "filed"


def test_staff_are_warned_7_and_2_days_before_and_then_it_expires() -> None:
    recovery = make_recovery()
    told = recovery.order.journal.filter(subject=recovery.public_id)
    end = recovery.deadline
    assert end is not None
    for before, expected in ((8, []), (6.9, [7]), (5, [7]), (1.9, [7, 2]), (0.1, [7, 2])):
        for _ in range(2):
            ending.run(end - timedelta(days=before))
        assert [entry.facts["days"] for entry in told.filter(action="recovery.warned").order_by("id")] == expected
    ending.run(end)
    ending.run(end)
    recovery.refresh_from_db()
    assert (recovery.state, recovery.next_actor) == ("expired", "")
    assert told.filter(action="recovery.expired").count() == 1


def test_a_machine_that_slept_gives_the_nearest_warning_only() -> None:
    recovery = make_recovery()
    assert recovery.deadline is not None
    ending.run(recovery.deadline - timedelta(days=1))
    assert list(recovery.order.journal.filter(action="recovery.warned").values_list("facts__days", flat=True)) == [2]


def test_what_was_filed_does_not_expire() -> None:
    recovery = make_recovery()
    filing.file(recovery, actor=ANA)
    ending.run(timezone.now() + timedelta(days=400))
    assert Recovery.objects.get().state == "filed"


def test_a_shop_with_any_zone_has_one() -> None:
    assert zone_of(Shop(time_zone="Pacific/Auckland")).key == "Pacific/Auckland"
    assert {zone_of(Shop(time_zone=bad)).key for bad in ("", "Nowhere", "/", "a" * 300, "\x00")} == {"UTC"}


def test_a_case_that_cannot_end_holds_up_no_other() -> None:
    stuck, other = (make_recovery(shipped(make_covered_order(name=name))) for name in ("#1", "#2"))
    Recovery.objects.filter(pk=stuck.pk).update(version=2**31 - 1)  # it can be saved no more
    assert other.deadline is not None
    ending.run(other.deadline)
    assert set(Recovery.objects.values_list("pk", "state")) == {(stuck.pk, "eligible"), (other.pk, "expired")}


def test_a_default_carrier_that_was_renamed_is_not_made_twice() -> None:
    Carrier.objects.filter(name="USPS").update(name="The US mail")
    default_terms.ensure()
    assert str(carrier_named("United States Postal Service")) == "The US mail"
    assert Carrier.objects.count() == 3
