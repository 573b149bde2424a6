"""`check_sync`: the way through a store's line is open and how long it took, and orders drawn by lot are the same."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations import inbox, passes, proving, reconcile, schedules
from integrations.models import Connection, Drift, SyncRun
from integrations.shopify import round_trip
from integrations.tests.shopify import post
from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


@pytest.fixture
def orders(sandbox, shopify, settings) -> list[int]:
    """Six orders that are the same here and there."""
    settings.DRIFT_GRACE_SECONDS = 0
    ids = [sandbox.place()["id"] for _ in range(6)]
    reconcile.reconcile(shopify, by="test")
    Drift.objects.all().delete()
    return ids


def webhook_of(run: SyncRun) -> None:
    """Shopify's message about the end of the trip's query, and a worker that handles it."""
    body = {"admin_graphql_api_id": run.cursor["operation"], "status": "completed"}
    assert post(run.connection, round_trip.TOPIC, body).status_code == 200
    inbox.drain()


def carried_home(run: SyncRun) -> SyncRun:
    passes.carry_on(run, 20)
    webhook_of(run)
    run.cursor.pop("waits_until", None)
    passes.keep(run)
    passes.carry_on(run, 20)
    return run


def test_a_store_that_is_the_same_is_proved(shopify, orders):
    run = carried_home(proving.begin(shopify, by="test"))
    assert (run.state, run.looked_at, run.drift_found, run.failed) == ("done", 6, 0, 0)
    assert run.facts["handled_ms"] >= run.facts["arrived_ms"] >= 0
    assert proving.last(shopify) == run


def test_what_differs_is_said_and_healed(shopify, orders):
    Order.objects.filter(remote_id=orders[2]).update(email="typed@over.example")
    run = carried_home(proving.begin(shopify, by="test"))
    assert (run.state, run.drift_found, run.healed) == ("done", 1, 1)
    assert run.facts["failures"] == [{"order": orders[2], "why": "email"}]
    assert Drift.objects.get().healed_by == "test"


def test_a_webhook_that_does_not_come_fails_the_check(shopify, orders):
    run = proving.begin(shopify, by="test")
    passes.carry_on(run, 20)
    assert (run.state, run.facts["waits_for"]) == ("running", "the webhook of the round trip")
    SyncRun.objects.filter(pk=run.pk).update(started_at=run.started_at - round_trip.MOST_WAIT)
    passes.carry_on(run, 20)
    assert run.state == "running"  # a pass may have waited for a worker before it set out
    run.cursor["set_out_at"] = (timezone.now() - round_trip.MOST_WAIT).isoformat()
    passes.keep(run)
    passes.carry_on(run, 20)
    assert (run.state, run.looked_at) == ("failed", 6)
    assert run.failure.startswith("No webhook came")


def test_a_store_that_cannot_be_asked_fails_the_check(shopify, orders):
    Connection.objects.filter(pk=shopify.pk).update(url="http://127.0.0.1:9")
    run = proving.begin(shopify, by="test")
    passes.carry_on(run, 20)
    assert (run.state, "trip_failure" in run.facts) == ("running", True)  # it is asked again for ten minutes


def test_the_same_seed_draws_the_same_orders(shopify, orders):
    first = proving.draw(shopify, 3, seed=5)
    assert len(first) == 3
    assert proving.draw(shopify, 3, seed=5) == first
    assert {tuple(proving.draw(shopify, 3, seed=seed)) for seed in range(20)} != {tuple(first)}
    assert set(proving.draw(shopify, 25, seed=1)) <= set(orders)


def test_a_store_without_orders_still_makes_the_trip(shopify):
    run = carried_home(proving.begin(shopify, by="test"))
    assert (run.state, run.looked_at) == ("done", 0)


def test_it_learns_where_the_store_sends_from(shopify):
    assert shopify.shop.country == ""
    carried_home(proving.begin(shopify, by="test"))
    shopify.shop.refresh_from_db()
    assert shopify.shop.country == "US"


def test_the_command_says_the_seed_and_what_differed(shopify, orders, monkeypatch):
    monkeypatch.setattr(round_trip, "arrival", lambda run: round_trip.Arrival(run.facts.update(handled_ms=7) is None))
    out = StringIO()
    call_command("check_sync", seed=5, sample=3, stdout=out)
    assert "round trip 7 ms; 3 orders compared field by field (seed 5), 0 differed" in out.getvalue()
    Order.objects.update(note="Typed over")
    out = StringIO()
    with pytest.raises(CommandError, match="Not everything"):
        call_command("check_sync", sample=3, stdout=out)
    assert "3 differed, 3 healed" in out.getvalue()
    with pytest.raises(CommandError, match="is not connected"):
        call_command("check_sync", shop="nobody.myshopify.com")


def test_stores_are_checked_every_hour(shopify):
    assert schedules.MINUTES["integrations.proving.begin_all"] == 60
    proving.begin_all()
    proving.begin_all()
    assert SyncRun.objects.get().kind == "check"


def test_the_workers_carry_on_what_is_under_way(shopify):
    run = proving.begin(shopify, by="test")
    assert list(passes.running()) == [run]
    assert passes.drain() >= 1
    run.refresh_from_db()
    assert run.beat_at is not None


def test_a_trip_that_staff_began_is_nobodys_to_carry_on(shopify):
    round_trip.begin(shopify, by="staff:lea")
    assert not passes.running().exists()
    with pytest.raises(passes.UnderWay):
        proving.begin(shopify, by="test")
