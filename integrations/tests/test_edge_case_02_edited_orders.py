"""Edge case 2: edits. A removed line stays as it was bought; what is to be sent is said by fulfillment orders."""

import pytest

from integrations.tests.arrivals import read_in, receive
from orders.models import units_to_send

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def test_a_removed_line_stays_and_is_not_sent(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}, {"sku": "FW-LAMP", "quantity": 1}])["id"]
    order = read_in(shopify, placed)
    mug, other = order.lines.all()
    sandbox.press(placed, "edit", set=[{"sku": "FW-MUG", "quantity": 0}])
    edit = {"order_edit": {"id": 78912328793, "order_id": placed, "line_items": {"additions": [], "removals": []}}}
    assert receive(shopify, "orders/edited", edit).result == "read again: changed"  # order_id, not the edit's own id
    mug.refresh_from_db()
    assert (mug.quantity, mug.current_quantity) == (2, 0)
    assert units_to_send(order.fulfillment_orders.all()) == {other.remote_id: 1}
    order.refresh_from_db()
    amounts = {name: float(order.amounts[name]["shop"]["amount"]) for name in ("total", "current_total")}
    assert amounts["current_total"] < amounts["total"]
    assert order.discrepancy is None  # totals and lines speak of different moments: not judged
