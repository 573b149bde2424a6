"""Edge case 9: a test order is flagged wherever it is told; a test delivery makes no row, its ids are invented."""

import pytest

from integrations import inbox
from integrations.models import Delivery, InboundMessage
from integrations.tests.arrivals import body_of, read_in
from integrations.tests.console import make_connection
from integrations.tests.shopify import connect, order_body, post
from orders.models import Customer, Order, Payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def test_partners_and_staff_are_told_that_it_is_a_test(sandbox, shopify):
    make_connection()
    order = read_in(shopify, sandbox.place(test=True)["id"])
    assert order.test
    assert body_of(sandbox, order.remote_id)["test"]
    told = Delivery.objects.get(entry__action="order.created").entry
    assert told.facts["test"] is True
    assert Payment.objects.get().test


@pytest.mark.parametrize("topic", ["orders/create", "refunds/create", "fulfillment_orders/moved", "returns/request"])
def test_a_test_delivery_makes_no_row_and_asks_nothing(topic):
    connection = connect()  # nothing answers at its address
    body = order_body() | {"order_id": 1, "fulfillment_order": {"id": "gid://shopify/FulfillmentOrder/1"}}
    post(connection, topic, body, **{"X-Shopify-Test": "true"})
    inbox.drain()
    assert InboundMessage.objects.get().state == "ignored"
    assert (Order.objects.count(), Customer.objects.count()) == (0, 0)
