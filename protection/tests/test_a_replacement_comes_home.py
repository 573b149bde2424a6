"""The replacement order comes back by its own webhook; it is recognised by the UUID we sent with it."""

import uuid
from typing import Any

import pytest

from orders.models import JournalEntry, Order
from orders.tests.builders import line, make_order, make_shop
from protection import ladder, resolutions, review
from protection.models import Claim, Resolution
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order, make_resolution

pytestmark = pytest.mark.django_db


def started() -> Resolution:
    resolution = make_resolution(make_claim(make_covered_order(line("Teapot", 2))))
    resolutions.start(resolution)
    return resolution


def home(intent: Any, name: str = "#2001", **fields: Any) -> Order:
    return make_order(line("Teapot"), name=name, source_identifier=str(intent), **fields)


def told(action: str) -> list[dict[str, Any]]:
    return [entry.facts for entry in JournalEntry.objects.filter(action=action).order_by("id")]


def test_the_claim_closes_when_it_is_home() -> None:
    resolution = started()
    order = home(resolution.uuid)
    found = resolutions.recognise(order, by="shopify", source="con_1")
    assert found is not None
    assert (found.replacement_order, found.is_home, found.state) == (order, True, "executed")
    assert (found.remote_order_id, found.remote_order_name) == (order.remote_id, "#2001")
    claim = Claim.objects.get()
    assert (claim.state, claim.outcome) == ("closed", "approved")
    assert told("resolution.linked") == [{"claim": claim.public_id, "replacement": order.public_id, "name": "#2001"}]
    assert JournalEntry.objects.get(action="resolution.linked").source == "con_1"


def test_it_may_be_home_before_or_after_the_shops_answer() -> None:
    resolution = started()
    order = home(resolution.uuid)
    for _ in range(2):
        resolutions.recognise(order, by="shopify")
        resolutions.mark_executed(resolution, remote_order_id=order.remote_id, remote_order_name="#2001", by="shopify")
    assert len(told("resolution.executed")) == len(told("resolution.linked")) == len(told("claim.closed")) == 1


def test_an_order_of_somebody_else_is_not_recognised() -> None:
    started()
    for identifier in ("", "POS-17", str(uuid.uuid4()), "not-a-uuid", "0" * 32):
        assert resolutions.recognise(home(identifier), by="shopify") is None
    assert Resolution.objects.get().replacement_order is None


def test_another_shop_cannot_claim_to_have_sent_it() -> None:
    resolution = started()
    order = home(resolution.uuid, shop=make_shop("other.myshopify.com"))
    assert resolutions.recognise(order, by="shopify") is None
    resolution.refresh_from_db()
    assert (resolution.state, resolution.replacement_order) == ("queued", None)
    assert Claim.objects.get().state == "resolving"


def test_a_second_order_with_the_same_uuid_is_told_to_staff_once_and_deletes_nothing() -> None:
    resolution = started()
    first, second = home(resolution.uuid), home(resolution.uuid, "#2002")
    resolutions.recognise(first, by="shopify")
    for _ in range(3):  # every later webhook of the second order asks again
        found = resolutions.recognise(second, by="shopify")
    assert found is not None
    assert found.replacement_order == first
    assert told("resolution.doubled") == [
        {"claim": resolution.claim.public_id, "replacement": second.public_id, "first": first.public_id}
    ]
    assert Order.objects.filter(pk=second.pk).exists()


@pytest.mark.parametrize("ended", ["failed", "reversed", "held"])
def test_an_order_nobody_expects_any_more_is_kept_and_told_to_staff(ended: str) -> None:
    """The shop's answer was taken for a refusal, or the decision was undone, or money was given, and yet here it is."""
    resolution = make_resolution()
    if ended == "failed":
        resolutions.start(resolution)
        resolutions.mark_failed(resolution, "timeout", by="shopify")
    elif ended == "held":
        resolutions.start(resolution)
        resolution.lines = [{**line, "otherwise": ["refund"]} for line in resolution.lines]
        resolution.save()
        ladder.out_of_stock(resolution, "Not in stock", [], by="shopify")
    else:
        review.undo(resolution.claim, user=make_agent("ben"))
    order = home(resolution.uuid)
    for _ in range(2):
        resolutions.recognise(order, by="shopify")
    resolution.refresh_from_db()
    assert (resolution.state, resolution.replacement_order) == (ended, None)
    assert Claim.objects.get().state == ("resolving" if ended == "held" else "in_review")
    assert told("resolution.unexpected") == [
        {"claim": resolution.claim.public_id, "replacement": order.public_id, "state": ended}
    ]


def test_a_claim_with_an_undone_and_a_new_remedy_closes_with_the_new_one() -> None:
    claim = make_claim()
    first = make_resolution(claim)
    review.undo(claim, user=make_agent("ben"))
    decide(claim, make_agent("cem"))
    second = claim.resolutions.exclude(pk=first.pk).get()
    resolutions.start(second)
    resolutions.recognise(home(second.uuid), by="shopify")
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == ("closed", "approved")


def test_the_uuid_is_read_in_any_of_its_spellings() -> None:
    resolution = started()
    found = resolutions.recognise(home(resolution.uuid.hex.upper()), by="shopify")
    assert found == resolution
