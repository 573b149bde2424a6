"""A token is renewed before it ends or when it is refused, once for all who wait, and no rollback takes it away."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from integrations import calls, connecting, pausing
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection, StoreHealth
from integrations.shopify import budget, grants, tokens
from integrations.shopify.client import Shopify
from integrations.tests.shopify import SECRET, connect
from integrations.tests.sync import deliver
from orders.tests.builders import make_order
from sandbox.tests import running
from sandbox.tests.running import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "query { shop { name } }"
CLIENT_ID = "demo-client-id"


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Sandbox]:
    started = running.start(tmp_path_factory.mktemp("store"), secret=SECRET)
    yield started
    started.stop()


def by_credentials(store: Sandbox) -> Connection:
    return connecting.connect_shop(store.shop, api_url=store.url, secret=SECRET, client_id=CLIENT_ID)


def hourly(store: Sandbox) -> Connection:
    """Connected with a token of an hour and its refresh token."""
    shop = connect(store.shop, api_url=store.url, token=store.token)
    shop.client_id = CLIENT_ID
    session = store.post("/sandbox/session_token.json").json()["session_token"]
    granted = grants.by_session_token(shop, session)
    with transaction.atomic():
        connecting.connected(shop, granted, grant=Connection.Grant.TOKEN_EXCHANGE, client_id=CLIENT_ID, secret=SECRET)
    return Connection.objects.get(pk=shop.pk)


def expire(store: Sandbox) -> None:
    assert store.post("/sandbox/tokens.json", expire=True).json()["expired"] >= 1


def minted(store: Sandbox) -> int:
    return len(store.get("/sandbox/tokens.json")["tokens"])


def test_a_store_of_ones_own_is_connected_by_client_credentials(store):
    shop = by_credentials(store)
    assert shop.grant == "client_credentials"
    assert shop.token_expires_at - timezone.now() > timedelta(hours=23)
    assert "read_orders" in shop.scopes
    assert shop.paused_at is None
    assert Shopify(shop).run(NAME, {})["shop"]["name"]


def test_a_token_that_ends_soon_is_renewed_before_it_is_used(store):
    shop = by_credentials(store)
    before = shop.secrets["token"]
    Connection.objects.update(token_expires_at=timezone.now() + timedelta(minutes=4))
    shop.refresh_from_db()
    Shopify(shop).run(NAME, {})
    shop.refresh_from_db()
    assert shop.secrets["token"] != before
    assert shop.token_expires_at - timezone.now() > timedelta(hours=23)


@pytest.mark.parametrize("connected", [by_credentials, hourly])
def test_a_token_that_is_refused_in_mid_run_is_renewed_and_the_query_repeated(store, connected):
    shop = connected(store)
    shopify = Shopify(shop)
    before = shopify.run(NAME, {})
    expire(store)
    assert shopify.run(NAME, {}) == before
    row = Connection.objects.get(pk=shop.pk)
    assert row.paused_at is None
    assert row.secrets["token"] == shop.secrets["token"]


def test_two_who_renew_at_once_ask_once(store):
    shop = hourly(store)
    expire(store)
    number, stale, got = minted(store), shop.secrets["token"], []
    start = threading.Barrier(4)

    def renew() -> None:
        mine = Connection.objects.get(pk=shop.pk)
        start.wait()
        got.append(tokens.renewed(mine, stale=stale))
        database.close()

    threads = [threading.Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert set(got) == {Connection.objects.get(pk=shop.pk).secrets["token"]}
    assert minted(store) == number + 1


def test_renewing_inside_of_a_transaction_is_refused_before_anything_is_asked(store):
    shop = hourly(store)
    number = minted(store)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        tokens.renewed(shop, stale=shop.secrets["token"])
    assert minted(store) == number


def test_a_rollback_of_the_caller_leaves_the_new_pair(store):
    shop = hourly(store)
    expire(store)
    Shopify(shop).run(NAME, {})
    with pytest.raises(KeyError), transaction.atomic():
        Connection.objects.filter(pk=shop.pk).update(label="half done")
        raise KeyError
    again = Connection.objects.get(pk=shop.pk)
    assert again.secrets["refresh_token"] == shop.secrets["refresh_token"]
    assert Shopify(again).run(NAME, {})


def test_an_answer_that_was_lost_before_it_was_stored_does_no_harm(store):
    shop = hourly(store)
    grants.by_refresh_token(shop)  # whoever asked this died before the commit
    expire(store)
    assert Shopify(shop).run(NAME, {})
    expire(store)
    assert Shopify(shop).run(NAME, {})


def test_a_token_somebody_else_stored_is_taken_without_asking(store):
    shop = hourly(store)
    old = Connection.objects.get(pk=shop.pk)
    tokens.renewed(shop, stale=shop.secrets["token"])
    number = minted(store)
    assert tokens.renewed(old, stale=old.secrets["token"]) == shop.secrets["token"]
    assert minted(store) == number


def test_a_shop_that_cannot_be_asked_is_asked_later_and_a_token_that_still_works_is_used(store):
    shop = by_credentials(store)
    token = shop.secrets["token"]
    shop.url = "http://127.0.0.1:9"
    shop.token_expires_at = timezone.now() + timedelta(minutes=1)
    shop.save()
    assert tokens.current(shop) == token
    shop.token_expires_at = timezone.now() - timedelta(minutes=1)
    shop.save()
    with pytest.raises(RetryLater):
        tokens.current(shop)
    assert Connection.objects.get(pk=shop.pk).paused_at is None


def test_a_dead_refresh_token_stops_the_line_and_connecting_again_lets_it_go_on(store):
    shop = hourly(store)
    Connection.objects.filter(pk=shop.pk).update(
        secrets={**shop.secrets, "refresh_token": "shprt_dead"}, token_expires_at=timezone.now()
    )
    delivery = deliver(shop, make_order(shop=shop.shop))
    shop.refresh_from_db()
    with pytest.raises(GiveUp) as refusal:
        Shopify(shop).run(NAME, {})
    assert refusal.value.parked == "configuration"
    shop.refresh_from_db()
    assert shop.paused_because.startswith("Connect the store again: ")
    assert "refresh token" in StoreHealth.objects.get(pk=shop.pk).token_problem
    number = minted(store)
    with pytest.raises(GiveUp, match="Connect the store again"):
        Shopify(shop).run(NAME, {})  # nobody is asked again and again
    calls.drain(shop.pk)
    delivery.refresh_from_db()
    assert minted(store) == number
    assert delivery.state == "pending"
    again = by_credentials(store)
    assert (again.pk, again.paused_at) == (shop.pk, None)
    assert StoreHealth.objects.get(pk=shop.pk).token_problem == ""
    assert Shopify(again).run(NAME, {})


def test_a_token_that_never_expires_and_is_refused_stops_the_line(store):
    shop = connect(store.shop, api_url=store.url, token="shpat_wrong")
    with pytest.raises(GiveUp):
        Shopify(shop).run(NAME, {})
    assert Connection.objects.get(pk=shop.pk).paused_because == (
        "Connect the store again: Shopify refuses our token. (system)"
    )


def test_a_pause_by_staff_outlasts_connecting_again(store):
    shop = by_credentials(store)
    pausing.pause(shop, because="Stocktaking", by="staff:ana")
    assert connecting.mark_uninstalled(shop)
    assert by_credentials(store).paused_because == "Stocktaking (staff:ana)"


def test_what_was_parked_for_want_of_a_token_is_sent_again(store):
    shop = by_credentials(store)
    order = make_order(shop=shop.shop)
    wanting = deliver(shop, order, "parked", parked_because="configuration")
    refused = deliver(shop, make_order(shop=shop.shop), "parked", parked_because="refused")
    by_credentials(store)
    wanting.refresh_from_db()
    refused.refresh_from_db()
    assert (wanting.state, refused.state) == ("pending", "parked")


def test_a_wrong_client_secret_connects_nothing(store):
    with pytest.raises(GiveUp, match="client secret is wrong"):
        connecting.connect_shop(store.shop, api_url=store.url, secret="wrong", client_id=CLIENT_ID)
    assert Connection.objects.count() == 0


def test_points_and_version_are_kept_but_not_at_every_call(store, django_assert_num_queries):
    shop = by_credentials(store)
    Shopify(shop).run(NAME, {})
    health = StoreHealth.objects.get(pk=shop.pk)
    assert (health.maximum, health.restore_rate, health.api_version) == (2000, 100, "2026-10")
    assert 0 < health.available <= 2000
    with django_assert_num_queries(0):
        Shopify(shop).run(NAME, {})
    budget._written.clear()
    Shopify(shop).run(NAME, {})
    assert StoreHealth.objects.get(pk=shop.pk).seen_at > health.seen_at
