"""At least once from Shopify becomes once here: same delivery, same body, or both at the same moment."""

import threading

import pytest
from django.db import connections

from integrations import inbox
from integrations.models import Delivery, InboundMessage
from integrations.tests.shopify import connect, order_body, post, states
from orders.models import JournalEntry, Order


@pytest.mark.django_db
def test_a_repeated_delivery_is_stored_once():
    connection, body = connect(), order_body()
    for _ in range(3):
        assert post(connection, "orders/create", body, **{"X-Shopify-Webhook-Id": "the-same"}).status_code == 200
    assert InboundMessage.objects.count() == 1


@pytest.mark.django_db
def test_the_same_body_under_a_new_id_is_stored_once():
    connection, body = connect(), order_body()
    for _ in range(3):
        assert post(connection, "orders/create", body).status_code == 200
    assert InboundMessage.objects.count() == 1


@pytest.mark.django_db
def test_the_same_body_under_another_topic_is_another_message():
    connection, body = connect(), order_body()
    post(connection, "orders/create", body)
    post(connection, "orders/paid", body)
    inbox.drain()
    assert states() == {"handled": 2}
    assert Order.objects.count() == 1
    assert list(JournalEntry.objects.values_list("action", flat=True)) == ["order.created"]


@pytest.mark.django_db
def test_two_shops_may_use_the_same_delivery_id():
    for domain in ("one.myshopify.com", "two.myshopify.com"):
        post(connect(domain), "orders/create", order_body(), **{"X-Shopify-Webhook-Id": "the-same"})
    assert InboundMessage.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_each_stored_once():
    connection = connect()
    bodies = [order_body() for _ in range(12)]
    answers: list[int] = []

    def deliver(index: int) -> None:
        try:
            key = {"X-Shopify-Webhook-Id": f"delivery-{index % 12}"}
            answers.append(post(connection, "orders/create", bodies[index % 12], **key).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=deliver, args=(index,)) for index in range(36)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 36
    assert InboundMessage.objects.count() == 12
    inbox.drain()
    assert Order.objects.count() == 12
    assert Delivery.objects.count() == 0  # nobody subscribed


@pytest.mark.django_db(transaction=True)
def test_one_row_that_cannot_be_written_does_not_fail_its_neighbours():
    connection = connect()
    good = [inbox.Received(connection.pk, "orders/create", f"k{i}", "", {}, b"%d" % i) for i in range(3)]
    bad = inbox.Received(-1, "orders/create", "no such connection", "", {}, b"x")
    raised: list[Exception] = []

    def add(message: inbox.Received) -> None:
        try:
            inbox.store(message)
        except Exception as error:  # noqa: BLE001 the test looks at whatever was raised
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add, args=(message,)) for message in [*good, bad]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert InboundMessage.objects.count() == 3
    assert len(raised) == 1
