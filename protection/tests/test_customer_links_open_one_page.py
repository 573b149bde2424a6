"""A customer's link opens the page it was made for, of its own order or claim, until its day or until staff end it."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from orders.tests.builders import make_order, story
from protection.customer import links
from protection.customer.links import LinkEnded, LinkUnknown, Purpose
from protection.models import Claim
from protection.tests.builders import make_claim, make_covered_order

pytestmark = pytest.mark.django_db
OF_A_CLAIM = {
    Purpose.CLAIM: links.claim_url,
    Purpose.EVIDENCE: links.evidence_url,
    Purpose.RECEIPT: links.receipt_url,
    Purpose.APPEAL: links.appeal_url,
    Purpose.FEEDBACK: links.feedback_url,
}


def token_of(url: str) -> str:
    return url.rpartition("/")[2]


def made(make: Callable[[Claim], str], claim: Claim, ago: timedelta, monkeypatch: pytest.MonkeyPatch) -> str:
    """The token of a link that was made so long ago."""
    then = time.time() - ago.total_seconds()
    with monkeypatch.context() as past:
        past.setattr(time, "time", lambda: then)
        return token_of(make(claim))


def test_each_link_opens_its_own_page_and_no_other():
    claim = make_claim()
    for purpose, make in OF_A_CLAIM.items():
        url = make(claim)
        assert url.startswith(f"{settings.PUBLIC_URL}/c/{purpose}/")
        assert links.opened(token_of(url), purpose).claim == claim
        for other in set(Purpose) - {purpose}:
            with pytest.raises(LinkUnknown):
                links.opened(token_of(url), other)


def test_a_link_to_file_opens_the_order():
    order = make_covered_order()
    found = links.opened(token_of(links.filing_url(order)), Purpose.FILE)
    assert (found.order, found.claim) == (order, None)


@pytest.mark.parametrize("bad", ["", "x", "a:b:c", "é" * 40, "\x00", "x" * 10_000])
def test_what_we_did_not_sign_opens_nothing(bad):
    token = token_of(links.claim_url(make_claim()))
    for one in (bad, token + bad + "x", bad + token[1:]):
        with pytest.raises(LinkUnknown):
            links.opened(one, Purpose.CLAIM)


@pytest.mark.parametrize("purpose", OF_A_CLAIM)
def test_a_link_ends_on_its_day(purpose, monkeypatch):
    claim, minute = make_claim(), timedelta(minutes=1)
    young = made(OF_A_CLAIM[purpose], claim, links.LASTS[purpose] - minute, monkeypatch)
    old = made(OF_A_CLAIM[purpose], claim, links.LASTS[purpose] + minute, monkeypatch)
    assert links.opened(young, purpose).claim == claim
    with pytest.raises(LinkEnded) as end:
        links.opened(old, purpose)
    assert end.value.shop == claim.order.shop


def test_staff_end_every_link_of_an_order_and_its_claims_at_once():
    claim, other = make_claim(), make_claim(make_covered_order())
    before = [token_of(links.filing_url(claim.order)), token_of(links.claim_url(claim))]
    links.end_links(claim.order, by="staff:ana")
    for token, purpose in zip(before, (Purpose.FILE, Purpose.CLAIM), strict=True):
        with pytest.raises(LinkEnded):
            links.opened(token, purpose)
    assert links.opened(token_of(links.claim_url(claim)), Purpose.CLAIM).claim == claim
    assert links.opened(token_of(links.claim_url(other)), Purpose.CLAIM).claim == other
    assert story(claim.order)[-1][0] == "link.ended"


def test_an_order_whose_people_were_erased_opens_no_more():
    claim = make_claim()
    token = token_of(links.claim_url(claim))
    claim.order.redacted_at = timezone.now()
    claim.order.save()
    with pytest.raises(LinkEnded):
        links.opened(token, Purpose.CLAIM)


def test_the_entry_page_has_no_secret_in_its_address():
    order = make_order()
    assert links.entry_url() == f"{settings.PUBLIC_URL}/c/"
    assert links.entry_url(order.shop, "#1001").endswith("/c/?shop=tests.myshopify.com&order=%231001")
