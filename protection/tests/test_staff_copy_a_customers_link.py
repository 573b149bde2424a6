"""Staff make a customer's link to copy it, once and on record; and end all of them where one went wrong."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import JournalEntry
from protection.customer import links
from protection.customer.links import LinkEnded, Purpose
from protection.models import Claim, Feedback
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.console import agent_client, claim_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim() -> Claim:
    return make_claim()


def page_of(claim: Claim) -> str:
    return reverse("admin:protection_claim_links", args=[claim.order_id])


def made(client: Client, claim: Claim, target: str) -> str:
    answer = client.post(page_of(claim), {"verb": "make", "for": target})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    [url] = re.findall(r'id="made"[^>]* value="([^"]+)"', answer.content.decode())
    return str(url)


def test_a_link_of_each_kind_opens_its_page_and_is_on_record(claim):
    client = agent_client()
    targets = ["file", *(f"{purpose}:{claim.pk}" for purpose in Purpose if purpose != Purpose.FILE)]
    for target in targets:
        url = made(client, claim, target)
        found = links.opened(url.rpartition("/")[2], Purpose(target.partition(":")[0]))
        assert found.order == claim.order
        assert found.claim == (None if target == "file" else claim)
    entries = JournalEntry.objects.filter(action="link.made").order_by("id")
    assert [entry.facts["purpose"] for entry in entries] == [target.partition(":")[0] for target in targets]
    assert {entry.by for entry in entries} == {"staff:ana"}
    assert "/c/" not in str([entry.facts for entry in entries])


def test_looking_at_the_page_makes_nothing(claim):
    page = agent_client().get(page_of(claim))
    assert page.status_code == 200
    assert "/c/" not in page.content.decode()
    assert not JournalEntry.objects.filter(action="link.made").exists()


@pytest.mark.parametrize(
    "target", ["", "x", "claim", "claim:0", "claim:x", "file:1;", "claim:99999999999999999999999", "\x00"]
)
def test_what_is_no_page_makes_no_link(claim, target):
    answer = agent_client().post(page_of(claim), {"verb": "make", "for": target})
    assert answer.status_code in (200, 400, 409)
    assert answer.status_code != 200 or target.startswith("file:")


def test_a_claim_of_another_order_is_not_linked_from_here(claim):
    other = make_claim(make_covered_order(name="#2002"))
    answer = agent_client().post(page_of(claim), {"verb": "make", "for": f"claim:{other.pk}"})
    assert answer.status_code == 409


def test_staff_end_all_links_of_the_order(claim):
    client = agent_client()
    url = made(client, claim, f"claim:{claim.pk}")
    assert client.post(page_of(claim), {"verb": "end"}).status_code == 302
    with pytest.raises(LinkEnded):
        links.opened(url.rpartition("/")[2], Purpose.CLAIM)


def test_who_may_not_change_claims_sees_no_link_page(claim):
    user = make_agent("ben")
    user.groups.clear()
    client = Client()
    client.force_login(user)
    assert client.get(page_of(claim)).status_code in (302, 403)
    assert client.post(page_of(claim), {"verb": "make", "for": "file"}).status_code in (302, 403)
    assert Client().get(page_of(claim)).status_code == 302
    assert not JournalEntry.objects.filter(action="link.made").exists()


def test_the_order_and_the_claim_lead_there_and_feedback_is_shown(claim):
    client = agent_client()
    assert page_of(claim) in client.get(claim_url(claim)).content.decode()
    order = client.get(reverse("admin:orders_order_change", args=[claim.order_id]))
    assert page_of(claim) in order.content.decode()
    decide(claim, make_agent("ben"), 0)
    claim.refresh_from_db()
    Feedback.objects.create(claim=claim, closed_at=claim.closed_at, score=2, comment="Slow <b>", by="customer")
    page = client.get(claim_url(claim)).content.decode()
    assert "2 of 5" in page
    assert "Slow &lt;b&gt;" in page
