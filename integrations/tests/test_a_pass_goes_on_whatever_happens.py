"""A pass survives who runs it, a shop that throttles or is silent, and orders that cannot be read."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from integrations import bells, healing, passes, reconcile
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection, SyncRun
from integrations.shopify import polling, queries
from integrations.shopify.client import Shopify
from integrations.shopify.pacing import Bucket, Paced
from integrations.tests.shopify import connect
from orders.models import Order

PAST = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


@pytest.fixture(autouse=True)
def no_grace(settings):
    """Changes of this second count as missed."""
    settings.DRIFT_GRACE_SECONDS = 0


def faults(sandbox: Any, **settings: Any) -> None:
    assert sandbox.post("/sandbox/faults.json", **settings).status_code == 200


def is_rung() -> bool:
    return bells.PASSES in bells.due()


def age(run: SyncRun) -> None:
    """As if whoever ran it had died a minute ago."""
    SyncRun.objects.filter(pk=run.pk).update(beat_at=run.started_at.replace(year=2025))


def test_a_pass_that_was_cut_off_goes_on_where_it_was(sandbox, shopify, monkeypatch):
    for _ in range(4):
        sandbox.place()
    run = reconcile.begin(shopify, by="test")
    read, seen = healing.comparing.read_order, []

    def dies_at_the_third(connection: Connection, remote_id: int, line: Paced) -> Any:
        seen.append(remote_id)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return read(connection, remote_id, line)

    monkeypatch.setattr(healing.comparing, "read_order", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        passes.carry_on(run, 20)
    run.refresh_from_db()
    assert (run.state, run.looked_at, run.healed, len(run.cursor["todo"])) == ("running", 4, 2, 2)
    assert not is_rung()
    age(run)
    assert is_rung()
    assert passes.drain() == 1
    run.refresh_from_db()
    assert (run.state, run.looked_at, run.healed, Order.objects.count()) == ("done", 4, 4, 4)
    assert len(seen) == 5


def test_an_order_that_kills_who_reads_it_is_given_up(sandbox, shopify, monkeypatch):
    placed = sandbox.place()
    run = reconcile.begin(shopify, by="test")

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(healing.comparing, "read_order", dies)
    for _ in range(healing.TRIES):
        with pytest.raises(KeyboardInterrupt):
            passes.carry_on(run, 20)
    passes.carry_on(run, 20)
    assert (run.state, run.failed) == ("done", 1)
    assert run.facts["failures"] == [{"order": placed["id"], "why": "No try of it came to an end."}]


def test_an_order_that_failed_is_tried_again_by_the_next_pass(sandbox, shopify, monkeypatch):
    placed = sandbox.place()

    def refuses(*_: Any) -> None:
        raise GiveUp("Shopify refused the query", parked="refused")

    with monkeypatch.context() as broken:
        broken.setattr(healing.comparing, "read_order", refuses)
        run = reconcile.reconcile(shopify, by="test")
    assert (run.state, run.failed, run.cursor["failed"]) == (
        "done",
        1,
        {str(placed["id"]): "Shopify refused the query"},
    )
    second = reconcile.begin(shopify, by="test")
    SyncRun.objects.filter(pk=second.pk).update(since=run.until)  # so that only what failed brings it back
    reconcile.finish(second)
    assert (second.healed, Order.objects.get().remote_id) == (1, placed["id"])


def test_a_shop_that_does_not_answer_is_left_alone_and_asked_again(sandbox, shopify):
    sandbox.place()
    run = reconcile.begin(shopify, by="test")
    faults(sandbox, graphql_status=503)
    try:
        assert passes.drain() == 1
        run.refresh_from_db()
        assert passes.waits(run)
        assert "Shopify answered 503" in run.facts["waits_for"]
        assert passes.drain() == 0
    finally:
        faults(sandbox, graphql_status=None)
    run.cursor.pop("waits_until")
    passes.keep(run)
    passes.drain()
    run.refresh_from_db()
    assert (run.state, run.healed, "waits_for" in run.facts) == ("done", 1, False)


def test_a_pass_that_asked_to_be_left_alone_is_rung_for_when_its_time_has_come(shopify):
    run = reconcile.begin(shopify, by="test")
    run.cursor["waits_until"] = (run.started_at + timedelta(hours=1)).isoformat()
    passes.keep(run)
    assert not is_rung()
    assert passes.drain() == 0
    run.cursor["waits_until"] = (run.started_at - timedelta(seconds=1)).isoformat()
    passes.keep(run)
    assert is_rung()


def test_a_shop_that_is_silent_for_ten_minutes_fails_the_pass(shopify):
    Connection.objects.filter(pk=shopify.pk).update(url="http://127.0.0.1:9")
    run = reconcile.begin(shopify, by="test")
    passes.carry_on(run, 5)
    assert run.state == "running"
    run.cursor["stuck_since"] = run.started_at.replace(year=2025).isoformat()
    passes.keep(run)
    passes.carry_on(run, 5)
    assert (run.state, run.ended_at is None) == ("failed", False)
    assert "No answer" in run.failure
    following = reconcile.begin(shopify, by="test")
    assert following.since is not None
    assert run.since is not None
    assert abs((following.since - run.since).total_seconds()) < 60  # the window has not moved


def test_a_refused_token_fails_the_pass_at_once(sandbox, db):
    run = reconcile.reconcile(connect(sandbox.shop, api_url=sandbox.url, token="wrong"), by="test")
    assert (run.state, "token" in run.failure) == ("failed", True)


def test_throttling_is_waited_for_within_the_pass(sandbox, shopify, monkeypatch):
    sandbox.place()
    answer, throttled = Shopify.run_partly, [polling.ORDER_HEADS, queries.ORDER_READ, queries.FULFILLMENT_ORDERS]

    def sometimes(self: Shopify, document: str, variables: dict[str, Any], *, optional: Any) -> Any:
        if document in throttled:
            throttled.remove(document)
            raise RetryLater("Shopify throttles us.", after=0.05)
        return answer(self, document, variables, optional=optional)

    monkeypatch.setattr(Shopify, "run_partly", sometimes)
    run = reconcile.reconcile(shopify, by="test")
    assert (run.state, run.healed, run.failed, throttled) == ("done", 1, 0, [])
    assert run.facts["waited_seconds"] >= 0.15


def test_a_share_of_the_bucket_is_left_to_live_work():
    bucket = Bucket(available=700, maximum=1000, restored=50, at=0)
    assert bucket.wait(100, 0.3, now=0) == 0
    assert bucket.wait(450, 0.3, now=0) == 1.0
    assert bucket.wait(450, 0.3, now=1) == 0
    assert bucket.wait(900, 0.3, now=0) == 6.0  # never more than the bucket can hold


def test_a_pass_slows_down_before_it_takes_more(sandbox, shopify):
    """Nearly the whole bucket is to be left, so the next query has to wait until what the last one cost is back."""
    with override_settings(LEAVE_TO_LIVE_WORK=0.999):
        line = Paced(shopify, patience=10)
    for _ in range(4):
        sandbox.place()
    began = time.monotonic()
    healing.polling.order_heads(line, PAST, None, None)
    healing.polling.order_heads(line, PAST, None, None)
    assert 0 < line.waited <= time.monotonic() - began
    assert sandbox.ask("{ shop { id } }")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] > 1900


def test_stock_that_kills_who_reads_it_holds_up_no_pass(sandbox, shopify, monkeypatch):
    run = reconcile.begin(shopify, by="test")

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(healing.stock, "poll", dies)
    for _ in range(healing.TRIES):
        with pytest.raises(KeyboardInterrupt):
            passes.carry_on(run, 20)
    passes.carry_on(run, 20)
    assert (run.state, run.facts["stock"]) == ("done", "not looked at to the end: too much has changed")


def test_what_goes_wrong_in_ourselves_is_kept_with_its_reason(sandbox, shopify, monkeypatch, caplog):
    sandbox.place()

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(healing.comparing, "read_and_heal", broken)
    run = reconcile.reconcile(shopify, by="test")
    assert (run.state, run.failed, run.facts["failures"][0]["why"]) == ("done", 1, "ZeroDivisionError: ours")
    assert "cannot be let in" in caplog.text
