"""Shopify shows times in whole seconds: of two messages of one second the later may be the older. The shop is asked."""

import pytest

from integrations import inbox
from integrations.models import InboundMessage
from integrations.tests.shopify import connect, order_body, post
from orders.models import Order

pytestmark = pytest.mark.django_db


def test_the_older_of_two_states_of_one_second_does_not_win_by_coming_last(sandbox, shopify):
    order = sandbox.place()["id"]
    before = sandbox.get(f"/sandbox/orders/{order}.json")["order"]
    sandbox.press(order, "note", note="Ring twice")
    after = sandbox.get(f"/sandbox/orders/{order}.json")["order"]
    before["updated_at"] = after["updated_at"]  # the stand-in may have come to the next second meanwhile
    for topic, body in (("orders/updated", after), ("orders/create", before)):
        post(shopify, topic, body)
        inbox.drain()
    assert Order.objects.get().note == "Ring twice"
    assert [message.result for message in InboundMessage.objects.order_by("id")] == [
        "created",
        "read again: changed",  # by what bodies do not say: payments, what is to be sent
    ]


def test_where_the_shop_does_not_show_the_order_the_last_message_decides(shopify):
    body = order_body(note="first")
    for note in ("first", "second"):
        post(shopify, "orders/updated", body | {"note": note})
        inbox.drain()
    assert Order.objects.get().note == "second"


def test_where_the_shop_does_not_answer_the_message_waits():
    shop, body = connect(), order_body(note="first")
    for note in ("first", "second"):
        post(shop, "orders/updated", body | {"note": note})
        inbox.drain()
    assert Order.objects.get().note == "first"
    assert InboundMessage.objects.order_by("id").last().state == "failed"
