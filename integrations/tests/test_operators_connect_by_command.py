"""connect_shop, subscribe_webhooks, add_endpoint and drain: one JSON object on stdout, errors in a sentence."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.models import Connection, Delivery, InboundMessage
from integrations.tests.shopify import order_body, post
from orders.models import Order

pytestmark = pytest.mark.django_db


def run(command: str, **options: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(command, stdout=out, **options)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def connect(**options: str) -> dict[str, Any]:
    fields = {"domain": "tests.myshopify.com", "api_url": "http://127.0.0.1:9", "token": "t", "secret": "s"}
    return run("connect_shop", **{**fields, **options})


def test_connecting_twice_gives_the_same_address_and_takes_the_new_secret():
    first, again = connect(), connect(secret="new", token="new")
    assert first == again
    assert first["webhook_url"].startswith("http://127.0.0.1:8000/webhooks/shopify/")
    connection = Connection.objects.get()
    assert connection.secrets["signing"] == ["new", "s"]
    assert connection.secrets["token"] == "new"


@pytest.mark.parametrize(
    "wrong",
    [
        {"domain": "not a domain"},
        {"domain": "nodots"},
        {"token": ""},
        {"client_id": "both"},
        {"secret": ""},
        {"api_url": "http://example.com"},
        {"api_url": "https://10.0.0.1"},
        {"api_url": "tests.myshopify.com"},
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence_and_nothing_is_stored(wrong):
    with pytest.raises(CommandError) as refused:
        connect(**wrong)
    assert str(refused.value).endswith(".")
    assert Connection.objects.count() == 0


def test_subscribing_says_topic_by_topic_what_came_of_it_and_may_be_repeated(sandbox, shopify):
    first = run("subscribe_webhooks", domain=sandbox.shop)
    assert set(first["subscriptions"].values()) == {"subscribed"}
    assert len(first["subscriptions"]) >= 17
    assert run("subscribe_webhooks", domain=sandbox.shop) == first
    assert len(sandbox.get("/sandbox/subscriptions.json")["subscriptions"]) == len(first["subscriptions"])


def test_subscribing_an_unknown_or_silent_shop_is_refused():
    with pytest.raises(CommandError, match="not connected"):
        run("subscribe_webhooks", domain="nobody.myshopify.com")
    connect()
    with pytest.raises(CommandError, match="No answer"):
        run("subscribe_webhooks", domain="tests.myshopify.com")


def test_adding_an_endpoint_twice_gives_the_same_secret(receiver):
    options = {"partner": "demo", "url": receiver.url, "events": "order.*, claim.closed"}
    first = run("add_endpoint", **options)
    assert run("add_endpoint", **options) == first
    assert first["secret"].startswith("whsec_")
    assert Connection.objects.get().events == ["order.*", "claim.closed"]


def test_an_endpoint_inside_our_network_is_refused(settings):
    settings.EGRESS_ALLOW = []
    with pytest.raises(CommandError, match="https"):
        run("add_endpoint", partner="demo", url="http://127.0.0.1:1/", events="*")


def test_drain_does_everything_that_is_due_and_says_so(receiver):
    connect(secret="hush")
    run("add_endpoint", partner="demo", url=receiver.url, events="*")
    for _ in range(3):
        post(Connection.objects.get(system="shopify"), "orders/create", order_body())
    assert run("drain") == {"handled": 3, "sent": 3}
    assert run("drain") == {"handled": 0, "sent": 0}
    assert Order.objects.count() == len(receiver.received) == 3
    assert set(InboundMessage.objects.values_list("state", flat=True)) == {"handled"}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
