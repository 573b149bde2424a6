"""/metrics: closed without the token, readable by Prometheus, right in its figures, silent about people and secrets."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from backoffice.tests.builders import api
from integrations import measures, metrics
from integrations.models import Alert, AlertLimit, Delivery, DeliveryAttempt, Drift, Health, Heartbeat, InboundMessage
from integrations.tests.console import fill, make_connection, make_message, park
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-enough-characters"
Sample = tuple[str, frozenset[tuple[str, str]]]


@pytest.fixture(autouse=True)
def token(settings):
    settings.METRICS_TOKEN = TOKEN


def scrape() -> str:
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer["Cache-Control"] == "no-store"
    return answer.content.decode()


def figures() -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Name without its prefix → labels → value, as Prometheus itself reads them."""
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(scrape()):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            name = sample.name.removeprefix("backoffice_")
            assert name != sample.name
            found.setdefault(name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def value(read, name: str, **labels: str) -> float:
    (found,) = [number for of, number in read[name].items() if set(labels.items()) <= of]
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer \xe9"},
        {"Authorization": f"Basic {TOKEN}"},
    ],
)
def test_without_the_token_nothing_is_told(headers):
    make_connection()
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert "backoffice_" not in answer.content.decode()


def test_the_token_in_the_address_does_not_open_it():
    assert Client().get(f"/metrics?token={TOKEN}").status_code == 401


def test_a_partners_key_does_not_open_it():
    assert api().get("/metrics").status_code == 401


@pytest.mark.parametrize("sent", [None, "", TOKEN])
def test_without_a_configured_token_there_is_no_such_page(settings, sent):
    settings.METRICS_TOKEN = ""
    headers = {} if sent is None else {"Authorization": f"Bearer {sent}"}
    assert Client().get("/metrics", headers=headers).status_code == 404


def test_it_is_read_only():
    assert Client().post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_the_outbox_is_told_by_connection_and_state():
    warehouse, quiet = make_connection(label="Warehouse"), make_connection(label="Quiet")
    for _ in range(4):
        make_order()
    Delivery.objects.filter(connection=quiet).update(state="delivered")
    first, second, third, _ = Delivery.objects.filter(connection=warehouse).order_by("id")
    park(first)
    now = timezone.now()
    Delivery.objects.filter(pk=second.pk).update(
        state="retrying", attempts=2, created_at=now - timedelta(hours=1), due_at=now + timedelta(hours=1)
    )
    Delivery.objects.filter(pk=third.pk).update(due_at=now - timedelta(minutes=2))
    read, mine = figures(), {"connection": warehouse.public_id, "system": "webhook"}
    assert {state: value(read, "outbox_deliveries", **mine, state=state) for state in Delivery.OPEN} == {
        "pending": 2, "sending": 0, "retrying": 1, "parked": 1,
    }  # fmt: skip
    assert 3600 <= value(read, "outbox_lag_seconds", **mine) < 3660
    assert 120 <= value(read, "outbox_overdue_seconds", **mine) < 180
    for name in ("outbox_lag_seconds", "outbox_overdue_seconds"):
        assert value(read, name, connection=quiet.public_id) == 0


def test_the_inbox_tells_what_waits_what_is_stuck_and_how_long_it_took():
    shop = make_connection("shopify", "Shopify")
    now = timezone.now()
    waiting = make_message(shop, "received")
    InboundMessage.objects.filter(pk=waiting.pk).update(
        received_at=now - timedelta(seconds=90), due_at=now - timedelta(seconds=30)
    )
    make_message(shop, "parked")
    for seconds in (1, 2, 3):
        done = make_message(shop)
        InboundMessage.objects.filter(pk=done.pk).update(received_at=now - timedelta(seconds=seconds), handled_at=now)
    old = make_message(shop)
    InboundMessage.objects.filter(pk=old.pk).update(
        received_at=now - timedelta(hours=3), handled_at=now - timedelta(hours=1)
    )
    read = figures()
    assert value(read, "inbox_messages_waiting", connection=shop.public_id) == 1
    assert 90 <= value(read, "inbox_lag_seconds", connection=shop.public_id) < 120
    assert 30 <= value(read, "inbox_overdue_seconds", connection=shop.public_id) < 60
    assert value(read, "inbox_messages_stuck", connection=shop.public_id, state="parked") == 1
    assert value(read, "inbox_messages_stuck", connection=shop.public_id, state="failed") == 0
    assert value(read, "inbox_handled_recent") == 3
    assert value(read, "inbox_handle_seconds", quantile="0.5") == pytest.approx(2)
    assert value(read, "inbox_handle_seconds", quantile="0.99") == pytest.approx(2.98)


def try_(delivery: Delivery, status: int | None, seconds_ago: float = 1) -> None:
    DeliveryAttempt.objects.create(
        delivery=delivery, number=1, started_at=timezone.now() - timedelta(seconds=seconds_ago), milliseconds=5,
        status=status, outcome="words with canary-outcome", answer="canary-answer",
    )  # fmt: skip


def test_tries_of_the_last_five_minutes_are_told_by_class_of_answer():
    warehouse = make_connection()
    make_order()
    delivery = Delivery.objects.get()
    try_(delivery, 200, seconds_ago=301)
    for status in (200, 204, 302, 404, 429, 503, None):
        try_(delivery, status)
    read = figures()
    tried = {
        outcome: value(read, "delivery_attempts_recent", connection=warehouse.public_id, outcome=outcome)
        for outcome in metrics.OUTCOMES
    }
    assert tried == {"2xx": 2, "3xx": 1, "4xx": 2, "5xx": 1, "no_answer": 1}
    assert value(read, "delivery_attempts_window_seconds") == 300


def test_under_load_the_window_is_as_long_as_the_rows_read(monkeypatch):
    make_connection()
    make_order()
    delivery = Delivery.objects.get()
    for seconds in (200, 100, 10):
        try_(delivery, 200, seconds_ago=seconds)
    monkeypatch.setattr(metrics, "_ATTEMPTS", metrics._ATTEMPTS.replace(str(metrics.NEWEST), "2"))
    read = figures()
    assert value(read, "delivery_attempts_recent", outcome="2xx") == 2
    assert 100 <= value(read, "delivery_attempts_window_seconds") < 110


def test_breakers_pauses_drift_alerts_and_heartbeats_are_told():
    warehouse = make_connection()
    gone = make_connection(label="Removed")
    now = timezone.now()
    type(gone).objects.filter(pk=gone.pk).update(removed_at=now)
    type(warehouse).objects.filter(pk=warehouse.pk).update(paused_at=now)
    Health.objects.create(
        connection=warehouse, failures=7, failing_since=now - timedelta(hours=2), open_until=now + timedelta(minutes=1)
    )
    Drift.objects.create(connection=warehouse, order=make_order(), fields=[])
    limit = AlertLimit.objects.create(measure="drift", limit=0, mail_to="canary@example.com")
    Alert.objects.create(limit=limit, connection=warehouse, value=1)
    Heartbeat.objects.create(host="w1", beat_at=now - timedelta(seconds=9))
    Heartbeat.objects.create(host="long-gone", beat_at=now - timedelta(days=2))
    read = figures()
    for name, expected in (
        ("breaker_open", 1), ("connection_paused", 1), ("connection_failures", 7), ("drift_open", 1),
    ):  # fmt: skip
        assert value(read, name) == expected, name
    assert 7200 <= value(read, "connection_failing_seconds") < 7260
    assert value(read, "alerts_open", measure="drift") == 1
    assert value(read, "alerts_open", measure="lag") == 0
    assert 9 <= value(read, "worker_heartbeat_age_seconds") < 20


def test_an_empty_installation_is_told_too():
    read = figures()
    assert value(read, "inbox_handled_recent") == 0
    assert "inbox_handle_seconds" not in read


def test_names_follow_the_conventions():
    fill()
    for name in figures():
        assert name == name.lower()
        assert not name.endswith("_total")  # nothing here is a counter
        assert name.endswith("_seconds") == bool({"lag", "overdue", "age", "failing"} & set(name.split("_"))) or (
            name in ("inbox_handle_seconds", "delivery_attempts_window_seconds")
        )


def test_no_secret_and_no_personal_data_is_told():
    fill()
    make_order(email="canary@example.com")
    try_(Delivery.objects.order_by("id").last(), 200)
    AlertLimit.objects.create(measure="lag", limit=1, mail_to="canary@example.com", url="https://chat.example/canary")
    text = scrape()
    for word in ("canary", "whsec_", "topsecret", "@", "hooks.example.com", "Warehouse", "#1", TOKEN, "myshopify"):
        assert word not in text, word
    labels = {
        label for family in text_string_to_metric_families(text) for sample in family.samples for label in sample.labels
    }
    assert labels <= {"connection", "system", "state", "outcome", "measure", "quantile", "host"}


def test_the_number_of_questions_does_not_grow_with_connections(django_assert_max_num_queries):
    for number in range(10):
        make_connection(label=f"Partner {number}")
    with django_assert_max_num_queries(14):
        scrape()


def test_a_database_that_takes_too_long_is_answered_with_503(monkeypatch):
    monkeypatch.setattr(metrics, "DEADLINE_MS", 50)
    monkeypatch.setattr(measures, "_OPEN", "SELECT 1, '', 1, 1, 1 FROM pg_sleep(5)")
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 503
    assert "backoffice_" not in answer.content.decode()


MANY = 40_000


@pytest.fixture
def long_history():
    """Many delivered rows, tries and handled messages, and a few open ones; statistics as autovacuum leaves them."""
    warehouse = make_connection()
    make_order()
    delivery = Delivery.objects.get()
    message = make_message(warehouse)
    with database.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE integrations_delivery DROP CONSTRAINT delivery_once_per_entry")
        columns = "entry_id, order_id, shop_id, parked_because, attempts, due_at, fence, result, created_at"
        cursor.execute(
            f"INSERT INTO integrations_delivery (connection_id, state, {columns}) SELECT connection_id, 'delivered',"
            f" {columns} FROM integrations_delivery, generate_series(1, {MANY})"
        )
        cursor.execute(
            "INSERT INTO integrations_deliveryattempt (delivery_id, number, started_at, milliseconds, status,"
            " payload_version, outcome, answer) SELECT %s, 1, now() - make_interval(secs => 1e6 - n), 1, 200, '', '',"
            f" '' FROM generate_series(1, {MANY}) n",
            [delivery.pk],
        )
        columns = "topic, event_key, headers, body_zlib, result, traceback, attempts, received_at, handled_at"
        cursor.execute(
            f"INSERT INTO integrations_inboundmessage (connection_id, state, delivery_key, digest, {columns}) SELECT"
            f" connection_id, 'handled', n::text, decode(md5(n::text), 'hex'), {columns}"
            f" FROM integrations_inboundmessage, generate_series(1, {MANY}) n"
        )
        for table in ("delivery", "deliveryattempt", "inboundmessage"):
            cursor.execute(f"ANALYZE integrations_{table}")
    return message


QUESTIONS = [
    (measures._OPEN, ("outbox_heads", "outbox_due")),
    (measures._INBOX, ("inbox_due",)),
    (metrics._ATTEMPTS, ("integrations_deliveryattempt_pkey",)),
    (metrics._HANDLED, ("integrations_inboundmessage_pkey",)),
]


def test_what_is_done_is_never_read(long_history):
    """PostgreSQL's own plan: an index of open rows, or the end of the primary key; no table is read through."""
    for sql, indexes in QUESTIONS:
        with database.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}".replace(str(metrics.NEWEST), "500"), {"connection": None})
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan" not in plan, plan
        assert any(name in plan for name in indexes), plan


def test_alerts_read_open_rows_only_too(long_history):
    for rows in (
        Delivery.objects.filter(state="parked").order_by().values("connection_id"),
        Drift.objects.filter(healed_at=None).order_by().values("connection_id"),
    ):
        with database.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table without rows is read through in any case
            cursor.execute(f"EXPLAIN {rows.query}".replace("= parked", "= 'parked'"))
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "outbox_parked" in plan or "one_open_drift_per_order" in plan, plan
