"""Facts about a claim are sentences, each with a link to what it is about; nothing is summed up to a score."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.models import Dispute
from orders.money import Money
from orders.snapshot import CustomerSnapshot
from orders.tests.builders import NOON, line, next_id
from protection.models import Claim
from protection.risk.facts import Alike, Facts, Scan, Twin
from protection.risk.words import in_words
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.console import agent_client, claim_url
from protection.tests.parcels import send
from protection.tests.routing import make_rule, route

NOW = timezone.now()
PLAIN = Facts(
    claim=1, at=NOW, shop=1, customer_id=5, reason="lost", value=Money(Decimal("80"), "USD"), items=1, units=1,
    skus=frozenset(), tags=frozenset(), country="US", city="Springfield", zip="62701", return_needed=False,
    earlier_orders=3,
)  # fmt: skip
CLAIM = Claim(pk=1, order_id=2, follows_id=3)


@pytest.mark.parametrize(
    "fields, text, look, unusual",
    [
        ({"customer": Alike(3, 7), "customer_approved": 2},
         "3 other claims of this customer in 365 days, 2 of them approved", ("claim", 7), True),
        ({"address": Alike(1, 8)}, "1 other claim from this street address in 365 days", ("claim", 8), False),
        ({"phone": Alike(100, 9)}, "100 or more other claims with this phone number in 365 days", ("claim", 9), True),
        ({"email": Alike(2, 9)}, "2 other claims with this e-mail address in 365 days", ("claim", 9), True),
        ({"twin": Twin(4, True)}, "A photo is the same file as one in another claim before", ("claim", 4), True),
        ({"twin": Twin(4, False)}, "A photo looks the same as one in another claim before", ("claim", 4), True),
        ({"last_scan": Scan("in_transit", NOW - timedelta(days=9), "Reno", "89501", "US")},
         "The last scan was 9 days ago: in transit, 89501 Reno, US", ("order", 2), True),
        ({"last_scan": Scan("in_transit", NOW)}, "The last scan was today: in transit", ("order", 2), False),
        ({"usual": Money(Decimal("20"), "USD")},
         "Worth 80.00 USD; 3 other orders of this customer were for 20.00 USD on average", ("order", 2), True),
        ({"earlier_orders": 0}, "The first order of this customer that we know", ("order", 2), False),
        ({"replacements": 1}, "What is claimed is itself a replacement for an earlier claim; to replace it would be a "
         "replacement of one", ("claim", 3), True),
        ({"dispute": "chargeback"}, "A chargeback of the customer's bank is open on this order", ("order", 2), True),
    ],
)  # fmt: skip
def test_each_fact_is_one_sentence_with_a_link(fields: dict[str, Any], text, look, unusual):
    (said,) = in_words(replace(PLAIN, **fields), CLAIM)
    assert (said.text, said.look, said.unusual) == (text, look, unusual)


def test_a_delivery_elsewhere_names_both_places():
    scan = Scan("delivered", NOW - timedelta(days=9), "Reno", "89501", "US")
    first, last = in_words(replace(PLAIN, last_scan=scan, delivered=scan), CLAIM)
    assert first.text == "Delivered in 89501 Reno, US; the address is in 62701 Springfield"
    assert (first.unusual, last.unusual) == (True, False)


def test_nothing_is_said_where_nothing_is_known():
    assert in_words(PLAIN, CLAIM) == []


@pytest.mark.django_db
def test_the_claim_page_says_what_is_known_and_what_rules_did():
    zoe = CustomerSnapshot(next_id(), "zoe@example.com", first_name="Zoë")
    first = make_claim(make_covered_order(line("Teapot"), customer=zoe, created_at=NOON - timedelta(days=3)))
    decide(first, make_agent())
    make_rule(action="flag", settings={"words": "Call the customer first."})
    make_rule(name="Dry", dry_run=True, priority=1)
    order = make_covered_order(line("Teapot"), customer=zoe)
    send(order, ("in_transit", timezone.now() - timedelta(days=30)))
    Dispute.objects.create(shop=order.shop, remote_id=1, order_remote_id=order.remote_id, kind="chargeback",
                           initiated_at=timezone.now())  # fmt: skip
    claim = make_claim(order)
    route(claim)
    page = agent_client().get(claim_url(claim)).content.decode()
    assert "1 other claim of this customer in 365 days, 1 of them approved" in page
    assert reverse("admin:protection_claim_change", args=[first.pk]) in page
    assert "A chargeback of the customer&#x27;s bank is open on this order" in page
    assert "The last scan was 30 days ago" in page
    assert "Call the customer first." in page
    assert "Small losses" in page
    assert "“Dry”" not in page
    assert "score" not in page.lower()
