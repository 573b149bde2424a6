"""Subscriptions that are missing, astray or doubled are put right; what is refused is kept with its reason."""

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import connecting, pausing
from integrations.connecting import webhook_url
from integrations.models import Connection, InboundMessage, SyncRun
from integrations.shopify import access, app_queries, inbound, subscriptions
from integrations.shopify.topics import compliance
from integrations.tests.console import make_message
from integrations.tests.shopify import SECRET, connect
from integrations.tests.sync import ago
from sandbox.tests import running
from sandbox.tests.running import Sandbox

pytestmark = pytest.mark.django_db
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Sandbox]:
    started = running.start(tmp_path_factory.mktemp("store"))
    yield started
    started.stop()


@pytest.fixture
def shop(store) -> Connection:
    """A shop of its own, for each has a bucket of points of its own: connected, granted everything, not subscribed."""
    domain = f"store-{next(_numbers)}.myshopify.com"
    store.post("/sandbox/shops.json", domain=domain, token=f"shpat_{domain}", secret=SECRET)
    return connect(domain, api_url=store.url, token=f"shpat_{domain}")


def kept(store: Sandbox, shop: Connection) -> list[dict]:
    assert shop.shop is not None
    rows = store.get("/sandbox/subscriptions.json")["subscriptions"]
    return [row for row in rows if row["shop"] == shop.shop.domain]


def subscribe(store: Sandbox, shop: Connection, topic: str, uri: str) -> None:
    variables = {"topic": topic, "sub": {"uri": uri}}
    made = store.ask(app_queries.WEBHOOK_CREATE, token=shop.secrets["token"], **variables)
    assert made["data"]["webhookSubscriptionCreate"]["userErrors"] == []


def take_away(store: Sandbox, shop: Connection, *topics: str) -> None:
    for node in kept(store, shop):
        if node["topic"] in topics:
            gid = f"gid://shopify/WebhookSubscription/{node['id']}"
            store.ask(app_queries.WEBHOOK_DELETE, token=shop.secrets["token"], id=gid)


def revoke(store: Sandbox, shop: Connection, *scopes: str) -> None:
    assert shop.shop is not None
    assert store.post("/sandbox/scopes.json", shop=shop.shop.domain, revoke=list(scopes)).status_code == 200


def check(shop: Connection) -> SyncRun:
    run = subscriptions.check(shop, by="test")
    assert run is not None
    assert run.failure == ""
    return run


def test_all_topics_we_handle_are_subscribed_once_and_the_law_s_own_are_left_to_the_app(store, shop):
    run = check(shop)
    wanted = list(inbound.SUBSCRIBED)
    assert len(wanted) > 30
    assert run.facts["created"] == wanted
    assert run.facts["refused"] == {}
    assert {node["topic"] for node in kept(store, shop)} == set(wanted)
    assert {node["uri"] for node in kept(store, shop)} == {webhook_url(shop)}
    assert not set(wanted) & set(compliance.TOPICS)


def test_a_second_pass_finds_all_present_and_changes_nothing(store, shop):
    check(shop)
    before = kept(store, shop)
    run = check(shop)
    assert run.facts["present"] == list(inbound.SUBSCRIBED)
    assert (run.state, run.drift_found, run.healed, run.failed) == ("done", 0, 0, 0)
    assert kept(store, shop) == before


def test_what_shopify_took_away_is_subscribed_again(store, shop):
    check(shop)
    take_away(store, shop, "orders/create", "refunds/create")
    run = check(shop)
    assert sorted(run.facts["created"]) == ["orders/create", "refunds/create"]
    assert (run.drift_found, run.healed) == (2, 2)
    assert {node["topic"] for node in kept(store, shop)} == set(inbound.SUBSCRIBED)


def test_an_address_of_before_a_move_is_pointed_here_and_doubles_go(store, shop, settings):
    settings.PUBLIC_URL = "https://old.example.com"
    check(shop)
    settings.PUBLIC_URL = "https://new.example.com"
    subscribe(store, shop, "ORDERS_CREATE", webhook_url(shop))
    run = check(shop)
    assert "orders/updated" in run.facts["mended"]
    assert run.facts["removed"] == ["orders/create"]
    assert {node["uri"] for node in kept(store, shop)} == {webhook_url(shop)}
    assert len(kept(store, shop)) == len(inbound.SUBSCRIBED)


def test_what_others_subscribed_is_left_alone(store, shop):
    subscribe(store, shop, "ORDERS_CREATE", "https://somebody.else.example/hooks")
    check(shop)
    check(shop)
    assert [node["uri"] for node in kept(store, shop) if "somebody" in node["uri"]] == [
        "https://somebody.else.example/hooks"
    ]


def test_a_refused_topic_stops_no_other_and_says_why(store, shop):
    revoke(store, shop, "read_locations", "read_shopify_payments_disputes")
    run = check(shop)
    assert {topic.split("/")[0] for topic in run.facts["refused"]} == {"locations", "disputes"}
    assert all("permission" in why for why in run.facts["refused"].values())
    assert set(run.facts["created"]) == set(inbound.SUBSCRIBED) - set(run.facts["refused"])
    assert {"read_locations", "read_shopify_payments_disputes"} <= set(run.facts["scopes_missing"])
    assert (run.state, run.failed) == ("done", len(run.facts["refused"]))


def test_every_page_of_the_list_is_read(store, shop, monkeypatch):
    monkeypatch.setattr(subscriptions, "PAGE", 7)
    check(shop)
    run = check(shop)
    assert (run.facts["present"], run.facts["created"]) == (list(inbound.SUBSCRIBED), [])


def test_a_store_that_does_not_answer_leaves_a_failed_pass_and_the_next_one_can_begin(shop):
    Connection.objects.update(url="http://127.0.0.1:9")
    shop.refresh_from_db()
    for _ in range(2):
        run = subscriptions.check(shop, by="test")
        assert run is not None
        assert (run.state, run.facts["token"]) == ("failed", "failed")
        assert "No answer" in run.failure


def test_a_pass_that_was_killed_is_taken_over(shop):
    dead = SyncRun.objects.create(connection=shop, kind="subscriptions", by="somebody who died")
    assert check(shop).pk == dead.pk


def test_scopes_are_kept_with_the_time_they_were_asked_for(store, shop):
    revoke(store, shop, "read_returns", "write_returns", "read_customer_merge", "read_orders")
    missing = access.refresh_scopes(shop)
    shop.refresh_from_db()
    assert [scope.handle for scope in missing] == ["read_returns", "read_customer_merge", "write_returns"]
    assert [scope.required for scope in missing] == [True, False, False]
    assert timezone.now() - shop.scopes_at < timedelta(minutes=1)
    assert "read_orders" not in shop.scopes  # writing includes reading


def test_a_store_is_due_each_hour_unless_it_is_paused_or_gone(shop):
    assert subscriptions.due() == [shop]
    run = SyncRun.objects.create(connection=shop, kind="subscriptions", by="t", state="done", ended_at=timezone.now())
    assert subscriptions.due() == []
    SyncRun.objects.filter(pk=run.pk).update(started_at=ago(61))
    assert subscriptions.due() == [shop]
    pausing.pause(shop, because="Stocktaking", by="staff:ana")
    assert subscriptions.due() == []
    pausing.resume(shop)
    connecting.mark_uninstalled(shop)
    assert subscriptions.due() == []


def test_a_store_that_is_silent_for_longer_than_is_its_way_is_checked_once_before_the_hour(shop):
    for minute in range(30):
        message = make_message(shop)
        InboundMessage.objects.filter(pk=message.pk).update(received_at=ago(50 - minute))
    run = SyncRun.objects.create(connection=shop, kind="subscriptions", by="t", state="done", ended_at=timezone.now())
    SyncRun.objects.filter(pk=run.pk).update(started_at=ago(25))
    assert subscriptions.due() == [shop]  # silent for 21 minutes, where a minute is usual
    SyncRun.objects.filter(pk=run.pk).update(started_at=ago(0.5))
    assert subscriptions.due() == []
