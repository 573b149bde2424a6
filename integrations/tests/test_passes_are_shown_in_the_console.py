"""The console's list of passes, the page of one, and the buttons that begin them: a POST, by who may."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import passes, reconcile
from integrations.models import SyncRun
from integrations.tests.console import make_connection
from integrations.tests.sync import connection_page, lead_client, shown, text_of
from orders.tests.builders import make_order
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db
LIST = reverse("admin:integrations_syncrun_changelist")


@pytest.fixture
def lead(db) -> Client:
    return lead_client()


@pytest.fixture
def store(db):
    return make_connection("shopify", "Shopify")


def page_of(run: SyncRun) -> str:
    return reverse("admin:integrations_syncrun_change", args=[run.pk])


def press(client: Client, connection, **posted):
    return client.post(reverse("admin:integrations_connection_change", args=[connection.pk]), posted, follow=True)


def done(store, **fields) -> SyncRun:
    values = {"kind": "reconcile", "by": "schedule", "state": "done", "ended_at": timezone.now(), **fields}
    return SyncRun.objects.create(connection=store, **values)


def test_the_list_says_what_passes_found(store):
    done(store, looked_at=120, drift_found=3, healed=2, failed=1)
    page = shown(agent_client(), LIST)
    assert "Reconcile" in page
    assert "120 3 2 1 schedule" in page


def test_the_list_can_be_narrowed(store):
    done(store, by="clean")
    done(store, by="dirty", drift_found=1)
    done(store, by="broken", state="failed", kind="check")
    client = agent_client()
    for query, seen in (("drift", "dirty"), ("failed", "broken"), ("check", "broken"), ("reconcile", "clean")):
        page = shown(client, f"{LIST}?kind={query}")
        assert seen in page
    assert "clean" not in shown(client, f"{LIST}?kind=drift")


def test_the_page_of_a_pass_under_way_says_how_far_it_is(store):
    run = reconcile.begin(store, by="schedule")
    run.looked_at, run.total, run.cursor["todo"] = 40, 100, [[1, 0], [2, 0]]
    run.facts = {"waits_for": "Shopify throttles us."}
    passes.keep(run)
    answer = agent_client().get(page_of(run))
    page = text_of(answer)
    assert "How far it is Running" in page
    assert "40 of 100" in page
    assert "Still to read 2" in page
    assert "Waits: Shopify throttles us." in page
    assert b"data-running" in answer.content


def test_the_page_of_a_pass_leads_to_the_orders_that_could_not_be_read(store):
    order = make_order(shop=store.shop)
    failures = [{"order": order.remote_id, "why": "cut off"}, {"order": 1, "why": "<b>refused</b>"}]
    run = done(store, failed=2, facts={"failures": failures, "read": 7, "waited_seconds": 1.5})
    answer = agent_client().get(page_of(run))
    page = text_of(answer)
    assert f"{order.name} cut off" in page
    assert "Orders read whole 7" in page
    assert b"&lt;b&gt;refused" in answer.content
    assert reverse("admin:integrations_connection_order", args=[store.pk, order.pk]) in answer.content.decode()


def test_a_lead_begins_a_pass_from_a_date(lead, store):
    page = text_of(press(lead, store, verb="reconcile", **{"from": "2026-11-01T00:00"}))
    assert "A pass has begun" in page
    run = SyncRun.objects.get()
    assert (run.by, f"{run.since:%Y-%m-%d %H:%M}") == ("staff:lea", "2026-11-01 00:00")
    assert "0 orders looked at" in connection_page(lead, store)


def test_a_second_pass_is_refused_while_one_runs(lead, store):
    press(lead, store, verb="reconcile")
    answer = press(lead, store, verb="reconcile")
    assert answer.status_code == 409
    assert "is under way since" in text_of(answer)
    assert SyncRun.objects.count() == 1


def test_a_lead_begins_a_check(lead, store):
    assert "A check has begun" in text_of(press(lead, store, verb="check"))
    assert SyncRun.objects.get().kind == "check"


def test_the_connection_says_when_it_was_last_proved(lead, store):
    assert "Last pass none yet Last check none yet" in connection_page(lead, store)
    done(store, drift_found=4, healed=4)
    done(store, kind="check", looked_at=25, cursor={"seed": 1}, facts={"handled_ms": 380})
    page = connection_page(lead, store)
    assert "4 differed, 4 healed" in page
    assert "25 orders compared in every field, 0 differed; round trip 380 ms" in page


@pytest.mark.parametrize("verb", ["reconcile", "check"])
def test_an_agent_sees_and_begins_nothing(store, verb):
    client = agent_client()
    assert "Reconcile now" not in connection_page(client, store)
    assert press(client, store, verb=verb).status_code == 403
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize("typed", ["soon", "2999-01-01T00:00"])
def test_a_date_that_cannot_be_is_refused(lead, store, typed):
    assert press(lead, store, verb="reconcile", **{"from": typed}).status_code == 409
    assert not SyncRun.objects.exists()


def test_a_partners_endpoint_cannot_be_compared(lead):
    endpoint = make_connection()
    assert press(lead, endpoint, verb="reconcile").status_code == 409
    assert "Reconcile now" not in connection_page(lead, endpoint)
