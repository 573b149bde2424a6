"""The page Today, and the systems' box on the pages of claims and orders."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from backoffice.console.roles import ensure_roles
from integrations.models import Connection, Delivery, Drift, Heartbeat
from integrations.tests.console import fill, make_connection, make_message, park
from orders.tests.builders import make_order
from protection.tests.builders import make_agent
from protection.tests.console import agent_client, superuser_client

pytestmark = pytest.mark.django_db


def systems(order) -> str:
    page = agent_client().get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    return page[page.index("<h2>Systems</h2>") :]


def test_a_system_is_in_step_when_all_is_delivered():
    make_connection()
    order = make_order()
    Delivery.objects.update(state="delivered", delivered_at=timezone.now())
    assert "In step" in systems(order)


def test_a_parked_delivery_is_named_with_a_link():
    make_connection()
    order = make_order()
    delivery = park(Delivery.objects.get())
    box = systems(order)
    assert "Parked: refused by the receiver" in box
    assert f"/admin/integrations/delivery/{delivery.pk}/change/" in box


@pytest.mark.parametrize("state, words", [("pending", "1 on the way"), ("retrying", "Retrying, 1 waiting")])
def test_what_is_under_way_is_counted(state, words):
    make_connection()
    order = make_order()
    Delivery.objects.update(state=state)
    assert words in systems(order)


def test_a_paused_line_says_so():
    connection = make_connection()
    order = make_order()
    Connection.objects.filter(pk=connection.pk).update(paused_at=timezone.now(), paused_because="Holiday")
    assert "Paused, 1 waiting" in systems(order)


def test_today_shows_what_waits_and_what_is_stuck():
    fill()
    page = superuser_client().get("/admin/").content.decode()
    assert "To decide" in page
    assert "Deliveries parked" in page
    assert "Workers at work" in page
    assert "Orders received, last 24 hours" in page
    assert "<rect" in page
    assert "5 orders in 24 hours" in page


def test_today_says_when_no_worker_lives():
    Heartbeat.objects.create(host="w1", beat_at=timezone.now() - timedelta(hours=1))
    make_connection()
    assert "No worker is at work" in superuser_client().get("/admin/").content.decode()


def test_the_checklist_is_ticked_by_facts_and_goes_away():
    client = superuser_client()
    assert "Setting up: 0 of 8 done" in client.get("/admin/").content.decode()
    make_connection("shopify", "Shopify")
    assert "Setting up: 1 of 8 done" in client.get("/admin/").content.decode()
    fill_all()
    assert "Setting up" not in client.get("/admin/").content.decode()


def fill_all() -> None:
    Connection.objects.all().delete()
    fill()
    Delivery.objects.filter(state="pending").update(state="delivered", delivered_at=timezone.now())


def test_today_shows_nothing_to_somebody_without_a_role():
    client = Client()
    client.force_login(make_agent("new"))
    page = client.get("/admin/").content.decode()
    assert "Ask a lead to give you a role" in page


def test_the_sidebar_counts_what_needs_somebody():
    fill()
    make_message(Connection.objects.get(system="shopify"), "failed")
    user = make_agent("lea")
    user.groups.add(ensure_roles()["lead"])
    client = Client()
    client.force_login(user)
    page = client.get("/admin/").content.decode()
    assert 'title="failed or parked">3<' in page
    assert 'title="parked">1<' in page
    assert 'title="claims to decide">1<' in page


def test_each_system_leads_to_what_differs_there():
    shopify, warehouse = make_connection("shopify", "Shopify"), make_connection()
    order = make_order()
    box = systems(order)
    assert f'/admin/integrations/drift/{warehouse.pk}/order/{order.pk}/"><strong>Warehouse' in box
    assert f'/admin/integrations/drift/{shopify.pk}/order/{order.pk}/"><strong>Shopify' in box


def test_a_known_difference_at_the_shop_is_said():
    shopify = make_connection("shopify", "Shopify")
    order = make_order()
    Drift.objects.create(connection=shopify, order=order, fields=[{"field": "note", "ours": "a", "theirs": "b"}])
    assert "Differs in 1 field" in systems(order)
    Drift.objects.update(healed_at=timezone.now())
    assert "In step" in systems(order)
