"""Sync in the console: pausing a line, handling a message again, sending a delivery again."""

import pytest
from django.test import Client

from backoffice.console.roles import ensure_roles
from integrations.admin.messages import readable
from integrations.models import Connection, Delivery
from integrations.tests.console import make_connection, make_message, park
from orders.models import JournalEntry
from orders.tests.builders import make_order
from protection.tests.builders import make_agent
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead() -> Client:
    user = make_agent("lea")
    user.groups.add(ensure_roles()["lead"])
    client = Client()
    client.force_login(user)
    return client


def url(row) -> str:
    return f"/admin/integrations/{row._meta.model_name}/{row.pk}/change/"


def test_a_connection_is_paused_with_a_reason_and_resumed(lead):
    connection = make_connection()
    lead.post(url(connection), {"verb": "pause", "because": "They move house"})
    connection.refresh_from_db()
    assert connection.paused_at is not None
    assert connection.paused_because == "They move house (staff:lea)"
    assert "Paused: They move house" in lead.get("/admin/integrations/connection/").content.decode()
    lead.post(url(connection), {"verb": "resume"})
    connection.refresh_from_db()
    assert connection.paused_at is None


def test_a_second_pause_does_not_overwrite_the_first_reason(lead):
    connection = make_connection()
    lead.post(url(connection), {"verb": "pause", "because": "First"})
    lead.post(url(connection), {"verb": "pause", "because": "Second"})
    connection.refresh_from_db()
    assert connection.paused_because.startswith("First")


def test_secrets_are_on_no_page(lead):
    connection = make_connection()
    Connection.objects.filter(pk=connection.pk).update(
        secrets={"signing": ["whsec_topsecret"], "token": "shpat_topsecret"}
    )
    for path in (url(connection), "/admin/integrations/connection/"):
        assert "topsecret" not in lead.get(path).content.decode()


def test_a_failed_message_is_handled_again(lead):
    message = make_message(make_connection("shopify"), "failed")
    page = lead.get(url(message)).content.decode()
    assert "Traceback: KeyError &lt;b&gt;" in page
    assert "Handle again" in page
    assert lead.post(url(message), {"verb": "again"}).status_code == 302
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("received", 0)
    assert message.due_at is not None


def test_a_handled_message_is_not_handled_again(lead):
    message = make_message(make_connection("shopify"), "handled")
    assert "Handle again" not in lead.get(url(message)).content.decode()
    answer = lead.post(url(message), {"verb": "again"})
    assert answer.status_code == 409
    assert "there is nothing to do again" in answer.content.decode()


@pytest.mark.parametrize(
    "body, shown",
    [
        (b'{"a":{"b":[1]}}', '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}'),
        (b"plain text\n", "plain text\n"),
        (b"\x00\xffab", "000000  00 ff 61 62                                      ..ab"),
        (b"", ""),
        (b"\x1b[31mred", "000000  1b 5b 33 31 6d 72 65 64                          .[31mred"),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_a_body_is_made_readable(body, shown):
    assert readable(body) == shown


def test_markup_in_a_body_stays_text(lead):
    message = make_message(make_connection("shopify"), "parked", b'{"note": "<script>alert(1)</script>"}')
    page = lead.get(url(message)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_parked_delivery_is_sent_again(lead):
    make_connection()
    make_order()
    delivery = park(Delivery.objects.get())
    page = lead.get(url(delivery)).content.decode()
    assert "Refused by the receiver".lower() in page
    assert "&lt;b&gt;no" in page
    assert lead.post(url(delivery), {"verb": "again"}).status_code == 302
    delivery.refresh_from_db()
    assert (delivery.state, delivery.parked_because, delivery.attempts) == ("pending", "", 0)


def test_a_delivery_that_waits_says_for_what(lead):
    make_connection()
    order = make_order()
    first = park(Delivery.objects.get())
    entry = JournalEntry.objects.create(shop=order.shop, order=order, action="order.updated", by="shopify")
    second = Delivery.objects.create(
        connection=first.connection, order=order, shop=order.shop, due_at=first.due_at, entry=entry
    )
    page = lead.get(url(second)).content.decode()
    assert "an earlier event of the same order" in page
    assert url(first) in page


def test_an_agent_may_look_but_not_press():
    make_connection()
    make_order()
    delivery = park(Delivery.objects.get())
    message = make_message(make_connection("shopify"), "failed")
    agent = agent_client()
    assert agent.get(url(delivery)).status_code == 200
    assert agent.post(url(delivery), {"verb": "again"}).status_code == 403
    assert agent.get(url(message)).status_code == 403
    assert agent.post(url(delivery.connection), {"verb": "pause"}).status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == "parked"
