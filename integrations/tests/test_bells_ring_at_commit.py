"""A bell is heard when the work it announces is committed, and never when it is not; a lost one costs a second."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from integrations import bells, sending
from integrations.bells import BellBroker
from integrations.connecting import add_endpoint
from integrations.models import Delivery, Heartbeat
from integrations.tests.shopify import connect, order_body, post
from integrations.worker import beat, stale
from orders.journal import record
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker():
    """A broker that listens already, and has looked around."""
    broker = BellBroker("backoffice")
    broker.dequeue()
    yield broker
    if broker._listener is not None:
        broker._listener.close()


def heard(broker: BellBroker) -> list[tuple[str, tuple]]:
    tasks = [SignedPackage.loads(package) for _, package in broker.dequeue()]
    return [(task["func"], task["args"]) for task in tasks if task["name"] != bells.BEAT]


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
    assert ("integrations.inbox.drain", ()) in heard(broker)
    add_endpoint("partner", receiver.url, ["*"])
    make_order()
    assert ("integrations.sending.drain", ()) in heard(broker)


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


def test_a_broken_line_is_opened_again(broker):
    broker._listener.execute("SELECT 1")
    broker._listener.close()
    assert heard(broker) == []
    bells.ring(bells.INBOX)  # nobody listens: lost
    broker.dequeue()
    bells.ring(bells.INBOX)
    assert ("integrations.inbox.drain", ()) in heard(broker)


def test_scheduled_tasks_go_to_one_worker_and_are_acknowledged(broker):
    async_task("integrations.worker.beat", broker=broker)
    [(task_id, _)] = [pair for pair in broker.dequeue() if pair[0]]
    assert [pair for pair in broker.dequeue() if pair[0]] == []
    broker.acknowledge(task_id)
    assert OrmQ.objects.count() == 0


def test_the_beat_is_a_row_and_goes_stale():
    assert "No worker has started" in (stale() or "")
    beat()
    assert stale() is None
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=60))
    assert "60 s" in (stale() or "")
