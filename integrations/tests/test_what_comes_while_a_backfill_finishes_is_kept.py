"""The end of a backfill reads orders while messages come in: what it read is not the newest because it came last."""

import time

import pytest

from integrations.history import finishing
from integrations.models import SyncRun, UnfinishedOrder
from integrations.tests.arrivals import Counting, read_in
from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def test_news_of_the_same_second_that_came_during_the_read_stay(sandbox, shopify):
    order = read_in(shopify, sandbox.place()["id"])
    UnfinishedOrder.objects.create(connection=shopify, order=order, should_read=True)
    run = SyncRun.objects.create(connection=shopify, kind=SyncRun.Kind.BACKFILL, by="tests")

    def news() -> None:
        sandbox.press(order.remote_id, "note", note="Ring twice")
        read_in(shopify, order.remote_id)
        Order.objects.update(remote_updated_at=order.remote_updated_at)

    line = Counting(shopify, news, after=3)  # behind the last answer
    assert finishing.go_on(run, line, time.monotonic() + 60) == 0
    assert Order.objects.get().note == "Ring twice"
    assert len(line.asked) == 6
    assert not UnfinishedOrder.objects.exists()
