"""Webhooks verify with the official library, through a rotation, and match the feed entry by entry."""

import json

import pytest
from django.test import Client
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from backoffice.models import ApiKey, Partner
from integrations import outbox
from integrations.connecting import add_endpoint
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db


def test_the_official_library_verifies_the_signature(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    order = make_order(name="#李 1001")
    outbox.drain(endpoint.pk)
    [message] = receiver.received
    body = Webhook(endpoint.secrets["signing"][0]).verify(message.body, message.headers)
    assert body["type"] == "order.created"
    assert body["order"] == {"id": order.public_id, "remote_id": str(order.remote_id), "name": "#李 1001"}
    assert body["id"] == message.headers["webhook-id"]


def test_a_changed_body_or_another_secret_does_not_verify(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    other = add_endpoint("other", receiver.url + "2", ["*"])
    make_order()
    outbox.drain(endpoint.pk)
    [message] = receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secrets["signing"][0]).verify(message.body + b" ", message.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other.secrets["signing"][0]).verify(message.body, message.headers)


def test_during_a_rotation_both_secrets_verify(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    old = endpoint.secrets["signing"][0]
    new = add_endpoint("spare", receiver.url + "2", []).secrets["signing"][0]
    endpoint.secrets = {"signing": [new, old]}
    endpoint.save()
    make_order()
    outbox.drain(endpoint.pk)
    [message] = receiver.received
    for secret in (old, new):
        assert Webhook(secret).verify(message.body, message.headers)["type"] == "order.created"


def test_adding_the_same_endpoint_again_keeps_its_secret(receiver):
    first = add_endpoint("partner", receiver.url, ["*"])
    again = add_endpoint("partner", receiver.url, ["order.*"])
    assert (again.pk, again.secrets) == (first.pk, first.secrets)
    assert again.events == ["order.*"]


@pytest.mark.django_db(transaction=True)
def test_the_feed_says_the_same_as_the_webhooks(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    for number in range(3):
        make_order(name=f"#{number}")
    outbox.drain(endpoint.pk)
    _, secret = ApiKey.issue(Partner.objects.get(name="partner"), ["events:read"])
    feed = Client().get("/v1/events", headers={"Authorization": f"Bearer {secret}"}).json()["data"]
    assert [json.loads(m.body) for m in receiver.received] == feed
