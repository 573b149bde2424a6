"""A burst of news of one order costs one read: what the shop says after a message came covers that message."""

from typing import Any

import pytest
from django.utils import timezone

from integrations import inbox
from integrations.models import Connection, InboundMessage
from integrations.shopify.arriving import Asked, apply_order, before_reading, read_and_apply
from integrations.shopify.reads import read_order
from integrations.tests.arrivals import read_in, receive, work_body
from integrations.tests.shopify import post
from orders.models import Order

pytestmark = pytest.mark.django_db

COVERED = "was read since it came"


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def edit(order_id: int, number: int) -> dict[str, Any]:
    return {"order_edit": {"id": number, "order_id": order_id}}


def arrive(shopify: Connection, topic: str, body: dict[str, Any]) -> None:
    """Deliver a message; nobody handles it yet."""
    assert post(shopify, topic, body).status_code == 200


def results() -> list[str]:
    return list(InboundMessage.objects.order_by("id").values_list("result", flat=True))


def test_messages_that_wait_together_are_read_for_once(sandbox, shopify):
    placed = sandbox.place()["id"]
    for number in range(1, 5):
        arrive(shopify, "orders/edited", edit(placed, number))
    inbox.drain()
    assert results() == ["read again: created", COVERED, COVERED, COVERED]
    assert set(InboundMessage.objects.values_list("order__remote_id", flat=True)) == {placed}


def test_news_that_comes_after_the_read_is_read_for(sandbox, shopify):
    order = read_in(shopify, sandbox.place()["id"])
    sandbox.press(order.remote_id, "note", note="Ring twice")
    assert receive(shopify, "orders/edited", edit(order.remote_id, 1)).result == "read again: changed"
    order.refresh_from_db()
    assert order.note == "Ring twice"


def test_each_order_is_read_for_itself(sandbox, shopify):
    for number in (1, 2):
        arrive(shopify, "orders/edited", edit(sandbox.place()["id"], number))
    inbox.drain()
    assert results() == ["read again: created"] * 2


def test_a_whole_read_covers_news_of_fulfillment_orders_but_not_the_other_way_round(sandbox, shopify):
    order = read_in(shopify, sandbox.place()["id"])
    arrive(shopify, "orders/edited", edit(order.remote_id, 1))
    arrive(shopify, "fulfillment_orders/placed_on_hold", work_body(order))
    inbox.drain()
    assert results() == ["read again: nothing new", COVERED]
    arrive(shopify, "fulfillment_orders/hold_released", work_body(order))
    arrive(shopify, "fulfillment_orders/rescheduled", work_body(order))
    arrive(shopify, "orders/edited", edit(order.remote_id, 2))
    inbox.drain()
    assert results()[2:] == ["fulfillment orders read: nothing new", COVERED, "read again: nothing new"]


def test_a_parcel_that_moves_work_asks_for_no_second_read(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    order = read_in(shopify, placed)
    sandbox.press(placed, "fulfil")
    parcel = sandbox.get(f"/sandbox/orders/{placed}.json")["order"]["fulfillments"][0]
    arrive(shopify, "orders/edited", edit(placed, 1))
    arrive(shopify, "fulfillments/create", parcel)
    inbox.drain()
    assert results() == ["read again: changed", f"nothing new; {COVERED}"]
    assert set(order.fulfillment_orders.values_list("status", flat=True)) == {"closed"}


def test_what_was_read_while_something_else_was_written_covers_nothing(sandbox, shopify):
    order = read_in(shopify, sandbox.place()["id"])
    Order.objects.update(asked_at=None, work_asked_at=None)
    asked = before_reading(shopify, order.remote_id)
    snapshot = read_order(shopify, order.remote_id)
    assert snapshot is not None
    Order.objects.update(version=asked.version + 2, digest="")
    apply_order(shopify, snapshot, asked=asked)
    order.refresh_from_db()
    assert (order.asked_at, order.work_asked_at) == (None, None)


def test_an_older_answer_covers_nothing(sandbox, shopify):
    order = read_in(shopify, sandbox.place()["id"])
    old = read_order(shopify, order.remote_id)
    assert old is not None
    Order.objects.update(asked_at=None, remote_updated_at=timezone.now(), digest="")
    assert apply_order(shopify, old, asked=Asked(order.version, timezone.now())).what == "stale"
    order.refresh_from_db()
    assert order.asked_at is None


def test_the_time_is_that_before_the_shop_was_asked(sandbox, shopify):
    placed = sandbox.place()["id"]
    before = before_reading(shopify, placed)
    assert before.version == 0
    outcome = read_and_apply(shopify, placed)
    assert outcome is not None
    outcome.order.refresh_from_db()
    assert outcome.order.asked_at is not None
    assert before.at < outcome.order.asked_at < before_reading(shopify, placed).at
