"""Filing a claim for a customer who called."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders import entitlement
from orders.models import Order, UnitUse
from orders.tests.builders import line, make_order
from protection.models import Claim
from protection.tests.builders import line_of, make_agent, make_claim, make_covered_order, make_plan
from protection.tests.console import agent_client, claim_url
from protection.tests.parcels import send

pytestmark = pytest.mark.django_db


def url(order: Order) -> str:
    return reverse("admin:protection_claim_file", args=[order.pk])


def form(order: Order, quantity: str = "1", **fields: str) -> dict[str, str]:
    return {"verb": "file", "reason": "lost", f"quantity-{line_of(order).pk}": quantity, **fields}


def test_a_filed_claim_opens():
    order = make_covered_order()
    answer = agent_client().post(url(order), form(order, "2", description="It never came."))
    claim = Claim.objects.get()
    assert answer.status_code == 302
    assert answer.url == claim_url(claim)
    assert (claim.filed_by, claim.description, claim.state) == ("staff:ana", "It never came.", "in_review")
    assert claim.items.get().quantity == 2


def test_what_cannot_be_claimed_says_why():
    order = make_covered_order(line("Teapot"), line("Voucher", gift_card=True), line("Thanks", tip=True))
    entitlement.use_units(line_of(order), [1], kind=UnitUse.Kind.REFUND, reference="ref_1")
    page = agent_client().get(url(order)).content.decode()
    assert "Not claimable: nothing left: 1 refunded" in page
    assert "Not claimable: a gift card, not shipped" in page
    assert "Not claimable: a tip" in page
    assert "Not claimable: the fee for the guarantee itself" in page
    assert 'type="number"' not in page


@pytest.mark.parametrize(
    "fields, sentence",
    [
        ({"reason": ""}, "Choose what happened"),
        ({"quantity": "0"}, "Say which items the claim is about"),
        ({"quantity": "9"}, "9 units asked, 2 of Teapot were bought"),
        ({"quantity": "two"}, "write how many units as a number"),
    ],
)
def test_a_refusal_is_shown_and_nothing_typed_is_lost(fields, sentence):
    order = make_covered_order()
    quantity = fields.pop("quantity", "1")
    answer = agent_client().post(url(order), form(order, quantity, **{"description": "Typed <i>text</i>", **fields}))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert sentence in page
    assert "Typed &lt;i&gt;text&lt;/i&gt;" in page
    assert not Claim.objects.exists()


def test_a_refusal_about_an_item_stands_at_the_item():
    order = make_covered_order()
    answer = agent_client().post(url(order), form(order, "9"))
    assert 'aria-invalid="true"' in answer.content.decode()


def test_an_uncovered_order_needs_a_reason_of_the_staffs_own():
    make_plan()
    order = make_order(line("Teapot"))
    client = agent_client()
    assert "The rules refuse this claim" in client.get(url(order)).content.decode()
    answer = client.post(url(order), form(order))
    assert answer.status_code == 409
    assert "has no delivery guarantee" in answer.content.decode()
    client.post(url(order), form(order, override_reason="Promised by phone."))
    assert Claim.objects.get().override_reason == "Promised by phone."


def test_a_claim_that_comes_too_late_is_accepted_with_a_reason():
    order = make_covered_order()
    send(order, ("delivered", timezone.now() - timedelta(days=40)))
    client = agent_client()
    late = form(order, reason="damaged")
    answer = client.post(url(order), late)
    assert answer.status_code == 409
    assert "the time to claim is over" in answer.content.decode()
    assert 'name="override_reason"' in answer.content.decode()
    client.post(url(order), {**late, "override_reason": "Was in hospital."})
    claim = Claim.objects.get()
    assert (claim.state, claim.override_reason) == ("in_review", "Was in hospital.")


def test_a_claim_that_comes_too_early_is_said_to_wait():
    order = make_covered_order()
    send(order, ("in_transit", timezone.now()))
    answer = agent_client().post(url(order), form(order), follow=True)
    assert "It is early: it waits until" in answer.content.decode()
    assert Claim.objects.get().state == "waiting"


def test_a_covered_order_keeps_no_override_reason():
    order = make_covered_order()
    client = agent_client()
    assert "The rules refuse" not in client.get(url(order)).content.decode()
    client.post(url(order), form(order, override_reason="smuggled in"))
    assert Claim.objects.get().override_reason == ""


def test_units_in_an_open_claim_cannot_be_claimed_again():
    order = make_covered_order()
    make_claim(order, quantity=2)
    client = agent_client()
    assert "nothing left: 2 in another claim" in client.get(url(order)).content.decode()
    assert client.post(url(order), form(order)).status_code == 409


def test_who_may_not_file():
    order = make_covered_order()
    client = Client()
    assert client.post(url(order), form(order)).status_code == 302  # to the log-in
    client.force_login(make_agent("new"))  # the group has no permissions yet
    assert client.get(url(order)).status_code == 403
    assert client.post(url(order), form(order)).status_code == 403
    assert not Claim.objects.exists()
