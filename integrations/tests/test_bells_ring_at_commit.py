"""A bell is heard when the work it announces is committed, and never when it is not; a lost one costs a second."""

import threading
import time
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from integrations import bells, sending
from integrations.endpoints import add_endpoint
from integrations.models import Delivery, Heartbeat
from integrations.queues.postgres import Queue
from integrations.tests.shopify import connect, order_body, post
from integrations.worker import GONE, HOST, beat, stale
from orders.journal import record
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker():
    """A broker that listens already, and has looked around."""
    broker = Queue("backoffice")
    broker.dequeue()
    yield broker
    broker.hang_up()


def heard(broker: Queue) -> list[tuple[str, tuple]]:
    tasks = [SignedPackage.loads(package) for _, package in broker.dequeue()]
    return [(task["func"], task["args"]) for task in tasks if task["name"] != bells.BEAT]


def wait_for(broker: Queue, function: str) -> None:
    """Listen until it is heard; what is due already may be heard of in between."""
    for _ in range(20):
        if (function, ()) in heard(broker):
            return
    raise AssertionError(f"{function} was not heard")


def test_a_bell_is_heard_at_commit(broker):
    with transaction.atomic():
        bells.ring(bells.CALLS, 7)
        assert heard(broker) == []
    assert heard(broker) == [("integrations.calls.drain", (7,))]


def test_a_bell_that_is_rolled_back_is_not_heard(broker):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        bells.ring(bells.INBOX)
        raise ZeroDivisionError
    assert heard(broker) == []


def test_many_rings_are_one_task(broker):
    for _ in range(5):
        bells.ring(bells.INBOX)
    assert heard(broker) in ([("integrations.inbox.drain", ())], [("integrations.inbox.drain", ())] * 2)


def test_storing_a_webhook_and_journaling_a_change_ring(broker, receiver):
    post(connect(), "orders/create", order_body())
    wait_for(broker, "integrations.inbox.drain")
    add_endpoint("partner", receiver.url, ["*"])
    make_order()
    wait_for(broker, "integrations.sending.drain")


def test_work_that_becomes_due_is_found_without_a_bell(broker, receiver):
    add_endpoint("partner", receiver.url, ["*"])
    make_order()
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=1))
    broker.dequeue()
    assert heard(broker) == []
    Delivery.objects.update(due_at=timezone.now())
    broker._looked_at = 0  # a second passes
    assert heard(broker) == [("integrations.sending.drain", ())]


def test_what_waits_behind_a_parked_head_rings_nobody(broker, receiver):
    add_endpoint("partner", receiver.url, ["*"])
    order = make_order()
    with transaction.atomic():
        record("order.updated", shop=order.shop, order=order, by="shopify")
    head = Delivery.objects.order_by("id").first()
    Delivery.objects.filter(pk=head.pk).update(state="parked", parked_because="refused")
    assert sending.drain() == 0
    broker.dequeue()
    broker._looked_at = 0
    assert heard(broker) == []


def test_a_line_that_was_closed_is_opened_again(broker):
    broker._listener.close()
    assert heard(broker) == []
    bells.ring(bells.INBOX)  # nobody listens: lost
    broker.dequeue()
    bells.ring(bells.INBOX)
    assert ("integrations.inbox.drain", ()) in heard(broker)


def test_a_database_that_ends_every_session_is_heard_again_at_once(broker):
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    broker._looked_at = 0  # what it asks through Django breaks as well
    began = time.monotonic()
    assert heard(broker) == []
    broker.dequeue()
    bells.ring(bells.CALLS, 7)
    assert heard(broker) == [("integrations.calls.drain", (7,))]
    assert time.monotonic() - began < 2


def test_a_bell_is_heard_within_milliseconds_while_the_broker_waits(broker):
    rung: list[float] = []

    def ring() -> None:
        rung.append(time.perf_counter())
        bells.ring(bells.INBOX)
        connection.close()

    broker._looked_at = time.monotonic()
    ringer = threading.Timer(0.2, ring)
    ringer.start()
    assert heard(broker) == [("integrations.inbox.drain", ())]
    assert time.perf_counter() - rung[0] < 0.1
    ringer.join()


def test_scheduled_tasks_go_to_one_worker_and_are_acknowledged(broker):
    async_task("integrations.worker.beat", broker=broker)
    other = Queue("backoffice")
    [(receipt, _)] = broker.take()
    assert other.take() == []
    other.acknowledge(receipt)
    assert OrmQ.objects.count() == 0


def test_a_scheduled_task_is_found_among_the_bells_within_a_second(broker):
    async_task("integrations.worker.beat", task_name="from the schedule", broker=broker)
    bells.ring(bells.INBOX)
    broker._looked_at = 0  # a second passes
    assert {SignedPackage.loads(package)["name"] for _, package in broker.dequeue()} >= {"from the schedule", "inbox"}


def test_a_bell_leaves_no_receipt_behind(broker):
    bells.ring(bells.INBOX)
    [(receipt, _)] = [pair for pair in broker.dequeue() if SignedPackage.loads(pair[1])["name"] == "inbox"]
    broker.acknowledge(receipt)
    broker.fail(receipt)


def test_the_beat_is_a_row_and_goes_stale():
    assert "No worker has started" in (stale() or "")
    beat()
    assert stale() is None
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=60))
    assert "60 s" in (stale() or "")


def test_hosts_that_are_gone_for_a_day_are_forgotten_by_those_that_live():
    now = timezone.now()
    Heartbeat.objects.create(host="taken away", beat_at=now - GONE - timedelta(minutes=1))
    Heartbeat.objects.create(host="silent since yesterday", beat_at=now - GONE + timedelta(minutes=1))
    beat()
    assert set(Heartbeat.objects.values_list("host", flat=True)) == {HOST, "silent since yesterday"}
