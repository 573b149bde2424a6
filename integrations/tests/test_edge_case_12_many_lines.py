"""Edge case 12: many lines, parcels and movements. A read is whole, of one moment, or it is none."""

import pytest

from integrations.errors import RetryLater
from integrations.shopify import reads
from integrations.shopify.reads import read_order
from integrations.tests.arrivals import Counting, body_of, read_in, receive
from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def test_an_order_of_hundreds_of_lines_is_read_to_its_end(sandbox, shopify):
    placed = sandbox.place(line_count=230, lines=[{"sku": "FW-MUG", "quantity": 1}])["id"]
    order = read_in(shopify, placed)
    count = order.lines.count()
    assert count >= 230
    work = {part["line"] for one in order.fulfillment_orders.all() for part in one.lines}
    assert work == set(order.lines.filter(requires_shipping=True).values_list("remote_id", flat=True))
    sandbox.press(placed, "fulfil")
    every = [{"line_id": line.remote_id, "quantity": 1} for line in order.lines.all()]
    sandbox.press(placed, "refund", lines=every)
    order = read_in(shopify, placed)
    assert sum(len(parcel.lines) for parcel in order.fulfillments.all()) == len(work)
    assert len(order.refunds.get().lines) == count


def test_an_order_that_changes_while_it_is_read_is_read_again(sandbox, shopify):
    """Seen by the order's own time, which has whole seconds: a change of the same second has a message of its own."""
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}], line_count=60)["id"]
    before = body_of(sandbox, placed)["updated_at"]

    def edit() -> None:
        sandbox.press(placed, "refund", lines=[{"sku": "FW-MUG", "quantity": 1}])
        sandbox.press(placed, "note", note="Ring twice")
        while body_of(sandbox, placed)["updated_at"] == before:
            sandbox.press(placed, "note", note="Ring twice")

    line = Counting(shopify, meanwhile=edit)
    snapshot = read_order(shopify, placed, line)
    assert snapshot is not None
    assert (snapshot.note, len(snapshot.refunds)) == ("Ring twice", 1)
    assert line.asked.count("OrderRead") == 2


def test_a_list_without_pages_is_compared_with_how_many_there_are():
    parcels = [{"id": "gid://shopify/Fulfillment/1"}]
    assert reads._unpaged({"fulfillments": parcels, "fulfillmentsCount": {"count": 1}}, "fulfillments") == parcels
    with pytest.raises(RetryLater):
        reads._unpaged({"fulfillments": parcels, "fulfillmentsCount": {"count": 2}}, "fulfillments")
    with pytest.raises(RetryLater):  # nobody says how many refunds there are
        reads._unpaged({"refunds": [{}] * 250}, "refunds")


def test_a_usual_order_costs_three_calls(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    sandbox.press(placed, "fulfil", lines=[{"sku": "FW-MUG", "quantity": 1}])
    sandbox.press(placed, "scan", status="in_transit")
    line = Counting(shopify)
    assert read_order(shopify, placed, line) is not None
    assert line.asked == ["OrderRead", "FulfillmentOrdersOfOrder", "OrderEvents"]


def test_an_oversize_body_shrinks_to_its_id_and_is_read(sandbox, shopify):
    placed = sandbox.place()["id"]
    assert receive(shopify, "orders/create", {"id": placed}).result == "read again: created"
    assert Order.objects.get().lines.exists()
