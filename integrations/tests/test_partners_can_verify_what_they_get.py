"""Webhooks verify with the official library, through a rotation, and match the feed entry by entry."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from backoffice.models import ApiKey, Partner
from integrations import sending
from integrations.endpoints import NotPossible, add_endpoint, new_secret, rotate
from integrations.errors import GiveUp
from integrations.events import Event, Line
from integrations.models import Connection
from integrations.webhook import outbound
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db


def verifies(secret: str, message) -> bool:
    try:
        Webhook(secret).verify(message.body, message.headers)
    except WebhookVerificationError:
        return False
    return True


def test_the_official_library_verifies_the_signature(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    order = make_order(name="#李 1001")
    sending.drain()
    [message] = receiver.received
    body = Webhook(endpoint.secrets["signing"][0]).verify(message.body, message.headers)
    assert body["type"] == "order.created"
    assert body["order"] == {"id": order.public_id, "remote_id": str(order.remote_id), "name": "#李 1001"}
    assert body["id"] == message.headers["webhook-id"]
    assert message.headers["content-type"] == "application/json"


def test_a_changed_body_or_another_secret_does_not_verify(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    make_order()
    sending.drain()
    [message] = receiver.received
    assert not verifies(new_secret(), message)
    message.body += b" "
    assert not verifies(endpoint.secrets["signing"][0], message)


def test_during_a_rotation_both_secrets_verify_and_afterwards_only_the_new_one(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    old = endpoint.secrets["signing"][0]
    new = rotate(endpoint, by="staff:ana")
    make_order()
    sending.drain()
    Connection.objects.update(old_secret_until=timezone.now())
    make_order()
    sending.drain()
    during, afterwards = receiver.received
    assert (verifies(new, during), verifies(old, during)) == (True, True)
    assert (verifies(new, afterwards), verifies(old, afterwards)) == (True, False)


def test_a_second_rotation_drops_the_oldest_secret(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    oldest = endpoint.secrets["signing"][0]
    middle, newest = rotate(endpoint, by="staff:ana"), rotate(endpoint, by="staff:ana")
    make_order()
    sending.drain()
    [message] = receiver.received
    assert [verifies(secret, message) for secret in (newest, middle, oldest)] == [True, True, False]


def test_a_leaked_secret_ends_at_once(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    leaked = endpoint.secrets["signing"][0]
    new = rotate(endpoint, overlap=timedelta(0), by="staff:ana")
    make_order()
    sending.drain()
    [message] = receiver.received
    assert (verifies(new, message), verifies(leaked, message)) == (True, False)
    assert Connection.objects.get().secrets["signing"] == [new]


def test_adding_the_same_endpoint_again_keeps_its_secret(receiver):
    first = add_endpoint("partner", receiver.url, ["*"])
    again = add_endpoint("partner", receiver.url, ["order.*"])
    assert (again.pk, again.secrets) == (first.pk, first.secrets)
    assert again.events == ["order.*"]


@pytest.mark.parametrize(
    ("events", "shops", "says"),
    [
        (["order.creatd"], [], "order.created"),
        (["orders.*"], [], "order.*"),
        ([], [], "at least one event"),
        (["*"], ["nobody.myshopify.com"], "no shop"),
    ],
)
def test_what_would_never_be_sent_is_refused_with_a_sentence(receiver, events, shops, says):
    with pytest.raises(NotPossible, match=says.replace("*", r"\*")):
        add_endpoint("partner", receiver.url, events, shops)
    assert not Connection.objects.exists()


def line(*secrets: str, version: str = "2026-11") -> Line:
    return Line("https://example.com/hooks", secrets, version)


def event() -> Event:
    return Event("evt_1", "order.created", datetime(2026, 11, 23, tzinfo=UTC), 7, "a.myshopify.com", None, "", {})


@pytest.mark.parametrize(
    "bad",
    [line(), line("whsec_"), line("whsec_!"), line("whsec_a"), line(new_secret(), version="1999-01")],
    ids=["none", "empty", "no base64", "cut", "version"],
)
def test_what_cannot_be_signed_or_shaped_is_never_sent(bad):
    with pytest.raises(GiveUp) as parked:
        outbound.request(event(), bad, timezone.now())
    assert parked.value.parked == "configuration"


@pytest.mark.django_db(transaction=True)
def test_the_feed_says_the_same_as_the_webhooks(receiver):
    add_endpoint("partner", receiver.url, ["*"])
    for number in range(3):
        make_order(name=f"#{number}")
    sending.drain()
    _, secret = ApiKey.issue(Partner.objects.get(name="partner"), ["events:read"])
    feed = Client().get("/v1/events", headers={"Authorization": f"Bearer {secret}"}).json()["data"]
    assert sorted((json.loads(m.body) for m in receiver.received), key=lambda body: body["sequence"]) == feed
