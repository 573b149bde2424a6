"""Failing messages are retried with growing pauses, parked in the end, and never hold up their neighbours."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import inbox
from integrations.models import InboundMessage
from integrations.tests.shopify import connect, order_body, post, states
from orders.models import Order

pytestmark = pytest.mark.django_db
EDITED = {"order_edit": {"id": 1, "order_id": 2}}  # needs a read, and nothing answers at this API


def test_while_the_api_is_down_the_message_waits_and_others_go_on():
    connection = connect()
    post(connection, "orders/edited", EDITED)
    post(connection, "orders/create", order_body())
    inbox.drain()
    assert states() == {"failed": 1, "handled": 1}
    failed = InboundMessage.objects.get(state="failed")
    assert "RetryLater" in failed.traceback
    assert timedelta(0) < failed.due_at - timezone.now() <= inbox.BACKOFF[0]
    assert inbox.drain() == 0


def test_after_all_its_tries_it_is_parked_and_can_be_handled_again():
    connection = connect()
    post(connection, "orders/edited", EDITED)
    for _ in range(len(inbox.BACKOFF) + 1):
        InboundMessage.objects.update(due_at=timezone.now())
        inbox.drain()
    message = InboundMessage.objects.get()
    assert (message.state, message.attempts, message.due_at) == ("parked", len(inbox.BACKOFF) + 1, None)
    inbox.handle_again(message, by="staff:ana")
    assert inbox.drain() == 1
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("failed", 1)


def test_a_message_whose_worker_died_comes_back_when_its_lease_ends():
    post(connect(), "orders/create", order_body())
    assert len(inbox._claim()) == 1  # and then the worker is killed
    assert inbox.drain() == 0
    InboundMessage.objects.update(due_at=timezone.now())  # a minute later
    inbox.drain()
    assert states() == {"handled": 1}
    assert Order.objects.count() == 1


def test_a_message_that_kills_every_worker_is_parked():
    post(connect(), "orders/create", order_body())
    for _ in range(len(inbox.BACKOFF) + 1):
        inbox._claim()
        InboundMessage.objects.update(due_at=timezone.now())
    inbox.drain()
    assert states() == {"parked": 1}


def test_a_bad_token_is_tried_again_for_it_can_be_mended(tmp_path):
    post(connect(), "orders/edited", EDITED)
    inbox.drain()
    assert InboundMessage.objects.get().state == "failed"
