"""Query budgets: a list asks at most 12 times, a case at most 20, however much there is to show."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice.console.roles import ensure_roles
from integrations.models import Drift
from integrations.tests.console import fill, make_case, make_connection
from integrations.tests.sync import deliver, log
from orders.tests.builders import NOON, line, make_order, make_shop
from protection import review
from protection.review import ItemDecision
from protection.tests.builders import make_agent, make_covered_order
from protection.tests.carriers import make_recovery, shipped
from protection.tests.console import claim_url
from protection.tests.parcels import scan

pytestmark = pytest.mark.django_db
LIST, CASE = 12, 20
ORDER = 21  # an order has a box more than a claim: payments, work for locations, changes and refunds are tables


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


def test_a_closed_claim_that_was_rated_stays_within_the_budget(lead):
    make_connection()
    claim = make_case(lines=1)
    denials = [ItemDecision(item, "deny", item.quantity, "other", "Seen before") for item in claim.items.all()]
    claim = review.decide(claim, denials, user=make_agent("ana"))
    claim.feedback.create(closed_at=claim.closed_at, score=2, comment="Too slow", by="customer")
    assert "Too slow" in lead.get(claim_url(claim)).content.decode()
    assert asked(lead, claim_url(claim)) <= CASE


def test_a_recovery_stays_within_the_budget_of_a_case_however_long(lead):
    make_connection()
    small = make_recovery(shipped(make_covered_order(name="#1")))
    big = make_recovery(shipped(make_covered_order(*(line(f"Cup {n}") for n in range(30)), line("Teapot"), name="#2")))
    for _ in range(40):
        scan(big.parcel, "in_transit", NOON)
    few, many = (asked(lead, f"/admin/protection/recovery/{one.pk}/change/") for one in (small, big))
    assert few == many
    assert many <= CASE
    assert asked(lead, claim_url(big.claims.get())) <= CASE


def test_an_order_costs_the_same_with_one_line_or_thirty(lead):
    make_connection()
    small, big = make_case(lines=1, scans=1).order, make_case(lines=30, scans=40).order
    few, many = (asked(lead, f"/admin/orders/order/{order.pk}/change/") for order in (small, big))
    assert few == many
    assert many <= ORDER


@pytest.mark.parametrize(
    "path",
    [
        "protection/claim/?queue=all", "protection/plan/", "protection/planversion/", "protection/approvallimit/",
        "protection/reasonrule/", "protection/routingrule/", "protection/backtest/",
        "protection/recovery/", "protection/recovery/?queue=all", "protection/carrier/",
        "protection/carrierterms/",
        "orders/order/", "orders/order/?q=%231001", "orders/customer/", "orders/journalentry/",
        "integrations/connection/", "integrations/drift/", "integrations/drift/?show=all",
        "integrations/drift/?q=%231001", "integrations/inboundmessage/", "integrations/delivery/",
        "backoffice/partner/", "backoffice/apikey/", "auth/user/", "integrations/syncrun/",
    ],
)  # fmt: skip
def test_a_list_stays_within_its_budget(lead, path):
    fill()
    assert asked(lead, f"/admin/{path}") <= LIST


def test_today_stays_within_the_budget_of_a_case(lead):
    fill()
    assert asked(lead, "/admin/") <= CASE


def test_the_pages_of_sync_cost_the_same_with_much_to_show(lead):
    warehouse, shopify = make_connection(), make_connection("shopify", "Shopify")
    order = make_order(*(line(f"Cup {number}") for number in range(30)))
    drift = [{"field": f"lines.{number}", "ours": "a", "theirs": "b"} for number in range(40)]
    Drift.objects.create(connection=shopify, order=order, fields=drift)
    for number in range(30):
        delivery = deliver(warehouse, order, "parked" if number % 2 else "delivered")
        log(delivery, "The receiver answered 503.", 503)
    for path in (
        f"connection/{warehouse.pk}/change/",
        f"connection/{shopify.pk}/change/",
        f"drift/{warehouse.pk}/order/{order.pk}/",
        f"drift/{shopify.pk}/order/{order.pk}/",
        f"delivery/{delivery.pk}/change/",
    ):
        assert asked(lead, f"/admin/integrations/{path}") <= CASE, path


def test_the_grid_costs_the_same_with_one_order_or_fifty(lead):
    make_connection()
    make_order()
    few = asked(lead, "/admin/integrations/drift/")
    for number in range(12):
        make_connection(label=f"Partner {number}")
    for _ in range(55):
        make_order(shop=make_shop(f"shop-{_}.myshopify.com"))
    assert asked(lead, "/admin/integrations/drift/") == few
    assert few <= LIST
