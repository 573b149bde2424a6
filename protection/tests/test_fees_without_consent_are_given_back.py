"""Fees that nobody is known to have chosen are listed for staff, and a lead gives the chosen ones back, each once."""

import pytest
from django.test import Client

from backoffice.console.roles import ensure_roles
from orders.models import Change, Order
from protection.models import Consent
from protection.tests.builders import make_agent, make_covered_order
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db
LIST = "/admin/protection/coverage/"


@pytest.fixture
def lead() -> Client:
    user = make_agent("lea")
    user.groups.set([ensure_roles()["lead"]])
    client = Client()
    client.force_login(user)
    return client


def give_back(client: Client, *orders: Order) -> str:
    posted = {"action": "refund_fees", "_selected_action": [order.coverage.pk for order in orders]}
    return client.post(LIST, posted, follow=True).content.decode()


def test_only_those_not_known_are_listed_at_first(lead):
    unknown, known = make_covered_order(name="#1"), make_covered_order(name="#2")
    Consent.objects.create(coverage=known.coverage, how="checkbox")
    first, everything = (lead.get(LIST + query).content.decode() for query in ("", "?consent=all"))
    assert f"/orders/order/{unknown.pk}/change/" in first
    assert f"/orders/order/{known.pk}/change/" not in first
    assert f"/orders/order/{known.pk}/change/" in everything
    assert 'value="refund_fees"' in first


def test_a_lead_gives_the_chosen_ones_back_once(lead):
    chosen, twice, left = (make_covered_order() for _ in range(3))
    give_back(lead, twice)
    page = give_back(lead, chosen, twice)
    assert "The shop was asked to give 1 of 2 fees back." in page
    assert "1 not asked for" in page
    asked = Change.objects.order_by("id")
    assert [(change.kind, change.order) for change in asked] == [("refund", twice), ("refund", chosen)]
    fee = chosen.lines.get(sku="PROTECT")
    assert asked[1].wanted["lines"] == [{"line": str(fee.remote_id), "quantity": 1, "restock": "none"}]
    assert asked[1].by == "staff:lea"
    assert not left.changes.exists()


def test_an_agent_gives_nothing_back():
    order = make_covered_order()
    agent = agent_client()
    assert 'value="refund_fees"' not in agent.get(LIST).content.decode()
    give_back(agent, order)
    assert not Change.objects.exists()
