"""Five days of failure: warned at 50, 80, 100 %, once each, then paused. 410 pauses at once; resuming begins anew."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from backoffice.models import Partner
from backoffice.tests.at_once import Blocked, OpenTransaction, at_once
from integrations import failing, pausing
from integrations.models import Connection, Health
from integrations.tests.console import make_connection

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def operators(settings):
    settings.OPERATORS_MAIL = ["ops@example.com"]


def failing_for(days: float, **fields) -> Health:
    return Health.objects.create(
        connection=make_connection(), failing_since=timezone.now() - days * DAY, failures=40, **fields
    )


def fail_for(health: Health, days: float) -> None:
    Health.objects.filter(pk=health.pk).update(failing_since=timezone.now() - days * DAY)


def paused(health: Health) -> str:
    return Connection.objects.get(pk=health.pk).paused_because


def subjects() -> list[str]:
    return [message.subject.removeprefix("[Back office] ") for message in mail.outbox]


def test_it_is_warned_of_at_50_80_and_100_percent_each_once():
    health = failing_for(2.4)
    for days in (2.4, 2.51, 2.6, 3.9, 4.01, 4.9, 5.01, 5.1):
        fail_for(health, days)
        failing.run()
        failing.run()
    assert subjects() == [
        "Warehouse is failing and will be paused (50 % of 5 days)",
        "Warehouse is failing and will be paused (80 % of 5 days)",
        "Warehouse is paused: it has failed for 5 days",
    ]
    assert paused(health) == "Every try has failed for 5 days (system)"
    text = mail.outbox[-1].body
    assert f"/admin/integrations/connection/{health.pk}/change/" in text
    assert "press Resume" in text
    assert "Send everything since" in text


def test_it_is_not_paused_before_the_five_days_are_over():
    health = failing_for(4.99)
    failing.run()
    assert paused(health) == ""


def test_after_days_without_a_worker_only_the_last_warning_goes_out():
    failing_for(7)
    failing.run()
    assert subjects() == ["Warehouse is paused: it has failed for 5 days"]


def test_the_partners_contact_is_told_in_a_mail_of_its_own():
    Partner.objects.create(name="Warehouse", contact_email="it@warehouse.example")
    failing_for(3)
    failing.run()
    assert [message.to for message in mail.outbox] == [["ops@example.com"], ["it@warehouse.example"]]
    ours, theirs = (message.body for message in mail.outbox)
    assert "/admin/" in ours
    assert "/admin/" not in theirs
    assert "GET /v1/events" in theirs


def test_a_success_lets_the_warnings_begin_again():
    health = failing_for(4.1)
    failing.run()
    Health.objects.filter(pk=health.pk).update(failing_since=None, failures=0)
    failing.run()
    health.refresh_from_db()
    assert health.warned == 0
    fail_for(health, 2.6)
    failing.run()
    assert [subject[-16:] for subject in subjects()] == ["(80 % of 5 days)", "(50 % of 5 days)"]


def test_a_newer_streak_that_nobody_saw_begin_is_warned_of_too():
    health = failing_for(4.1)
    failing.run()
    fail_for(health, 0.1)  # a success and a new failure between two runs
    failing.run()
    health.refresh_from_db()
    assert health.warned == 0
    assert len(mail.outbox) == 1


def test_a_clock_that_steps_back_a_little_warns_nobody_again():
    health = failing_for(2.501)
    failing.run()
    fail_for(health, 2.49)
    failing.run()
    fail_for(health, 2.51)
    failing.run()
    assert len(mail.outbox) == 1


def test_a_shops_own_line_and_a_paused_or_removed_endpoint_are_left_alone():
    shop = Health.objects.create(
        connection=make_connection("shopify", "Shopify"), failing_since=timezone.now() - 9 * DAY
    )
    by_hand, removed = failing_for(9), failing_for(9)
    pausing.pause(by_hand.connection, because="Moving house", by="staff:ana")
    Connection.objects.filter(pk=removed.pk).update(removed_at=timezone.now(), paused_at=timezone.now())
    failing.run()
    assert mail.outbox == []
    assert (paused(shop), paused(by_hand)) == ("", "Moving house (staff:ana)")


def test_410_pauses_at_once_and_is_told_on_the_next_run():
    connection = make_connection()
    failing.gone(connection)
    failing.gone(connection)
    assert Connection.objects.get().paused_because == "The receiver says 410: it wants no more (system)"
    failing.run()
    failing.run()
    assert subjects() == ["Warehouse is paused: it answered 410"]
    assert "answered 410" in mail.outbox[0].body


def test_410_after_resuming_is_told_again():
    connection = make_connection()
    for _ in range(2):
        failing.gone(connection)
        failing.run()
        assert pausing.resume(connection)
        failing.run()
    assert len(mail.outbox) == 2


def test_resuming_starts_with_a_clean_record():
    health = failing_for(6, open_until=timezone.now() + DAY)
    failing.run()
    assert pausing.resume(health.connection)
    health.refresh_from_db()
    assert (health.failures, health.failing_since, health.open_until, health.warned) == (0, None, None, 0)
    failing.run()
    assert paused(health) == ""
    assert len(mail.outbox) == 1


def test_resuming_what_was_not_paused_keeps_its_record():
    health = failing_for(1)
    assert not pausing.resume(health.connection)
    health.refresh_from_db()
    assert health.failures == 40


def test_a_mail_that_did_not_go_out_is_sent_on_the_next_run_and_the_pause_did_not_wait_for_it(settings):
    health = failing_for(6)
    real, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    failing.run()
    assert paused(health) != ""
    settings.EMAIL_BACKEND = real
    failing.run()
    failing.run()
    assert len(mail.outbox) == 1


def test_with_nobody_to_tell_it_is_logged_and_paused_all_the_same(settings, caplog):
    settings.OPERATORS_MAIL = []
    health = failing_for(6)
    failing.run()
    failing.run()
    assert paused(health) != ""
    assert mail.outbox == []
    assert [record.message for record in caplog.records if "OPERATORS_MAIL" in record.message] == [
        "Warehouse is paused: it has failed for 5 days, and there is nobody to tell. Set OPERATORS_MAIL."
    ]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_warn_once():
    failing_for(3)
    for _ in range(5):
        assert at_once(failing.run, failing.run, failing.run) == [None] * 3
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_a_success_while_we_look_saves_the_connection():
    """The pause waits for the senders' transaction, sees the success, and is taken back."""
    health = failing_for(6)
    seen = Health.objects.select_related("connection").get(pk=health.pk)

    def succeed() -> None:
        Health.objects.filter(pk=health.pk).update(failing_since=None, failures=0)

    with OpenTransaction(succeed) as sender:
        pausing_it = Blocked(lambda: failing._pause(seen))
        sender.commit()
        assert pausing_it.result() is None
    assert paused(health) == ""
