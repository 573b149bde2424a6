"""The page of a privacy request: download, hand over, erase; and who may not."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from backoffice.console.roles import ensure_roles
from integrations import privacy
from integrations.models import PrivacyRequest
from integrations.tests.shopify import connect
from orders.models import Order
from orders.tests.builders import make_order
from protection.tests.console import superuser_client

pytestmark = pytest.mark.django_db


def ask(kind):
    connection = connect()
    order = make_order(shop=connection.shop)
    return privacy.receive(
        connection, kind, customer_id=order.customer.remote_id, email="", orders=[order.remote_id], demand="1"
    )


def url(request: PrivacyRequest, name: str = "change") -> str:
    return reverse(f"admin:integrations_privacyrequest_{name}", args=[request.pk])


def test_the_data_is_downloaded_and_handed_over_once():
    request, client = ask("export"), superuser_client()
    file = client.get(url(request, "export"))
    assert file["Content-Disposition"].startswith("attachment")
    assert file.json()["orders"][0]["email"] == "zoe@example.com"
    assert client.post(url(request), {"verb": "hand_over"}).status_code == 302
    assert client.post(url(request), {"verb": "hand_over"}).status_code == 409
    request.refresh_from_db()
    assert request.done_by.startswith("staff:")


def test_erasing_is_one_button_and_an_export_has_none():
    request, client = ask("redact_customer"), superuser_client()
    assert client.post(url(request), {"verb": "erase_now"}).status_code == 302
    assert Order.objects.get().redacted_at
    assert client.get(url(request, "export")).status_code == 404
    other = privacy.receive(request.connection, "export", customer_id=1, email="", orders=[], demand="2")
    assert client.post(url(other), {"verb": "erase_now"}).status_code == 409


def test_an_agent_sees_none_of_it():
    request = ask("export")
    agent = User.objects.create_user("ana", password="a-long-password-for-tests", is_staff=True)
    agent.groups.add(ensure_roles()["agent"])
    client = Client()
    client.force_login(agent)
    for address in (url(request), url(request, "export"), reverse("admin:integrations_privacyrequest_changelist")):
        assert client.get(address).status_code == 403, address
    assert client.post(url(request), {"verb": "erase_now"}).status_code == 403
