"""Facts are what could be known at a moment; a thousand claims at once are told the same as each by itself."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Dispute, Order, TrackingEvent
from orders.snapshot import Address, CustomerSnapshot
from orders.tests.builders import NOON, line, make_order, make_shop, next_id
from protection import resolutions
from protection.eligibility import ItemAsked
from protection.filing import file_claim
from protection.models import Claim, Evidence, Likeness, StatutoryDuty
from protection.redaction import erase_claims
from protection.risk.facts import Alike, Facts, Twin
from protection.risk.likenesses import same_address, same_mailbox, same_phone
from protection.risk.reading import ALL, Moment, facts_of
from protection.tests.builders import decide, line_of, make_agent, make_claim, make_covered_order, make_resolution
from protection.tests.parcels import scan, send

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def facts(claim: Claim, at: Any = None) -> Facts:
    at = at or timezone.now()
    return facts_of({claim.pk: Moment(at, at)})[claim.pk]


def claim_of(customer: CustomerSnapshot | None = None, **fields: Any) -> Claim:
    if customer:
        fields["customer"] = customer
    return make_claim(make_covered_order(line("Teapot", 2, price="40.00"), **fields))


def photo(claim: Claim, sha256: str = "a" * 64, fingerprint: int | None = 255, **fields: Any) -> Evidence:
    return Evidence.objects.create(
        claim=claim, file=f"x/{next_id()}", content_type="image/jpeg", width=4, height=3, size=9, sha256=sha256,
        fingerprint=fingerprint, uploaded_by="customer", **fields,
    )  # fmt: skip


def test_the_claim_and_its_order_say_what_it_is_worth():
    found = facts(claim_of(tags=["VIP"]))
    assert (found.reason, found.value.amount, found.items, found.units) == ("lost", Decimal("40.00"), 1, 1)
    assert (found.skus, found.tags, found.country) == ({"teapot"}, {"vip"}, "US")
    assert (found.basis, found.customer_id is not None, found.replacements) == ("covered", True, 0)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Zoe.Lind@Gmail.com", "zoelind+shop@googlemail.com"),
        ("a+b@proton.me", "A@proton.me"),
        ("A.B@example.com", "a.b@example.com "),
    ],
)
def test_one_mailbox_has_many_spellings(one, other):
    assert same_mailbox(one) == same_mailbox(other) != ""


def test_other_mailboxes_stay_others():
    assert same_mailbox("a.b@example.com") != same_mailbox("ab@example.com")
    assert same_mailbox("a+b@example.com") != same_mailbox("a@example.com")
    assert [same_mailbox(text) for text in ("", "zoe", "@example.com", "zoe@")] == [""] * 4


def test_one_phone_number_has_many_spellings():
    assert same_phone("+49 170 123 45 67") == same_phone("0170/1234567") == same_phone("0049-170-1234567") != ""
    assert same_phone("110") == ""


def test_one_address_has_many_spellings():
    plain = {"address1": "1 Test Street", "zip": "62701", "country_code": "US"}
    other = {"address1": "1, test St.", "zip": "627 01", "country_code": "us"}
    assert same_address(plain) == same_address(other) != ""
    assert same_address({**plain, "address1": "2 Test Street"}) != same_address(plain)
    assert same_address({"address1": "1 Test Street"}) == ""


def test_claims_of_a_year_are_counted_by_customer_address_phone_and_mailbox():
    zoe = CustomerSnapshot(next_id(), "zoe@example.com")
    first = claim_of(zoe, email="zoe.l@gmail.com", phone="+1 217 555 0100")
    decide(first, make_agent())
    elsewhere = Address(address1="9 Far Road", city="Reno", zip="89501", country_code="US", country="United States")
    second = claim_of(email="zoel+2@gmail.com", phone="2175550100", shipping_address=elsewhere)
    third = claim_of(zoe, shipping_address=elsewhere)
    found = facts(third)
    assert (found.customer, found.customer_approved) == (Alike(1, first.pk), 1)
    assert found.address == Alike(1, second.pk)
    assert (found.phone, found.email) == (Alike(), Alike())
    assert facts(second).email == Alike(1, first.pk)
    assert facts(second).phone == Alike(1, first.pk)


def test_claims_of_another_shop_or_of_two_years_ago_are_not_counted():
    zoe = CustomerSnapshot(next_id(), "zoe@example.com")
    claim_of(zoe, shop=make_shop("other.myshopify.com"))
    old = claim_of(zoe)
    Likeness.objects.filter(claim=old).update(filed_at=timezone.now() - 366 * DAY)
    assert facts(claim_of(zoe)).address == Alike()


def test_what_was_alike_when_it_was_filed_stays_so_and_is_erased_with_the_rest():
    first, second = claim_of(), claim_of()
    Order.objects.filter(pk=first.order_id).update(shipping_address=None, email="")
    assert facts(second).address.claims == 1
    erase_claims(first.order, [])
    assert not Likeness.objects.filter(claim=first).exists()
    assert facts(second).address == Alike()


def test_nothing_that_came_later_is_known():
    claim = claim_of()
    then = timezone.now()
    parcel = send(claim.order, ("in_transit", then - 3 * DAY), sent_at=then - 4 * DAY)
    parcel.tracking_company = "DHL"
    parcel.save()
    before = facts(claim, then)
    photo(claim_of())
    photo(claim)
    decide(claim_of(), make_agent())
    scan(parcel, "delivered", then + DAY)
    Dispute.objects.create(shop=claim.order.shop, remote_id=1, order_remote_id=claim.order.remote_id,
                           kind="chargeback", initiated_at=then + DAY)  # fmt: skip
    assert facts(claim, then) == before
    later = facts(claim, then + 2 * DAY)
    assert (before.days_since_scan, later.days_since_scan) == (3, 1)
    assert (before.photos, before.twin, before.dispute, before.address) == (0, None, None, Alike())
    assert (later.photos, later.dispute, later.address.claims) == (1, "chargeback", 2)
    assert later.twin is not None
    assert later.carriers == {"dhl"}


def test_a_scan_that_was_taken_back_and_a_dispute_that_ended_are_forgotten_from_then_on():
    claim, now = claim_of(), timezone.now()
    parcel = send(claim.order, ("delivered", now - 5 * DAY))
    TrackingEvent.objects.filter(fulfillment=parcel).update(deleted_at=now - DAY)
    Dispute.objects.create(shop=claim.order.shop, remote_id=1, order_remote_id=claim.order.remote_id, kind="inquiry",
                           initiated_at=now - 5 * DAY, finalized_on=now - DAY)  # fmt: skip
    assert facts(claim, now - 2 * DAY).dispute == "inquiry"
    assert facts(claim, now - 2 * DAY).delivered is not None
    assert (facts(claim, now).dispute, facts(claim, now).delivered) == (None, None)


@pytest.mark.parametrize(
    "city, zip, country, elsewhere",
    [
        ("Springfield", "", "US", False), ("SPRINGFIELD", "62799", "US", False), ("Depot", "62701", "", False),
        ("Reno", "89501", "US", True), ("Springfield", "62701", "CA", True), ("", "", "", None),
        ("", "", "United States", None),
    ],
)  # fmt: skip
def test_the_delivery_scan_is_compared_with_the_address(city, zip, country, elsewhere):
    claim, now = claim_of(), timezone.now()
    parcel = send(claim.order)
    TrackingEvent.objects.create(fulfillment=parcel, remote_id=1, status="delivered", happened_at=now - DAY, city=city,
                                 zip=zip, country=country)  # fmt: skip
    assert facts(claim, now).delivered_elsewhere is elsewhere


def test_the_value_is_set_against_what_the_customer_usually_orders():
    zoe = CustomerSnapshot(next_id(), "zoe@example.com")
    for price in ("10.00", "28.00"):
        make_covered_order(line("Cup", price=price), customer=zoe, created_at=NOON - 30 * DAY)
    found = facts(claim_of(zoe))
    assert (found.earlier_orders, found.usual.amount) == (2, Decimal("20.00"))  # a fee of 1.00 with each
    assert found.percent_of_usual == 200
    assert found.customer_days >= 30


def test_a_photo_used_before_is_found_in_the_shop_only_and_by_its_looks_too():
    first = claim_of()
    other_shop = claim_of(shop=make_shop("other.myshopify.com"))
    photo(first, "a" * 64, 0b1111)
    photo(other_shop, "b" * 64, 0)
    same_file, looks_alike, another, first_again = claim_of(), claim_of(), claim_of(), first
    photo(same_file, "a" * 64, None)
    photo(looks_alike, "c" * 64, 0b111111)
    photo(another, "d" * 64, -1)
    photo(claim_of(shop=make_shop("third.myshopify.com")), "b" * 64, 0)
    assert facts(same_file).twin == Twin(first.pk, True)
    assert facts(looks_alike).twin == Twin(first.pk, False)
    assert (facts(another).twin, facts(first_again).twin, facts(other_shop).twin) == (None, None, None)


def test_a_claim_on_a_replacement_of_a_replacement_says_so():
    resolution = make_resolution(claim_of())
    resolutions.start(resolution)
    replacement = make_covered_order(line("Teapot", 2))
    resolution.refresh_from_db()
    resolution.replacement_order = replacement
    resolution.save()
    again = make_claim(replacement)
    assert facts(again).replacements == 1
    third = claim_of()
    Claim.objects.filter(pk=third.pk).update(follows=again)
    assert facts(third).replacements == 2


def test_what_a_claim_rests_on_is_what_it_was_filed_on():
    StatutoryDuty.objects.create(country="AU", since=NOON.date() - DAY, words="The seller bears the risk.")
    sydney = Address(address1="1 Quay", city="Sydney", zip="2000", country_code="AU", country="Australia")
    assert facts(claim_of(shipping_address=sydney)).basis == "covered"
    order = make_order(line("Teapot"), shipping_address=sydney)
    assert facts(make_claim(order)).basis == "statutory"
    asked = [ItemAsked(line_of(plain := make_order(line("Teapot"))), 1)]
    by_staff = file_claim(plain, reason="lost", items=asked, by="staff:ana", override_reason="A good customer")
    assert facts(by_staff).basis == "accepted"


def crowd() -> list[Claim]:
    """Claims that have much in common, each with something of its own."""
    people = [CustomerSnapshot(next_id(), f"p{number}@example.com") for number in range(3)]
    user, now, claims = make_agent(), timezone.now(), []
    for number in range(12):
        claim = claim_of(people[number % 3], phone=f"21755501{number % 4:02}", tags=[f"t{number % 2}"])
        parcel = send(claim.order, ("in_transit", now - number * DAY), ("delivered", now - (number // 2) * DAY))
        parcel.tracking_company = ["DHL", "UPS"][number % 2]
        parcel.save()
        if number % 2:
            photo(claim, f"{number % 5}" * 64, 1 << number)
        if number % 3 == 0:
            decide(claim, user)
        claims.append(claim)
    Claim.objects.filter(pk=claims[7].pk).update(follows=claims[0])
    Dispute.objects.create(shop=claims[5].order.shop, remote_id=1, order_remote_id=claims[5].order.remote_id,
                           kind="chargeback", initiated_at=now)  # fmt: skip
    return claims


def test_many_claims_at_once_are_told_what_each_is_told_alone_in_one_query():
    claims = crowd()
    now = timezone.now()
    moments = {claim.pk: Moment(now - (claim.pk % 4) * DAY / 2, now) for claim in claims}
    alone = {}
    for pk, moment in moments.items():
        alone |= facts_of({pk: moment})
    with CaptureQueriesContext(connection) as asked:
        together = facts_of(moments)
    assert together == alone
    assert len(set(map(str, together.values()))) == 12
    assert len(asked) == 1


@pytest.mark.parametrize("part", sorted(ALL))
def test_a_part_that_is_not_wanted_is_not_read_and_changes_nothing_else(part):
    claim = crowd()[7]
    at = timezone.now()
    whole = facts(claim, at)
    rest = facts_of({claim.pk: Moment(at, at)}, ALL - {part})[claim.pk]
    only = facts_of({claim.pk: Moment(at, at)}, {part})[claim.pk]
    for name in Facts.__slots__:
        assert getattr(whole, name) in (getattr(rest, name), getattr(only, name)), name
