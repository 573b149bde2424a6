"""Edge case 7: a cancelled order may be paid, refunded or voided, is closed too, and leaves nothing to send."""

import time

import pytest

from integrations.tests.arrivals import body_of, read_in, receive
from orders.models import units_to_send

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def cancelled(sandbox, order_id: int) -> dict:
    """Cancelling is a job: the body once it is done."""
    sandbox.press(order_id, "cancel")
    for _ in range(100):
        body = body_of(sandbox, order_id)
        if body["cancelled_at"]:
            return body
        time.sleep(0.05)
    raise AssertionError("It was not cancelled.")


def test_nothing_is_left_to_send_and_both_facts_are_kept(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    order = read_in(shopify, placed)
    assert sum(units_to_send(order.fulfillment_orders.all()).values()) == 2
    receive(shopify, "orders/cancelled", cancelled(sandbox, placed))
    order = read_in(shopify, placed)
    assert order.cancelled_at is not None
    assert order.closed_at is not None
    assert order.refunds.count() == 1
    assert {work.status for work in order.fulfillment_orders.all()} <= {"closed", "cancelled"}
    assert units_to_send(order.fulfillment_orders.all()) == {}
    assert order.journal.filter(action="order.cancelled").count() == 1


def test_words_of_the_next_version_are_kept_as_they_come(sandbox, shopify):
    placed = sandbox.place()["id"]
    body = body_of(sandbox, placed) | {"fulfillment_status": "fulfillment_not_required", "financial_status": "voided"}
    assert receive(shopify, "orders/cancelled", body | {"cancelled_at": body["updated_at"]}).state == "handled"
    order = read_in(shopify, placed).journal.first().order
    assert order.journal.filter(action="order.created").exists()
