"""A lead connects a store step by step and sees how it stands; an agent reads, and may connect nothing."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice.console.roles import ensure_roles
from integrations import connecting, inbox, troubles
from integrations.models import Connection, InboundMessage, StoreHealth, SyncRun
from integrations.shopify import inbound, round_trip
from integrations.shopify.webhooks import signature
from integrations.tests.shopify import SECRET, connect, order_body, post
from integrations.tests.sync import lead_client, shown, text_of
from protection.tests.builders import make_agent
from sandbox.tests import running
from sandbox.tests.running import Sandbox

pytestmark = pytest.mark.django_db
BUDGET = 20


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Sandbox]:
    started = running.start(tmp_path_factory.mktemp("store"), secret=SECRET)
    yield started
    started.stop()


def agent_client() -> Client:
    user = make_agent("ana")
    user.groups.set([ensure_roles()["agent"]])
    client = Client()
    client.force_login(user)
    return client


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:integrations_connection_{name}", args=args)


def press(client: Client, path: str, verb: str, **fields: str) -> Any:
    return client.post(path, {"verb": verb, **fields}, follow=True)


def typed(store: Sandbox, **fields: str) -> dict[str, str]:
    return {"domain": store.shop, "api_url": store.url, "way": "credentials", "client_id": "demo-client-id",
            "secret": SECRET, "token": "", **fields}  # fmt: skip


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.05)


def test_a_lead_connects_a_store_of_their_own_and_is_led_on(store):
    answer = press(lead_client(), page("connect"), "connect", **typed(store))
    shop = Connection.objects.get()
    assert answer.redirect_chain == [(page("guide", shop.pk), 302)]
    assert "is connected." in text_of(answer)
    assert shop.grant == "client_credentials"


@pytest.mark.parametrize(("way", "grant"), [("token", "static"), ("session", "static")])
def test_a_store_is_connected_by_its_token_or_prepared_for_a_session_token(store, way, grant):
    answer = press(lead_client(), page("connect"), "connect", **typed(store, way=way, token=store.token))
    shop = Connection.objects.get()
    assert (answer.status_code, shop.grant) == (200, grant)
    assert (shop.paused_at is None) == (way == "token")


def test_for_a_consent_the_page_leads_to_shopify_and_nothing_is_connected_yet(store):
    answer = press(lead_client(), page("connect"), "connect", **typed(store, way="consent"))
    (address,) = set(re.findall(r'href="([^"]*/admin/oauth/authorize[^"]*)"', answer.content.decode()))
    assert address.startswith(f"{store.url}/admin/oauth/authorize?client_id=demo-client-id&amp;scope=read_orders")
    assert Connection.objects.get().secrets["token"] == ""


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"domain": "not a domain"}, "is not a store's domain"),
        ({"client_id": ""}, "Give the app's client id."),
        ({"way": "token"}, "Give the token."),
        ({"way": "telepathy"}, "Choose how"),
        ({"secret": ""}, "The secret must not be empty."),
        ({"secret": "topsecret-wrong"}, "client secret is wrong"),
        ({"api_url": "https://10.0.0.1"}, "10.0.0.1"),
        ({"api_url": "http://127.0.0.1:9"}, "No answer"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence_and_what_was_typed_stays_but_secrets(store, wrong, says):
    answer = press(lead_client(), page("connect"), "connect", **typed(store, **wrong))
    assert answer.status_code == 409
    text = answer.content.decode()
    assert says in re.sub(r"&#x27;", "'", text)
    assert "topsecret" not in text
    assert f'value="{SECRET}"' not in text
    assert Connection.objects.count() == 0


def test_an_agent_may_read_how_a_store_stands_and_change_nothing(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    client, before = agent_client(), Connection.objects.get().secrets
    assert client.get(page("connect")).status_code == 403
    assert client.post(page("connect"), {"verb": "connect", **typed(store)}).status_code == 403
    for name in ("store", "guide"):
        answer = client.get(page(name, shop.pk))
        assert answer.status_code == 200
        assert 'name="verb"' not in answer.content.decode()
        for verb in ("scopes", "repair", "trip", "look"):
            assert client.post(page(name, shop.pk), {"verb": verb}).status_code == 403, verb
    assert Connection.objects.get().secrets == before
    assert SyncRun.objects.count() == 0


def test_strangers_and_forged_posts_get_nowhere(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    for path in (page("connect"), page("store", shop.pk), page("guide", shop.pk)):
        assert Client().get(path).status_code == 302
        client = Client(enforce_csrf_checks=True)
        client.force_login(make_agent(path.split("/")[-2]))
        assert client.post(path, {"verb": "repair"}).status_code == 403


def test_scopes_are_asked_for_and_each_says_what_it_is_for(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    client = lead_client()
    assert "Not asked yet" in shown(client, page("guide", shop.pk))
    store.post("/sandbox/scopes.json", revoke=["read_returns", "write_returns"])
    try:
        assert "Still missing: read_returns." in text_of(press(client, page("guide", shop.pk), "scopes"))
    finally:
        store.post("/sandbox/scopes.json", grant=["read_returns", "write_returns"])
    text = shown(client, page("guide", shop.pk))
    assert re.search(r"read_returns (\d+ webhooks? )?Read returns \(returns\) Missing", text), text
    assert "Everything that is required is granted." in text_of(press(client, page("guide", shop.pk), "scopes"))


def test_webhooks_are_subscribed_by_a_button_and_shown_topic_by_topic(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    client, number = lead_client(), len(inbound.SUBSCRIBED)
    said = text_of(press(client, page("guide", shop.pk), "repair"))
    assert f"{number} of {number} topics" in said
    post(shop, "orders/create", order_body())
    text = shown(client, page("store", shop.pk))
    assert re.search(r"orders/create Subscribed now", text), text
    assert f"Webhooks: {number} present." in text_of(press(client, page("store", shop.pk), "repair"))


def test_an_unanswered_store_is_said_on_the_page(store):
    shop = connect(store.shop, api_url="http://127.0.0.1:9", token=store.token)
    for verb in ("scopes", "repair", "trip"):
        answer = press(lead_client(), page("guide", shop.pk), verb)
        assert (answer.status_code, "No answer" in text_of(answer)) == (409, True), verb
    assert list(SyncRun.objects.values_list("state", flat=True)) == ["failed", "failed"]


@pytest.mark.django_db(transaction=True)
def test_a_round_trip_proves_the_whole_loop(store, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    shop = connect(store.shop, api_url=store.url, token=store.token)
    client = lead_client()
    assert "on its way" in text_of(press(client, page("guide", shop.pk), "trip"))
    run = SyncRun.objects.get(kind="check")
    until(lambda: own_webhook(run) is not None)
    said = text_of(press(client, page("guide", shop.pk), "look"))
    assert "It has not come back yet." in said
    assert "Its webhook was signed and stored after" in said
    inbox.drain()
    assert "It came back." in text_of(press(client, page("guide", shop.pk), "look"))
    run.refresh_from_db()
    assert run.state == "done"
    assert 0 <= run.facts["arrived_ms"] <= run.facts["handled_ms"] < 10_000
    webhook = own_webhook(run)
    assert webhook
    assert webhook.result == "a bulk query is completed"
    assert "Proof of sync Round trip" in shown(client, page("store", shop.pk))


@pytest.mark.django_db(transaction=True)
def test_a_round_trip_with_another_secret_never_comes_back(store, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    shop = connecting.connect_shop(store.shop, api_url=store.url, token=store.token, secret="another")
    run = round_trip.begin(shop, by="test")
    until(lambda: _refused(store))
    run.cursor["set_out_at"] = (timezone.now() - round_trip.MOST_WAIT).isoformat()
    run.save()
    run = round_trip.look(run)
    assert (run.state, InboundMessage.objects.count()) == ("failed", 0)
    assert "is the client secret the app's own?" in run.failure


def own_webhook(run: SyncRun) -> InboundMessage | None:
    """The trip's own: the shop may still tell of the end of a query that a test before this one asked for."""
    told = InboundMessage.objects.filter(topic=round_trip.TOPIC)
    return next((message for message in told if run.cursor["operation"].encode() in bytes(message.body)), None)


def _refused(store: Sandbox) -> bool:
    rows = store.get("/sandbox/deliveries.json")["deliveries"]
    return any(row["topic"] == round_trip.TOPIC and "401" in str(row) for row in rows)


def test_the_history_is_brought_in_by_a_button_and_shown_as_it_goes_on(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    client = lead_client()
    assert "Not brought in yet." in shown(client, page("guide", shop.pk))
    assert "Begun." in text_of(press(client, page("guide", shop.pk), "history"))
    assert "is under way" in text_of(press(client, page("guide", shop.pk), "history"))
    run = SyncRun.objects.get(kind="backfill")
    assert (run.state, run.by) == ("running", "staff:lea")
    SyncRun.objects.update(looked_at=3, total=12)
    said = client.get(page("guide", shop.pk)).content.decode()
    assert 'class="left" width="60.0"' in said
    assert 'value="history"' not in said
    assert agent_client().post(page("guide", shop.pk), {"verb": "history"}).status_code == 403


def test_only_the_webhook_of_this_very_trip_counts(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    run = round_trip.begin(shop, by="test")
    for body in (b"{}", b"[", b"[]", b'{"admin_graphql_api_id": "gid://shopify/BulkOperation/1"}'):
        post(shop, round_trip.TOPIC, body)
    inbox.drain()
    assert round_trip.look(run).state == "running"
    with pytest.raises(round_trip.UnderWay):
        round_trip.begin(shop, by="test")


def test_the_page_of_a_store_says_token_version_budget_and_troubles(store):
    shop = connecting.connect_shop(store.shop, api_url=store.url, secret=SECRET, client_id="demo-client-id")
    client = lead_client()
    press(client, page("store", shop.pk), "scopes")
    text = shown(client, page("store", shop.pk))
    assert "Works Way Client credentials" in text
    assert "2026-10 supported until 1 October 2027" in text
    assert "of 2,000 points when last seen, 100 come back each second" in text
    assert "Well" in text
    connecting.mark_uninstalled(shop)
    troubles.run()
    text = shown(client, page("store", shop.pk))
    assert "1 thing to put right" in text
    assert "The store took the app away" in text
    assert "hush" not in client.get(page("store", shop.pk)).content.decode()


def test_the_pages_cost_the_same_however_much_there_is_to_show(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    client = lead_client()
    for number in range(30):
        post(shop, inbound.SUBSCRIBED[number % len(inbound.SUBSCRIBED)], order_body())
        SyncRun.objects.create(connection=shop, kind="check", by="t", state="done", ended_at=timezone.now())
    StoreHealth.objects.update_or_create(connection=shop, defaults={"available": 5, "maximum": 9, "restore_rate": 1})
    for name in ("store", "guide"):
        with CaptureQueriesContext(database) as queries:
            assert client.get(page(name, shop.pk)).status_code == 200
        asked = [query for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(asked) <= BUDGET, name


def test_the_old_secret_still_signs_for_a_while_after_a_rotation(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    connecting.connect_shop(store.shop, api_url=store.url, token=store.token, secret="rotated")
    for secret in (SECRET, "rotated"):
        raw = f'{{"id": {len(secret)}}}'.encode()
        sent = {"X-Shopify-Hmac-Sha256": signature(secret.encode(), raw).decode()}
        assert post(shop, "orders/delete", raw, **sent).status_code == 200
    assert InboundMessage.objects.count() == 2
