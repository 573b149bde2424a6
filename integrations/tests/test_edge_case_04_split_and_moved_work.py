"""Edge case 4: split and moved work. Ids change, closed ones stay, and none of it moves the order's own time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.shopify import reads
from integrations.shopify.arriving import apply_order
from integrations.shopify.client import Shopify
from integrations.shopify.reads import read_order
from integrations.tests.arrivals import Counting, body_of, read_in, receive, work_body
from orders.intake import Origin, apply_fulfillment
from orders.models import units_to_send
from orders.snapshot import FulfillmentSnapshot, QuantityOfLine

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def test_work_that_was_split_is_read_by_one_gid(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 3}])["id"]
    order = read_in(shopify, placed)
    moment, line = order.remote_updated_at, order.lines.get().remote_id
    sandbox.press(placed, "split", lines=[{"sku": "FW-MUG", "quantity": 1}])
    assert receive(shopify, "fulfillment_orders/split", work_body(order)).result == "fulfillment orders read: changed"
    order.refresh_from_db()
    assert order.remote_updated_at == moment
    open_ones = [work for work in order.fulfillment_orders.all() if work.is_open]
    assert sorted(work.units_to_send for work in open_ones) == [1, 2]
    assert len({part["id"] for work in open_ones for part in work.lines}) == 2
    assert units_to_send(order.fulfillment_orders.all()) == {line: 3}


def test_newer_work_is_taken_from_a_read_whose_order_is_older(sandbox, shopify):
    """The order's time is no guard for them, nor is the digest of what was applied last."""
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    order = read_in(shopify, placed)
    sandbox.press(placed, "hold", reason="AWAITING_PAYMENT", notes="bank transfer")
    read = read_order(shopify, placed)
    assert read is not None
    assert read.fulfillment_orders is not None
    ahead = [replace(w, updated_at=w.updated_at and w.updated_at + timedelta(1)) for w in read.fulfillment_orders]
    older = replace(read, updated_at=read.updated_at - timedelta(1), note="old", fulfillment_orders=ahead)
    assert apply_order(shopify, older).what == "changed"
    order.refresh_from_db()
    assert (order.note, [hold["reason"] for hold in order.fulfillment_orders.get().holds]) == ("", ["awaiting_payment"])
    behind = replace(older, fulfillment_orders=[replace(ahead[0], holds=[], updated_at=read.created_at)])
    assert apply_order(shopify, behind).what == "stale"
    assert order.fulfillment_orders.get().holds


def test_work_that_was_read_while_something_else_came_in_is_read_again(sandbox, shopify, monkeypatch):
    """Of one second nobody can say which is the newer: what was read before must not take a hold away again."""
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    order = receive(shopify, "orders/create", body_of(sandbox, placed)).order
    assert order is not None
    assert not order.fulfillment_orders.exists()
    named = sandbox.ask(
        f'{{ order(id: "gid://shopify/Order/{placed}") {{ fulfillmentOrders(first: 1) {{ nodes {{ id }} }} }} }}'
    )
    work = named["data"]["order"]["fulfillmentOrders"]["nodes"][0]["id"]

    def held() -> None:
        sandbox.press(placed, "hold", reason="AWAITING_PAYMENT")
        snapshot = read_order(shopify, placed, Shopify(shopify))
        assert snapshot is not None
        apply_order(shopify, snapshot)

    line = Counting(shopify, held, after=2)
    monkeypatch.setattr(reads, "Shopify", lambda connection: line)
    receive(shopify, "fulfillment_orders/order_routing_complete", {"fulfillment_order": {"id": work}})
    assert line.asked == ["FulfillmentOrderOwner", "FulfillmentOrdersOfOrder", "FulfillmentOrdersOfOrder"]
    assert [hold["reason"] for hold in order.fulfillment_orders.get().holds] == ["awaiting_payment"]


def test_a_parcel_may_have_several_numbers(sandbox, shopify):
    order = read_in(shopify, sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"])
    parcel = FulfillmentSnapshot(
        5, "success", [QuantityOfLine(order.lines.get().remote_id, 2)], tracking_numbers=["1Z1", "1Z2"]
    )
    apply_fulfillment(order.shop, order.remote_id, parcel, Origin(by="shopify"))
    assert order.fulfillments.get().tracking_numbers == ["1Z1", "1Z2"]
