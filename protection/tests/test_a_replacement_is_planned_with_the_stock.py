"""Stock on hand is shown where a replacement is decided; what is sold out is approved only by somebody who says so."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from orders import stock
from orders.intake import Origin
from orders.stock import ItemSnapshot, LevelSnapshot
from orders.tests.builders import later, line
from protection.models import Claim, Resolution
from protection.tests.builders import make_agent, make_claim, make_covered_order

pytestmark = pytest.mark.django_db
VARIANT = 4242


@pytest.fixture
def claim():
    return make_claim(make_covered_order(line("Teapot", 2, variant_id=VARIANT)), quantity=2)


def count(claim: Claim, *units: int, policy: str = "deny") -> None:
    """So many units, one number for each location."""
    shop, origin = claim.order.shop, Origin(by="shopify")
    stock.write_item(shop, ItemSnapshot(1, variant_id=VARIANT, sku="TEA", policy=policy))
    for number, available in enumerate(units, 1):
        stock.write_location(shop, number, name=f"Place {number}")
        stock.write_level(shop, LevelSnapshot(1, number, available, updated_at=later()), origin)


def client() -> Client:
    logged_in = Client()
    agent = make_agent()
    agent.user_permissions.add(*Permission.objects.filter(codename__in=["view_claim", "change_claim"]))
    logged_in.force_login(agent)
    return logged_in


def approve(staff: Client, claim: Claim, **typed: str):
    url = reverse("admin:protection_claim_change", args=[claim.pk])
    claim.refresh_from_db()
    item = claim.items.get()
    fields = {f"pick-{item.pk}": "on", f"quantity-{item.pk}": "2", "version": str(claim.version), "verb": "approve"}
    return staff.get(url).content.decode(), staff.post(url, {**fields, **typed})


def test_the_page_says_what_is_left_and_where(claim):
    count(claim, 3, 4)
    page, answer = approve(client(), claim)
    assert "7 in stock (Place 2 4, Place 1 3)" in page
    assert answer.status_code == 302


def test_what_is_sold_out_is_refused_until_somebody_says_so(claim):
    count(claim, 1)
    staff = client()
    page, answer = approve(staff, claim)
    assert "1 in stock" in page
    assert "Although the stock is short" in page
    assert answer.status_code == 409
    assert "Teapot: 1 in stock." in answer.content.decode()
    assert not Resolution.objects.exists()
    assert approve(staff, claim, despite_stock="on")[1].status_code == 302


@pytest.mark.parametrize("units", [(), (5,)])
def test_unknown_or_plenty_asks_nothing(claim, units):
    count(claim, *units)
    page, answer = approve(client(), claim)
    assert "Although the stock is short" not in page
    assert answer.status_code == 302


def test_a_shop_that_sells_below_zero_is_not_asked_either(claim):
    count(claim, 0, policy="continue")
    page, answer = approve(client(), claim)
    assert "sold out, sold below zero" in page
    assert answer.status_code == 302
