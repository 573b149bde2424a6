"""A flood, or a message that cannot be understood, from one store delays no other store."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import inbox
from integrations.models import InboundMessage
from integrations.tests.clock import later
from integrations.tests.shopify import connect, order_body, post
from orders.models import Order

pytestmark = pytest.mark.django_db


def test_a_store_that_floods_leaves_a_turn_to_the_other():
    loud, quiet = connect("loud.myshopify.com"), connect("quiet.myshopify.com")
    for _ in range(inbox.BATCH * 3):
        post(loud, "orders/create", order_body())
    post(quiet, "orders/create", order_body())
    InboundMessage.objects.filter(connection=quiet).update(due_at=timezone.now())  # the newest of all
    claimed = inbox._claim()
    assert len(claimed) == inbox.BATCH
    assert quiet.pk in {message.connection_id for message in claimed[:2]}  # and it is handled among the first


def test_within_a_store_the_oldest_come_first():
    store = connect("one.myshopify.com")
    for _ in range(inbox.BATCH + 5):
        post(store, "orders/create", order_body())
    ids = list(InboundMessage.objects.order_by("id").values_list("id", flat=True))
    assert [message.pk for message in inbox._claim()] == ids[: inbox.BATCH]
    assert [message.pk for message in inbox._claim()] == ids[inbox.BATCH :]


def test_poison_is_put_aside_and_its_neighbours_go_on():
    store = connect("one.myshopify.com")
    poison = [b"{", b'{"id": "not a number"}', b"[" * 50_000, b'{"id": 1e400}', b'{"id": 5, "line_items": 7}']
    for body in poison:
        post(store, "orders/create", body)
    post(store, "orders/create", order_body())
    inbox.drain()
    assert Order.objects.count() == 1
    for _ in range(len(inbox.BACKOFF) + 2):
        InboundMessage.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
        inbox.drain()
    aside = InboundMessage.objects.filter(state="parked")
    assert aside.count() == len(poison)
    assert not InboundMessage.objects.filter(due_at__isnull=False).exists()


def test_a_message_that_kills_its_worker_each_time_is_put_aside():
    store = connect("one.myshopify.com")
    post(store, "orders/create", order_body())
    for _ in range(len(inbox.BACKOFF) + 1):
        assert len(inbox._claim()) == 1  # and the worker dies before it can say anything
        InboundMessage.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    inbox.drain()
    message = InboundMessage.objects.get()
    assert (message.state, message.due_at) == ("parked", None)
    assert "died" in message.result


def test_a_message_that_kills_its_worker_takes_no_neighbour_with_it():
    store = connect("one.myshopify.com")
    for _ in range(8):
        post(store, "orders/create", order_body())
    poison = InboundMessage.objects.order_by("id")[0].pk
    for death in range(len(inbox.BACKOFF) + 1):
        while True:
            claimed = inbox._claim()
            if not claimed:
                break
            handled = []
            for message in claimed:
                if message.suspect:
                    handled = inbox._settle_handled(handled)
                if message.pk == poison:
                    break  # the worker dies here, with what it has not written
                handled.append(inbox.handle(message))
            else:
                inbox._settle_handled(handled)
                continue
            break
        InboundMessage.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
        if death == 0:
            assert Order.objects.count() == 0  # it was the first of its batch
        if death == 7:
            assert Order.objects.count() == 7
    inbox.drain()
    assert InboundMessage.objects.get(state="parked").pk == poison
    assert Order.objects.count() == 7


def test_a_long_batch_holds_what_it_has_not_handled_yet_and_nothing_that_was_taken_from_it():
    store = connect("one.myshopify.com")
    post(store, "orders/create", order_body())
    slow = inbox._claim()
    later(15)
    inbox._keep(slow)
    later(15)
    assert inbox._claim() == []  # kept: 20 s from then
    later(10)
    [taken] = inbox._claim()  # the slow one did not say a word for too long
    until = InboundMessage.objects.get().due_at
    inbox._keep(slow)
    assert InboundMessage.objects.get().due_at == until
    inbox._keep([taken])
    assert InboundMessage.objects.get().due_at > until
