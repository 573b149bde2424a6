"""Edge case 15: names and numbers are labels, unique in no store; an order is its store and remote id."""

import pytest

from backoffice.tests.builders import api
from integrations.tests.arrivals import read_in, receive
from integrations.tests.shopify import connect, order_body
from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def test_two_orders_of_one_name_are_two_orders(sandbox, shopify):
    first, second = (read_in(shopify, sandbox.place(name="1001/BE")["id"]) for _ in range(2))
    assert first.pk != second.pk
    found = api("orders:read").get("/v1/orders", name="1001/BE").json()["data"]
    assert {order["id"] for order in found} == {first.public_id, second.public_id}


def test_one_remote_id_in_two_stores_is_two_orders():
    body = order_body(name="EN1001", order_number=1001)
    for domain in ("one.myshopify.com", "two.myshopify.com"):
        receive(connect(domain), "orders/create", body)
    assert Order.objects.filter(remote_id=body["id"]).count() == 2


def test_a_new_name_is_the_same_order():
    shop, body = connect(), order_body(name="#1001")
    receive(shop, "orders/create", body)
    receive(shop, "orders/updated", body | {"name": "1001-A", "updated_at": "2026-11-20T13:00:00-05:00"})
    assert Order.objects.get().name == "1001-A"
