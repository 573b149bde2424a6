"""The endpoint's page in the console: settings, a new secret that is shown once, a ping; and who may not."""

import re

import pytest
from django.contrib.messages import get_messages
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from standardwebhooks.webhooks import Webhook

from backoffice.console.roles import ensure_roles
from integrations.endpoints import add_endpoint, remove
from integrations.models import Connection, Delivery
from integrations.tests.console import make_connection
from orders.tests.builders import make_shop
from protection.tests.builders import make_agent
from protection.tests.console import superuser_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(receiver) -> Connection:
    return add_endpoint("acme", receiver.url, ["order.*"])


@pytest.fixture
def lead() -> Client:
    return somebody("lead")


def somebody(role: str) -> Client:
    user = make_agent(role)
    user.groups.set([ensure_roles()[role], *user.groups.all()])
    client = Client()
    client.force_login(user)
    return client


def page(endpoint: Connection) -> str:
    return f"/admin/integrations/connection/{endpoint.pk}/endpoint/"


def form(endpoint: Connection, **changes) -> dict:
    fields = {
        "verb": "save", "url": endpoint.url, "events": endpoint.events, "shops": "", "payload_version": "2026-11",
        "most_in_flight": "16", "most_per_second": "",
    }  # fmt: skip
    return {**fields, **changes}


def test_settings_are_saved(lead, endpoint):
    shop = make_shop().domain
    changes = {
        "url": endpoint.url + "/2", "events": ["order.created", "claim.*"], "shops": f" {shop}\r\n", "coalesce": "on",
        "most_in_flight": "3", "most_per_second": "0.5",
    }  # fmt: skip
    answer = lead.post(page(endpoint), form(endpoint, **changes), follow=True)
    assert "Saved." in answer.content.decode()
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events) == (changes["url"], ["order.created", "claim.*"])
    assert (endpoint.shops, endpoint.coalesce) == ([shop], True)
    assert (endpoint.most_in_flight, endpoint.most_per_second) == (3, 0.5)
    shown = lead.get(page(endpoint)).content.decode()
    assert re.search(r'value="order.created" checked', shown)
    assert not re.search(r'value="order.updated" checked', shown)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"events": []}, "at least one event"),
        ({"events": ["order.creatd"]}, "no event"),
        ({"shops": "nobody.myshopify.com"}, "no shop"),
        ({"url": "https://10.0.0.1/"}, "not a public address"),
        ({"url": "ftp://x"}, "https://"),
        ({"payload_version": "1999-01"}, "no version"),
        ({"most_in_flight": "many"}, "numbers"),
        ({"most_in_flight": "1000"}, "from 1 to"),
        ({"most_per_second": "nan"}, "from 0.1"),
        ({"most_per_second": "1e999"}, "from 0.1"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(lead, endpoint, changes, says):
    answer = lead.post(page(endpoint), form(endpoint, **{"url": "https://typed.example.com/", **changes}))
    assert answer.status_code == 409
    text = answer.content.decode()
    assert says in text
    assert "Nothing was changed" in text
    if "url" not in changes:
        assert "https://typed.example.com/" in text
    before = (endpoint.url, endpoint.events, endpoint.shops)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events, endpoint.shops) == before


@pytest.mark.parametrize("field", ["url", "shops"])
def test_what_cannot_be_kept_is_refused(lead, endpoint, field):
    answer = lead.post(page(endpoint), form(endpoint, **{field: "https://x.example.com/\x00"}))
    assert (answer.status_code, "Nothing was changed" in answer.content.decode()) == (400, True)


def rotation(client: Client, endpoint: Connection) -> dict[str, str]:
    shown = client.get(page(endpoint)).content.decode()
    found = re.search(r'name="fingerprint" value="(\w+)"', shown)
    assert found
    return {"verb": "rotate", "fingerprint": found[1]}


def test_a_new_secret_is_shown_once_and_a_reload_makes_no_other(lead, endpoint):
    old, posted = endpoint.secrets["signing"][0], rotation(lead, endpoint)
    answer = lead.post(page(endpoint), posted)
    endpoint.refresh_from_db()
    new = endpoint.secrets["signing"][0]
    assert new != old
    assert new in answer.content.decode().replace("&#x2B;", "+")
    assert "no-store" in answer["Cache-Control"]
    assert not list(get_messages(answer.wsgi_request))
    again = lead.post(page(endpoint), posted)  # what a reload of the answer sends
    assert again.status_code == 409
    for later in (again, lead.get(page(endpoint))):
        assert b"whsec_" not in later.content
    assert Connection.objects.get().secrets["signing"] == [new, old]


def test_a_ping_shows_status_time_and_answer(lead, endpoint, receiver):
    receiver.answer = lambda _: (418, {}, b"<script>alert(1)</script>")
    text = lead.post(page(endpoint), {"verb": "ping"}).content.decode()
    assert "418" in text
    assert re.search(r"\d+ ms", text)
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert(1)" not in text
    [message] = receiver.received
    assert Webhook(endpoint.secrets["signing"][0]).verify(message.body, message.headers)["type"] == "endpoint.ping"
    assert not Delivery.objects.exists()


def test_an_agent_looks_and_may_not_change(endpoint, receiver):
    agent, before = somebody("agent"), Connection.objects.values().get()
    shown = agent.get(page(endpoint))
    assert shown.status_code == 200
    assert b'value="rotate"' not in shown.content
    for posted in (form(endpoint), {"verb": "ping"}, rotation(superuser_client(), endpoint)):
        assert agent.post(page(endpoint), posted).status_code == 403
    assert Connection.objects.values().get() == before
    assert receiver.received == []


def test_without_a_csrf_token_nothing_happens(endpoint, receiver):
    user = make_agent("lea")
    user.groups.set([ensure_roles()["lead"]])
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    for posted in (form(endpoint), {"verb": "ping"}, {"verb": "rotate"}):
        assert client.post(page(endpoint), posted).status_code == 403
    assert receiver.received == []


def test_strangers_see_nothing(endpoint):
    assert Client().get(page(endpoint)).status_code == 302
    assert Client().post(page(endpoint), {"verb": "ping"}).status_code == 302


def test_only_endpoints_have_such_a_page(lead, endpoint):
    assert lead.get(page(make_connection("shopify", "Shopify"))).status_code == 404
    remove(endpoint, by="test")
    assert lead.get(page(endpoint)).status_code == 404
    assert lead.post(page(endpoint), {"verb": "ping"}).status_code == 404


def test_no_secret_and_no_inline_style_or_script_is_on_the_page(lead, endpoint):
    text = lead.get(page(endpoint)).content.decode()
    assert "whsec_" not in text
    main = text[text.index('class="sheet"') :]
    assert " style=" not in main[: main.index("</form>")]
    assert " onclick=" not in text


def test_the_page_stays_within_its_queries(lead, endpoint):
    with CaptureQueriesContext(database) as queries:
        assert lead.get(page(endpoint)).status_code == 200
    assert len(queries) <= 20
