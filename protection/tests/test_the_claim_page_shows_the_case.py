"""One screen with all an agent needs, and text from outside that stays text."""

import pytest
from django.urls import reverse

from orders import entitlement
from orders.intake import Origin, apply_fulfillment, apply_scan
from orders.models import Order, UnitUse
from orders.snapshot import FulfillmentSnapshot, QuantityOfLine, TrackingSnapshot
from orders.tests.builders import NOON, line, make_order, next_id
from protection import filing
from protection.eligibility import ItemAsked
from protection.tests.builders import line_of, make_claim, make_covered_order, make_plan
from protection.tests.console import agent_client, claim_url, press

pytestmark = pytest.mark.django_db


def shown(claim) -> str:
    return agent_client().get(claim_url(claim)).content.decode()


def ship(order: Order, **fields) -> int:
    parcel = next_id()
    lines = [QuantityOfLine(line_of(order).remote_id, 1)]
    snapshot = FulfillmentSnapshot(parcel, "success", lines, name="#1001-F1", tracking_company="UPS", **fields)
    apply_fulfillment(order.shop, order.remote_id, snapshot, Origin(by="shopify"))
    return parcel


def scan(order: Order, parcel: int, status: str, city: str) -> None:
    snapshot = TrackingSnapshot(next_id(), parcel, status, NOON, city=city)
    apply_scan(order.shop, order.remote_id, snapshot, Origin(by="shopify"))


def test_order_customer_address_money_and_coverage():
    page = shown(make_claim())
    for text in ("Order #1001", "Zoë Lindqvist", "1 Test Street", "62701 Springfield IL", "81.00 USD", "fee 1.00 USD"):
        assert text in page
    assert "Consent not known" in page


def test_the_receipt_of_consent_is_shown_when_there_is_one():
    receipt = '{"how": "cart_toggle", "default_on": true, "shown_text_version": "2026-03", "locale": "en"}'
    order = make_covered_order(attributes=[{"name": "protection_consent", "value": receipt}])
    page = shown(make_claim(order))
    assert "Cart toggle" in page
    assert "pre-selected" in page
    assert "Consent not known" not in page


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-20T14:30:00+02:00", ">20 Nov 2026, 12:30<"),
        ("2026-11-20 14:30", "en, 2026-11-20 14:30<"),
        ("2026-13-40T00:00:00Z", "en, 2026-13-40T00:00:00Z<"),
        ("0001-01-01T00:00:00+05:00", "en, 0001-01-01T00:00:00+05:00<"),
    ],
)
def test_the_moment_of_consent_is_told_as_the_store_front_reported_it(at: str, words: str):
    receipt = f'{{"how": "cart_toggle", "default_on": true, "locale": "en", "at": "{at}"}}'
    order = make_covered_order(attributes=[{"name": "protection_consent", "value": receipt}])
    assert words in shown(make_claim(order))


def test_units_say_what_became_of_each():
    order = make_covered_order(line("Teapot", 4))
    entitlement.use_units(line_of(order), [4], kind=UnitUse.Kind.REFUND, reference="ref_9")
    page = shown(make_claim(order, quantity=2))
    assert "2 in this claim, 1 free, 1 refunded" in page


def test_parcels_show_their_hops_and_scans():
    order = make_covered_order()
    parcel = ship(order, tracking_numbers=["1Z999"], tracking_urls=["https://carrier.example/1Z999"])
    scan(order, parcel, "in_transit", "Louisville")
    scan(order, parcel, "delayed", "Memphis")
    page = shown(make_claim(order))
    assert 'href="https://carrier.example/1Z999"' in page
    assert "2 scans; first: In transit, last: Delayed" in page
    assert "<circle" in page
    assert "Memphis" in page


def test_an_address_from_outside_never_becomes_a_script():
    order = make_covered_order(line("Teapot <script>alert(1)</script>"))
    ship_to = order.lines.first()
    parcel = FulfillmentSnapshot(
        next_id(),
        "success",
        [QuantityOfLine(ship_to.remote_id, 1)],
        tracking_numbers=["1Z"],
        tracking_urls=["javascript:alert(1)"],
    )
    apply_fulfillment(order.shop, order.remote_id, parcel, Origin(by="shopify"))
    claim = filing.file_claim(
        order, reason="lost", items=[ItemAsked(ship_to, 1)], by="partner:x", description="<img src=x>"
    )
    page = shown(claim)
    assert "javascript:" not in page
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page


def test_the_story_is_told_newest_first():
    claim = make_claim()
    page = shown(claim)
    filed, came = page.index("Claim filed: lost in transit, 1 unit"), page.index("Order #1001 came in")
    assert filed < came


def test_other_orders_and_claims_of_the_customer_are_at_hand():
    first = make_covered_order(name="#2001")
    older = make_claim(first)
    customer = first.customer
    second = make_covered_order(name="#2002")
    Order.objects.filter(pk=second.pk).update(customer=customer)
    second.refresh_from_db()
    page = shown(make_claim(second))
    assert "Lost in transit: in review" in page
    assert claim_url(older) in page
    assert reverse("admin:orders_order_change", args=[first.pk]) in page


def test_money_is_shown_in_both_currencies_when_they_differ():
    order = make_covered_order()
    amounts = {
        "total": {"shop": {"amount": "81.00", "currency": "USD"}, "presentment": {"amount": "74.52", "currency": "EUR"}}
    }
    Order.objects.filter(pk=order.pk).update(amounts=amounts, presentment_currency="EUR")
    assert "81.00 USD (paid 74.52 EUR)" in shown(make_claim(order))


def test_a_claim_accepted_against_the_rules_says_why():
    make_plan()
    order = make_order(line("Teapot"))
    claim = filing.file_claim(
        order, reason="lost", items=[ItemAsked(line_of(order), 1)], by="staff:ana", override_reason="Promised by phone."
    )
    page = shown(claim)
    assert "Accepted against the rules" in page
    assert "Promised by phone." in page
    assert "Not covered" in page


def test_neighbours_in_the_queue_are_one_key_away():
    claims = [make_claim(make_covered_order(name=f"#{n}")) for n in range(3)]
    client = agent_client()
    page = client.get(claim_url(claims[1])).content.decode()
    assert f'href="{claim_url(claims[0])}" rel="prev"' in page
    assert f'href="{claim_url(claims[2])}" rel="next"' in page
    press(client, claims[1], "approve")
    page = client.get(claim_url(claims[1])).content.decode()
    assert f'href="{claim_url(claims[2])}" rel="next"' in page
    last = client.get(claim_url(claims[2])).content.decode()
    assert f'href="{claim_url(claims[0])}" rel="next"' in last  # round to the oldest
