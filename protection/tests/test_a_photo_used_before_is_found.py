"""A photo in another claim is found, the same file or one that looks the same; plain and erased ones are not."""

import io

import pytest

from orders.tests.builders import make_shop
from protection import evidence
from protection.models import Claim, Evidence
from protection.tests.builders import make_claim, make_covered_order
from protection.tests.photos import encoded, photo, scene

pytestmark = pytest.mark.django_db


def give(claim: Claim, raw: bytes) -> Evidence:
    return evidence.add_evidence(claim, io.BytesIO(raw), by="customer")


def rows(claim: Claim, *prints: int | None, first: int = 0) -> list[Evidence]:
    """Photos of which only the fingerprint matters."""
    facts = {"content_type": "image/jpeg", "width": 1, "height": 1, "size": 1}
    return Evidence.objects.bulk_create(
        Evidence(claim=claim, public_id=f"evd_{claim.pk}_{first + number}", file=f"{claim.pk}/{first + number}",
                 sha256=f"{claim.pk:032x}{first + number:032x}", fingerprint=value, **facts)
        for number, value in enumerate(prints)
    )  # fmt: skip


def test_the_same_file_and_a_smaller_copy_are_found_and_another_photo_is_not() -> None:
    first, copy, other, mine = (make_claim() for _ in range(4))
    give(first, photo(1))
    give(copy, encoded(scene(1).resize((200, 150)), "WEBP", quality=50))
    give(other, photo(2))
    own = give(mine, photo(1))
    found = evidence.used_before(mine)
    assert [one.other.claim for one in found] == [first, copy]
    assert {one.own for one in found} == {own}
    assert found[0].distance is None
    assert found[1].distance is not None
    assert "looks the same was used before" in found[1].in_words
    assert evidence.used_before(other) == []


def test_the_distance_is_six_bits_and_signs_do_not_matter() -> None:
    mine, near, far = make_claim(), make_claim(), make_claim()
    base = -(2**62) - 12345
    rows(mine, base, None)
    rows(near, base ^ 0b111111, base ^ -(2**63))
    rows(far, base ^ 0b1111111, None)
    found = evidence.used_before(mine)
    assert [(one.other.claim, one.distance) for one in found] == [(near, 1), (near, 6)]


def test_ones_that_were_withdrawn_there_count_and_ones_withdrawn_here_do_not() -> None:
    mine, other = make_claim(), make_claim()
    own, theirs = give(mine, photo(1)), give(other, photo(1))
    evidence.withdraw_evidence(theirs, by="customer")
    assert [one.other for one in evidence.used_before(mine)] == [theirs]
    assert evidence.used_before(other) == []
    evidence.erase_evidence(Claim.objects.filter(pk=other.pk), [])
    assert evidence.used_before(mine) == []
    assert Evidence.objects.get(pk=own.pk).sha256


def test_photos_of_another_shop_are_not_looked_at() -> None:
    mine = make_claim()
    other = make_claim(make_covered_order(shop=make_shop("other.myshopify.com")))
    give(mine, photo(1))
    give(other, photo(1))
    give(other, encoded(scene(1).resize((200, 150)), "WEBP", quality=50))
    assert evidence.used_before(mine) == []


def test_twice_in_one_claim_is_not_twice() -> None:
    mine = make_claim()
    rows(mine, 7, 7)
    assert evidence.used_before(mine) == []


def test_among_thousands_of_photos_exactly_the_same_ones_are_found() -> None:
    mine, other = make_claim(), make_claim()
    rows(other, *(number * 0x9E3779B97F4A7C15 % 2**63 for number in range(5_000)))
    rows(mine, *(number * 0x9E3779B97F4A7C15 % 2**63 for number in (5, 77, 4_999)))
    assert [found.distance for found in evidence.used_before(mine)] == [0, 0, 0]
