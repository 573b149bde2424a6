"""Edge case 7: a cancelled order may be paid, refunded or voided, is closed too, and leaves nothing to send."""

import time

import pytest
from django.urls import reverse

from integrations.tests.arrivals import body_of, read_in, receive
from orders import changes
from orders.changes import ChangeRefused
from orders.models import units_to_send
from orders.tests.console import reader_client
from protection.tests.builders import make_plan

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


def test_a_cancelled_order_is_one_by_its_time_whatever_its_statuses_still_say(sandbox, shopify):
    """The statuses follow later, and say "paid" and nothing of sending; work for locations has messages of its own."""
    make_plan(shopify.shop)
    placed = sandbox.place(protected=True, lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    order = read_in(shopify, placed)
    assert order.coverage.status == "inactive"
    body = body_of(sandbox, placed)
    later = "2030-01-01T00:00:00-05:00"
    early = body | {"cancelled_at": later, "closed_at": later, "updated_at": later}
    assert (early["financial_status"], early["fulfillment_status"]) == ("paid", None)
    receive(shopify, "orders/cancelled", early)
    order.refresh_from_db()
    assert order.coverage.status == "void"
    assert order.journal.filter(action="order.cancelled").count() == 1
    assert sum(units_to_send(order.fulfillment_orders.all()).values()) > 0  # that news is still to come
    with pytest.raises(ChangeRefused) as refusal:
        changes.fulfil(order, by="staff:ana")
    assert refusal.value.code == "order_cancelled"
    page = reader_client("orders.view_order").get(reverse("admin:orders_order_change", args=[order.pk]))
    assert "Still to send" not in page.content.decode()


def test_what_is_on_its_way_is_not_cancelled_but_returned_or_refunded(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    sandbox.press(placed, "fulfil")
    order = read_in(shopify, placed)
    with pytest.raises(ChangeRefused) as refusal:
        changes.cancel(order, by="staff:ana")
    assert refusal.value.code == "order_sent"
    assert "return" in str(refusal.value)


def test_words_of_the_next_version_are_kept_as_they_come(sandbox, shopify):
    placed = sandbox.place()["id"]
    body = body_of(sandbox, placed) | {"fulfillment_status": "fulfillment_not_required", "financial_status": "voided"}
    assert receive(shopify, "orders/cancelled", body | {"cancelled_at": body["updated_at"]}).state == "handled"
    order = read_in(shopify, placed).journal.first().order
    assert order.journal.filter(action="order.created").exists()
