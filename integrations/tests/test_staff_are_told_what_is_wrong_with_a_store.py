"""A dead token, missing scopes, webhooks taken away, a version's end, an uninstall: told once, and over when it is."""

from collections.abc import Iterator

import pytest
from django.core import mail
from django.utils import timezone

from integrations import connecting, troubles
from integrations.errors import GiveUp
from integrations.models import Connection, StoreHealth, SyncRun, Trouble
from integrations.shopify import access, app_queries, subscriptions
from integrations.shopify.client import Shopify
from integrations.tests.shopify import connect
from sandbox.tests import running
from sandbox.tests.running import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def operators(settings) -> None:
    settings.OPERATORS_MAIL = ["ops@example.com"]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Sandbox]:
    started = running.start(tmp_path_factory.mktemp("store"))
    yield started
    started.stop()


def told() -> list[str]:
    """Subjects of the mails of this run."""
    before = len(mail.outbox)
    troubles.run()
    return [str(message.subject) for message in mail.outbox[before:]]


def open_kinds() -> list[str]:
    return list(Trouble.objects.filter(ended_at=None).values_list("kind", flat=True))


def test_a_store_that_is_well_is_no_trouble(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    subscriptions.check(shop, by="test")
    assert told() == []
    assert open_kinds() == []


def test_a_dead_token_is_told_once_and_over_when_the_store_is_connected_again(store):
    shop = connect(store.shop, api_url=store.url, token="shpat_wrong")
    with pytest.raises(GiveUp):
        Shopify(shop).run(app_queries.SHOP_NAME, {})
    assert told() == [f"[Back office] {shop.label}: the store must be connected again"]
    assert f"/admin/integrations/connection/{shop.pk}/" in mail.outbox[-1].body
    assert told() == []
    connect(store.shop, api_url=store.url, token=store.token)
    assert told() == []
    assert open_kinds() == []


def test_missing_scopes_are_told_with_what_does_not_work_without(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    Connection.objects.update(scopes=["write_orders"], scopes_at=timezone.now())
    assert told() == [f"[Back office] {shop.label}: scopes are missing"]
    assert "read_returns" in mail.outbox[-1].body
    assert "returns" in mail.outbox[-1].body
    Connection.objects.update(scopes=access.WANTED)
    told()
    assert open_kinds() == []


def test_an_optional_scope_that_is_missing_bothers_nobody(store):
    connect(store.shop, api_url=store.url, token=store.token)
    scopes = [scope.handle for scope in access.SCOPES if scope.required]
    Connection.objects.update(scopes=scopes, scopes_at=timezone.now())
    assert told() == []


def test_webhooks_that_were_taken_away_are_told_though_they_are_mended(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    subscriptions.check(shop, by="test")
    assert told() == []
    for node in store.get("/sandbox/subscriptions.json")["subscriptions"]:
        if node["topic"].startswith("refunds/"):
            store.ask(app_queries.WEBHOOK_DELETE, id=f"gid://shopify/WebhookSubscription/{node['id']}")
    subscriptions.check(shop, by="test")
    assert told() == [f"[Back office] {shop.label}: webhooks are missing"]
    assert "refunds/create" in mail.outbox[-1].body
    subscriptions.check(shop, by="test")
    assert told() == []
    assert open_kinds() == []


def test_a_topic_that_is_refused_though_its_scope_is_granted_is_told_with_shopify_s_reason(store):
    store.post("/sandbox/scopes.json", protected_data=False)
    shop = connect(store.shop, api_url=store.url, token=store.token)
    store.post("/sandbox/uninstall.json")
    store.post("/sandbox/install.json")
    try:
        subscriptions.check(shop, by="test")
    finally:
        store.post("/sandbox/scopes.json", protected_data=True)
    assert told() == [f"[Back office] {shop.label}: webhooks are missing"]
    assert "protected customer data" in mail.outbox[-1].body


def test_a_topic_whose_scope_is_missing_is_not_told_twice(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    Connection.objects.update(scopes=[], scopes_at=timezone.now())
    SyncRun.objects.create(
        connection=shop, kind="subscriptions", by="t", state="done", ended_at=timezone.now(),
        facts={"refused": {"orders/create": "You do not have permission"}},
    )  # fmt: skip
    assert told() == [f"[Back office] {shop.label}: scopes are missing"]


def test_a_version_that_was_replaced_is_told(store, settings):
    settings.SHOPIFY_API_VERSION = "2025-07"
    shop = connect(store.shop, api_url=store.url, token=store.token)
    Shopify(shop).run(app_queries.SHOP_NAME, {})
    assert StoreHealth.objects.get(pk=shop.pk).api_version == "2026-01"
    assert told() == [f"[Back office] {shop.label}: the API version ends"]
    assert "answers with version 2026-01" in mail.outbox[-1].body


def test_an_uninstall_is_told_alone_and_over_when_the_store_is_back(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    Connection.objects.update(scopes=[], scopes_at=timezone.now())
    assert connecting.mark_uninstalled(shop)
    assert not connecting.mark_uninstalled(shop)
    assert told() == [f"[Back office] {shop.label}: the app was uninstalled"]
    Connection.objects.update(scopes=access.WANTED)
    connect(store.shop, api_url=store.url, token=store.token)
    assert told() == []
    assert open_kinds() == []


def test_a_mail_that_did_not_go_out_is_sent_on_the_next_run(store, settings):
    connecting.mark_uninstalled(connect(store.shop, api_url=store.url, token=store.token))
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert told() == []
    settings.EMAIL_BACKEND = working
    assert len(told()) == 1
