"""Query budgets: a list asks at most 12 times, a case at most 20, however much there is to show."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice.console.roles import ensure_roles
from integrations.tests.console import fill, make_case, make_connection
from protection import review
from protection.review import ItemDecision
from protection.tests.builders import make_agent
from protection.tests.console import claim_url

pytestmark = pytest.mark.django_db
LIST, CASE = 12, 20


@pytest.fixture
def lead() -> Client:
    """Somebody whose permissions must be looked up, unlike a superuser's."""
    user = make_agent("lea")
    user.groups.set([ensure_roles()["lead"], *user.groups.all()])
    client = Client()
    client.force_login(user)
    return client


def asked(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    assert answer.status_code == 200
    return len([query for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])


def test_a_claim_costs_the_same_with_two_items_or_thirty(lead):
    make_connection()
    small, big = make_case(lines=1, scans=1), make_case(lines=30, scans=40)
    few, many = asked(lead, claim_url(small)), asked(lead, claim_url(big))
    assert few == many
    assert many <= CASE


def test_a_decided_claim_stays_within_the_budget(lead):
    make_connection()
    claim = make_case(lines=1)
    decisions = [ItemDecision(item, "approve", item.quantity) for item in claim.items.all()]
    review.decide(claim, decisions, user=make_agent("ana"))
    assert asked(lead, claim_url(claim)) <= CASE


def test_an_order_costs_the_same_with_one_line_or_thirty(lead):
    make_connection()
    small, big = make_case(lines=1, scans=1).order, make_case(lines=30, scans=40).order
    few, many = (asked(lead, f"/admin/orders/order/{order.pk}/change/") for order in (small, big))
    assert few == many
    assert many <= CASE


@pytest.mark.parametrize(
    "path",
    [
        "protection/claim/?queue=all", "protection/plan/", "protection/planversion/", "protection/approvallimit/",
        "orders/order/", "orders/order/?q=%231001", "orders/customer/", "orders/journalentry/",
        "integrations/connection/", "integrations/inboundmessage/", "integrations/delivery/",
        "backoffice/partner/", "backoffice/apikey/", "auth/user/",
    ],
)  # fmt: skip
def test_a_list_stays_within_its_budget(lead, path):
    fill()
    assert asked(lead, f"/admin/{path}") <= LIST


def test_today_stays_within_the_budget_of_a_case(lead):
    fill()
    assert asked(lead, "/admin/") <= CASE
