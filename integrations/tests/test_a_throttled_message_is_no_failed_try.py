"""While the shop has no points to give, messages wait for seconds, however often; no burst is put off for minutes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import inbox
from integrations.models import InboundMessage
from integrations.tests.shopify import post

pytestmark = pytest.mark.django_db


def test_it_comes_back_within_seconds_and_is_never_parked_for_it(sandbox, shopify):
    sandbox.post("/sandbox/faults.json", throttle=True)
    post(shopify, "orders/edited", {"order_edit": {"id": 1, "order_id": 2}})
    for _ in range(len(inbox.BACKOFF) + 3):
        InboundMessage.objects.update(due_at=timezone.now())
        inbox.drain()
        message = InboundMessage.objects.get()
        assert (message.state, message.attempts) == ("failed", 0)
        assert "Throttled" in message.result
        assert timedelta(0) < message.due_at - timezone.now() < timedelta(seconds=60)
