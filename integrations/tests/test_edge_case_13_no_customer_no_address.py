"""Edge case 13: no customer, no address, no e-mail; and what was erased does not come back with an old payload."""

import pytest

from integrations.differences import PARTS, differences
from integrations.shopify.reads import read_order
from integrations.tests.arrivals import body_of, read_in, receive
from orders.models import Customer, Order
from orders.redaction import erase_customer, erase_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def test_an_order_over_the_counter_has_nobody_and_goes_nowhere(sandbox, shopify):
    placed = sandbox.place(source_name="pos")["id"]
    receive(shopify, "orders/create", body_of(sandbox, placed))
    order = read_in(shopify, placed)
    assert (order.customer, order.email, order.shipping_address) == (None, "", None)


def test_goods_go_where_the_fulfillment_order_says(sandbox, shopify):
    order = read_in(shopify, sandbox.place()["id"])
    work = order.fulfillment_orders.get()
    assert order.shipping_address is not None
    assert work.destination is not None
    assert work.destination["city"] == order.shipping_address["city"]
    assert work.delivery_method == "shipping"


def test_what_was_erased_stays_erased_whatever_comes(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    sandbox.press(placed, "note", note="for Zoë", attributes=[{"name": "to", "value": "Zoë"}], phone="+15550001")
    order = read_in(shopify, placed)
    assert order.customer is not None
    erase_order(order, by="test")
    erase_customer(order.customer)
    sandbox.press(placed, "fulfil", lines=[{"sku": "FW-MUG", "quantity": 1}])
    sandbox.press(placed, "scan", status="in_transit")
    sandbox.press(placed, "refund", lines=[{"sku": "FW-MUG", "quantity": 1}], note="Zoë is sad")
    receive(shopify, "orders/updated", body_of(sandbox, placed))
    order = read_in(shopify, placed)
    assert order.fulfillment_status == "partial"  # what is not personal goes on
    customer = Customer.objects.get()
    assert (customer.first_name, customer.email, order.email, order.phone, order.note) == ("", "", "", "", "")
    assert all(pair["value"] in ("(erased)", "") for pair in order.attributes)
    assert order.shipping_address is not None
    assert (order.shipping_address["address1"], order.shipping_address["last_name"]) == ("", "")
    assert {work.destination and work.destination["address1"] for work in order.fulfillment_orders.all()} <= {"", None}
    assert [scan.city for parcel in order.fulfillments.all() for scan in parcel.scans.all()] == [""]
    assert [refund.note for refund in order.refunds.all()] == [""]
    held = Order.objects.select_related("customer").prefetch_related(*PARTS).get()
    snapshot = read_order(shopify, placed)
    assert snapshot is not None
    assert differences(held, snapshot) == []  # and is no drift either


def test_an_old_order_of_an_erased_customer_comes_in_without_their_data(sandbox, shopify):
    placed = sandbox.place()["id"]
    customer = body_of(sandbox, placed)["customer"]
    receive(shopify, "customers/create", customer)
    erase_customer(Customer.objects.get(remote_id=customer["id"]))
    receive(shopify, "orders/create", body_of(sandbox, placed))
    order = Order.objects.get()
    assert order.redacted_at is not None
    assert (order.email, order.shipping_address) == ("", None)
