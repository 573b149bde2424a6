"""The page of a delivery: the request byte for byte (its signature apart), the answer, and the time it took."""

import html
import re

import pytest
from django.utils import timezone

from integrations import transport
from integrations.events import Event, Line
from integrations.models import Connection, Delivery
from integrations.tests.console import make_connection
from integrations.tests.sync import ago, deliver, entry_of, lead_client, log, shown
from integrations.webhook import outbound
from orders.tests.builders import make_order
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + "c2VjcmV0" * 6


@pytest.fixture
def delivery(receiver) -> Delivery:
    """One event that a partner has got, and whose try is in the log."""
    order = make_order(name="#1001 ‹Zoë› & Co")
    connection = make_connection()
    Connection.objects.filter(pk=connection.pk).update(url=receiver.url, secrets={"signing": [SECRET]})
    connection.refresh_from_db()
    delivery = deliver(connection, order, "delivered", entry=entry_of(order, changed=["note"], said="1 < 2 & ü"))
    delivery = Delivery.objects.get(pk=delivery.pk)  # as the sender reads it: jsonb has an order of its own
    made = outbound.request(Event.of(delivery.entry), Line.of(connection, timezone.now()), timezone.now())
    sent = outbound.read(transport.post(made.url, made.body, made.headers))
    log(delivery, sent.outcome, sent.status, answer=sent.answer, milliseconds=42,
        payload_version=connection.payload_version)  # fmt: skip
    return delivery


def page(client, delivery: Delivery) -> str:
    answer = client.get(f"/admin/integrations/delivery/{delivery.pk}/change/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def request_shown(client, delivery: Delivery) -> str:
    found = re.search(r"<h3>Request</h3>.*?<pre[^>]*>(.*?)</pre>", page(client, delivery), re.DOTALL)
    assert found
    return html.unescape(found[1])


def test_the_body_shown_is_the_body_received(delivery, receiver):
    head, _, body = request_shown(agent_client(), delivery).partition("\n\n")
    assert body.encode() == receiver.received[0].body
    assert head.startswith(f"POST {receiver.url}\n")


def test_the_headers_are_shown_without_a_signature(delivery, receiver):
    head = request_shown(agent_client(), delivery).partition("\n\n")[0]
    got = receiver.received[0].headers
    assert f"webhook-id: {got['webhook-id']}" in head
    stamp = int(re.findall(r"webhook-timestamp: (\d+)", head)[0])
    assert abs(stamp - int(got["webhook-timestamp"])) <= 1
    assert got["webhook-signature"] not in page(lead_client(), delivery)
    assert SECRET not in page(lead_client(), delivery)


def test_the_answer_and_the_time_are_behind_each_try(delivery):
    log(delivery, "The receiver answered 503.", 503, number=2, answer="<b>busy", milliseconds=1500, started_at=ago(9))
    shown_page = shown(agent_client(), f"/admin/integrations/delivery/{delivery.pk}/change/")
    assert "42 ms 200 Accepted with 200" in shown_page
    assert "1500 ms 503 The receiver answered 503." in shown_page
    assert "&lt;b&gt;busy" in page(agent_client(), delivery)


def test_an_unsent_event_is_shown_as_it_will_be_sent():
    make_connection()
    make_order()
    assert "Will be sent" in page(agent_client(), Delivery.objects.get())
    assert "webhook-timestamp: the second it is sent" in request_shown(agent_client(), Delivery.objects.get())


def test_a_version_that_is_gone_is_said(delivery):
    delivery.log.update(payload_version="1999-01")
    assert "There is no version" in page(agent_client(), delivery)


def test_shopify_is_not_sent_the_event_itself():
    order, shopify = make_order(), make_connection("shopify", "Shopify")
    delivery = deliver(shopify, order, "retrying", entry=entry_of(order, "resolution.queued", "res_1"))
    log(delivery, "Shopify throttles us.", 200)
    assert "<h3>Request</h3>" not in page(agent_client(), delivery)


def test_a_failed_call_is_told_from_one_that_went_well(delivery):
    assert delivery.log.get().outcome == "Accepted with 200"
    assert 'class="outcome good"' in page(agent_client(), delivery)
    log(delivery, "No answer: Connection refused", None, number=2)
    assert 'class="outcome bad"' in page(agent_client(), delivery)
