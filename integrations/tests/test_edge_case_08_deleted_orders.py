"""Edge case 8: deleted orders are marked, never erased; that the shop shows nothing is no deletion."""

import pytest

from integrations.tests.arrivals import body_of, read_in, receive
from orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def test_deletion_is_told_by_id_and_marks_the_order(sandbox, shopify):
    order = read_in(shopify, sandbox.place()["id"])
    sandbox.post(f"/sandbox/orders/{order.remote_id}/delete.json")
    assert receive(shopify, "orders/delete", {"id": order.remote_id}).result == "marked as deleted"
    order.refresh_from_db()
    assert order.deleted_at is not None
    assert order.lines.exists()
    assert [entry.action for entry in order.journal.filter(action="order.deleted")] == ["order.deleted"]


def test_an_order_that_is_not_shown_is_not_deleted(sandbox, shopify):
    """Null is also the answer to who lost a scope, or asks for an order of more than 60 days."""
    order = read_in(shopify, sandbox.place()["id"])
    Order.objects.filter(pk=order.pk).update(remote_id=12345)
    message = receive(shopify, "orders/edited", {"order_edit": {"id": 1, "order_id": 12345}})
    assert (message.state, message.waits_for) == ("ignored", 12345)
    assert Order.objects.get().deleted_at is None


def test_a_late_message_of_a_deleted_order_does_not_bring_it_back(sandbox, shopify):
    order = read_in(shopify, sandbox.place()["id"])
    receive(shopify, "orders/delete", {"id": order.remote_id})
    receive(shopify, "orders/updated", body_of(sandbox, order.remote_id) | {"updated_at": "2027-01-01T00:00:00Z"})
    order.refresh_from_db()
    assert order.deleted_at is not None
