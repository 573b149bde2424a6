"""Edge case 3: several parcels an order. A cancelled parcel leaves a closed fulfillment order with units remaining."""

import pytest

from integrations.tests.arrivals import body_of, read_in, receive
from orders.models import Order, units_to_send

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def left(order: Order) -> list[int]:
    return list(units_to_send(order.fulfillment_orders.all()).values())


def test_units_are_counted_once_after_a_parcel_was_cancelled(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 3}])["id"]
    order = read_in(shopify, placed)
    assert left(order) == [3]
    for quantity, expected in ((1, [2]), (2, [])):
        sandbox.press(placed, "fulfil", lines=[{"sku": "FW-MUG", "quantity": quantity}])
        receive(shopify, "fulfillments/create", body_of(sandbox, placed)["fulfillments"][-1])
        assert left(order) == expected  # no message tells what the fulfillment order became: it is read
    assert order.fulfillments.count() == 2
    sandbox.press(placed, "cancel-fulfilment")
    for parcel in body_of(sandbox, placed)["fulfillments"]:
        receive(shopify, "fulfillments/update", parcel)
    statuses = order.fulfillments.order_by("id").values_list("status", flat=True)
    assert sorted(statuses) == ["cancelled", "success"]
    assert left(order) == [2]
    every = sum(part["remaining"] for work in order.fulfillment_orders.all() for part in work.lines)
    assert every > 2  # what a sum over all would say
