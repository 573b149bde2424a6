"""Limits that staff set: told once when a measure passes, once when it is back, and again only when telling failed."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from backoffice.tests.at_once import at_once
from integrations import alerts
from integrations.models import Alert, AlertLimit, Delivery, Drift, InboundMessage
from integrations.tests.console import make_connection, make_message, park
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db


def limit_on(measure: str, limit: int = 0, **fields) -> AlertLimit:
    return AlertLimit.objects.create(measure=measure, limit=limit, **{"mail_to": "ops@example.com", **fields})


def parked(connection, number: int = 1) -> list[Delivery]:
    for _ in range(number):
        make_order()
    rows = Delivery.objects.filter(connection=connection).exclude(state="parked").order_by("id")[:number]
    return [park(delivery) for delivery in rows]


def make_well(connection) -> None:
    Delivery.objects.filter(connection=connection).update(state="delivered", parked_because="")


def subjects() -> list[str]:
    return [str(message.subject) for message in mail.outbox]


def test_it_is_told_once_when_passed_and_once_when_back():
    warehouse = make_connection()
    limit = limit_on("parked", 1)
    parked(warehouse, 1)
    alerts.evaluate()
    assert mail.outbox == []
    parked(warehouse, 1)
    for _ in range(3):
        alerts.evaluate()
    assert subjects() == ["[Back office] Warehouse: 2 deliveries parked; the limit is 1 delivery."]
    assert mail.outbox[0].to == ["ops@example.com"]
    assert f"/admin/integrations/connection/{warehouse.pk}/change/" in mail.outbox[0].body
    make_well(warehouse)
    for _ in range(3):
        alerts.evaluate()
    assert len(mail.outbox) == 2
    assert "Warehouse is well again" in mail.outbox[1].subject
    alert = Alert.objects.get(limit=limit)
    assert alert.ended_at is not None
    assert [(note["event"], note["way"], note["error"]) for note in alert.told] == [
        ("raised", "mail", ""),
        ("ended", "mail", ""),
    ]


def test_passing_it_again_is_a_new_alert():
    warehouse = make_connection()
    limit_on("parked")
    parked(warehouse)
    alerts.evaluate()
    make_well(warehouse)
    alerts.evaluate()
    parked(warehouse)
    alerts.evaluate()
    assert len(mail.outbox) == 3
    assert Alert.objects.count() == 2


def test_a_limit_for_all_watches_each_connection_on_its_own():
    one, other = make_connection(label="One"), make_connection(label="Other")
    limit_on("parked", 1)
    parked(one, 1)
    parked(other, 1)
    alerts.evaluate()
    assert mail.outbox == []  # two are parked, but not on one connection
    parked(other, 1)
    alerts.evaluate()
    assert [alert.connection for alert in Alert.objects.all()] == [other]


def test_a_limit_for_one_connection_says_nothing_of_others():
    one, other = make_connection(label="One"), make_connection(label="Other")
    limit_on("parked", connection=one)
    parked(other)
    alerts.evaluate()
    assert Alert.objects.count() == 0


def test_lag_is_the_age_of_the_oldest_delivery_also_while_it_waits_for_its_next_try():
    warehouse = make_connection()
    limit_on("lag", 600)
    make_order()
    delivery = Delivery.objects.get(connection=warehouse)
    hour = timedelta(hours=1)
    Delivery.objects.update(
        created_at=timezone.now() - hour, state="retrying", attempts=3, due_at=timezone.now() + hour
    )
    alerts.evaluate()
    alert = Alert.objects.get()
    assert alert.connection == delivery.connection
    assert 3600 <= alert.value < 3660


def test_what_is_not_due_yet_or_waits_behind_a_parked_one_is_no_lag():
    make_connection()
    limit_on("lag", 600)
    make_order()
    make_order()
    undo, behind = Delivery.objects.order_by("id")
    long_ago = timezone.now() - timedelta(hours=1)
    Delivery.objects.filter(pk=undo.pk).update(created_at=long_ago, due_at=timezone.now() + timedelta(seconds=20))
    Delivery.objects.filter(pk=behind.pk).update(created_at=long_ago, due_at=long_ago, behind=undo.pk)
    alerts.evaluate()
    assert Alert.objects.count() == 0


def test_drift_and_the_inbox_are_watched_too():
    shop = make_connection("shopify", "Shopify")
    limit_on("drift")
    limit_on("inbox", 60)
    healed, open_ = make_order(), make_order()
    Drift.objects.create(connection=shop, order=healed, fields=[], healed_at=timezone.now())
    message = make_message(shop, "received")
    alerts.evaluate()
    assert mail.outbox == []
    Drift.objects.create(connection=shop, order=open_, fields=[])
    old = timezone.now() - timedelta(minutes=5)
    InboundMessage.objects.filter(pk=message.pk).update(received_at=old, due_at=old)
    alerts.evaluate()
    assert sorted(Alert.objects.values_list("limit__measure", flat=True)) == ["drift", "inbox"]


def test_a_webhook_is_told_in_words_and_numbers(receiver):
    warehouse = make_connection()
    limit_on("parked", mail_to="", url=receiver.url)
    parked(warehouse, 2)
    alerts.evaluate()
    (got,) = receiver.received
    body = json.loads(got.body)
    assert body["text"] == "Warehouse: 2 deliveries parked; the limit is 0 deliveries."
    assert (body["event"], body["measure"], body["value"], body["limit"], body["unit"]) == (
        "alert.raised", "parked", 2, 0, "deliveries",
    )  # fmt: skip
    assert body["connection"] == warehouse.public_id
    assert got.headers["content-type"] == "application/json"
    make_well(warehouse)
    alerts.evaluate()
    assert json.loads(receiver.received[1].body)["event"] == "alert.ended"


def test_a_telling_that_failed_is_noted_and_tried_again_until_it_works(receiver):
    warehouse = make_connection()
    limit_on("parked", url=receiver.url)
    parked(warehouse)
    receiver.answer = lambda _: (503, {}, b"")
    alerts.evaluate()
    alerts.evaluate()
    note = alerts.noted(Alert.objects.get(), "raised", "webhook")
    assert (note["error"], note["tries"]) == ("The webhook answered 503.", 2)
    assert len(mail.outbox) == 1  # the mail went out, and is not sent again for the webhook's sake
    receiver.answer = lambda _: (200, {}, b"")
    for _ in range(3):
        alerts.evaluate()
    assert len(receiver.received) == 3
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 1
    assert alerts.noted(Alert.objects.get(), "raised", "webhook")["error"] == ""


def test_it_is_over_is_never_told_before_it_began(receiver):
    warehouse = make_connection()
    limit_on("parked", mail_to="", url=receiver.url)
    parked(warehouse)
    receiver.answer = lambda _: (500, {}, b"")
    alerts.evaluate()
    make_well(warehouse)
    alerts.evaluate()
    receiver.received.clear()
    receiver.answer = lambda _: (204, {}, b"")
    alerts.evaluate()
    assert [json.loads(got.body)["event"] for got in receiver.received] == ["alert.raised", "alert.ended"]


def test_after_24_hours_it_is_given_up(receiver):
    warehouse = make_connection()
    limit_on("parked", mail_to="", url=receiver.url)
    parked(warehouse)
    receiver.answer = lambda _: (500, {}, b"")
    alerts.evaluate()
    Alert.objects.update(raised_at=timezone.now() - timedelta(hours=25))
    alerts.evaluate()
    assert len(receiver.received) == 1


def test_a_mail_server_that_is_away_is_tried_again(settings):
    warehouse = make_connection()
    limit_on("parked")
    parked(warehouse)
    real, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    alerts.evaluate()
    assert "The mail did not go out" in Alert.objects.get().told[0]["error"]
    settings.EMAIL_BACKEND = real
    alerts.evaluate()
    alerts.evaluate()
    assert len(mail.outbox) == 1


def test_a_raised_limit_ends_its_alert_and_a_removed_connection_ends_its_own():
    warehouse, other = make_connection(), make_connection(label="Other")
    limit = limit_on("parked")
    parked(warehouse)
    parked(other)
    alerts.evaluate()
    type(other).objects.filter(pk=other.pk).update(removed_at=timezone.now())
    alerts.evaluate()
    assert [alert.connection for alert in Alert.objects.filter(ended_at=None)] == [warehouse]
    AlertLimit.objects.filter(pk=limit.pk).update(limit=9)
    alerts.evaluate()
    assert not Alert.objects.filter(ended_at=None).exists()


def test_the_database_holds_one_open_alert_for_a_limit_and_a_connection():
    limit, warehouse = limit_on("parked"), make_connection()
    Alert.objects.create(limit=limit, connection=warehouse, value=1, ended_at=timezone.now())
    Alert.objects.create(limit=limit, connection=warehouse, value=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(limit=limit, connection=warehouse, value=1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_once(receiver):
    warehouse = make_connection()
    limit_on("parked", mail_to="", url=receiver.url)
    parked(warehouse)
    for _ in range(5):
        assert at_once(alerts.evaluate, alerts.evaluate, alerts.evaluate) == [None] * 3
    assert len(receiver.received) == 1
    make_well(warehouse)
    for _ in range(5):
        at_once(alerts.evaluate, alerts.evaluate)
    assert [json.loads(got.body)["event"] for got in receiver.received] == ["alert.raised", "alert.ended"]


@pytest.mark.django_db(transaction=True)
def test_while_one_tells_another_goes_home(receiver):
    """The webhook itself runs a second evaluation while it is being told."""
    warehouse = make_connection()
    limit_on("parked", mail_to="", url=receiver.url)
    parked(warehouse)

    def meanwhile(_):
        at_once(alerts.evaluate)
        return 200, {}, b""

    receiver.answer = meanwhile
    alerts.evaluate()
    assert len(receiver.received) == 1


def test_the_number_of_questions_does_not_grow_with_connections(django_assert_max_num_queries):
    for measure in ("lag", "parked", "drift", "inbox"):
        limit_on(measure, 10**6)
    for number in range(12):
        make_connection(label=f"Partner {number}")
    with django_assert_max_num_queries(14):  # slot 2, limits, connections, 4 measures, alerts, transaction, untold
        alerts.evaluate()
