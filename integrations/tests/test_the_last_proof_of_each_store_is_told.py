"""How long ago a store was compared and proved the same: in /metrics, to those whom a limit tells, and on Today."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import alerts, measures, proof
from integrations.models import Alert, AlertLimit, Connection, SyncRun
from integrations.tests.console import make_connection
from integrations.tests.sync import text_of
from integrations.tests.test_metrics_tell_figures_and_no_secrets import TOKEN, figures, value
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(db) -> Connection:
    return make_connection("shopify", "Shopify")


def ended(store: Connection, kind: str, minutes: float, state: str = "done", **fields: Any) -> SyncRun:
    """A pass that ended so many minutes ago."""
    values: dict[str, Any] = {"cursor": {"seed": 1} if kind == "check" else {}, **fields}
    at = timezone.now() - timedelta(minutes=minutes)
    return SyncRun.objects.create(connection=store, kind=kind, state=state, by="test", ended_at=at, **values)


def test_ages_are_those_of_the_last_pass_and_the_last_good_check(store):
    ended(store, "reconcile", 50)
    ended(store, "reconcile", 20)
    ended(store, "reconcile", 1, state="failed")
    ended(store, "check", 90)
    ended(store, "check", 30, drift_found=2, failed=1)
    (found,) = proof.proofs()
    assert (round(found.pass_age / 60), round(found.proof_age / 60), found.wrong) == (20, 90, 3)


def test_a_check_that_failed_is_one_thing_wrong_and_a_round_trip_is_no_check(store):
    ended(store, "check", 5, state="failed")
    ended(store, "check", 1, cursor={}, facts={"round_trip": True})
    assert proof.wrong() == {store.pk: 1}


def test_a_store_that_was_never_compared_counts_from_when_it_was_connected(store):
    Connection.objects.filter(pk=store.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert 3590 <= proof.pass_age()[store.pk] <= 3700


def test_partners_and_stores_that_are_gone_are_not_told(store):
    make_connection()
    Connection.objects.filter(pk=store.pk).update(uninstalled_at=timezone.now())
    assert proof.proofs() == []


def test_metrics_tell_the_ages_of_stores_alone(store, settings):
    settings.METRICS_TOKEN = TOKEN
    make_connection()
    ended(store, "reconcile", 20)
    ended(store, "check", 40, drift_found=2)
    read = figures()
    assert len(read["reconcile_age_seconds"]) == 1
    assert 1200 <= value(read, "reconcile_age_seconds", connection=store.public_id) < 1300
    assert value(read, "check_wrong", connection=store.public_id) == 2
    assert value(read, "proof_age_seconds", connection=store.public_id) < 60


def test_staff_are_told_when_no_pass_was_finished_for_45_minutes(store):
    AlertLimit.objects.create(measure="pass", limit=2700, mail_to="ops@example.com")
    ended(store, "reconcile", 44)
    alerts.evaluate()
    assert not Alert.objects.exists()
    SyncRun.objects.update(ended_at=timezone.now() - timedelta(minutes=46))
    alerts.evaluate()
    assert "no pass over it was finished for 2,7" in mail.outbox[0].subject
    ended(store, "reconcile", 0)
    alerts.evaluate()
    assert "is well again" in mail.outbox[1].subject


def test_staff_are_told_what_a_check_found(store):
    AlertLimit.objects.create(measure="proof", limit=0, mail_to="ops@example.com")
    ended(store, "check", 1, drift_found=2)
    alerts.evaluate()
    assert "2 findings of the last check" in mail.outbox[0].subject


def test_every_measure_has_its_question_its_unit_and_its_sentence():
    every = set(AlertLimit.Measure)
    assert set(measures.MEASURES) == set(measures.UNITS) == set(alerts.SENTENCES) == every


def test_today_shows_each_store(store):
    client: Client = agent_client()

    def today() -> str:
        return text_of(client.get(reverse("admin:index")))

    assert "Shopify Not checked yet not compared yet" in today()
    ended(store, "check", 10)
    ended(store, "reconcile", 10)
    assert "Shopify Proved the same" in today()
    ended(store, "check", 1, drift_found=2)
    assert "Last check found 2 wrong" in today()
