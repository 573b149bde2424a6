"""Edge case 10: a draft is no sale; it becomes an order of another id, and either message may come first."""

import pytest

from integrations.tests.arrivals import body_of, receive
from orders.models import DraftOrder, Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


@pytest.mark.parametrize("order_first", [True, False])
def test_a_completed_draft_and_its_order_are_one_sale(sandbox, shopify, order_first):
    placed = sandbox.place()["id"]
    draft = {"id": 8001, "name": "#D1", "status": "open", "updated_at": "2026-11-20T10:00:00Z", "order_id": None}
    receive(shopify, "draft_orders/create", draft)
    assert not Order.objects.exists()
    done = draft | {"status": "completed", "order_id": placed, "updated_at": "2026-11-20T10:01:00Z"}
    messages = [("orders/create", body_of(sandbox, placed)), ("draft_orders/update", done)]
    for topic, body in messages if order_first else reversed(messages):
        receive(shopify, topic, body)
    assert DraftOrder.objects.get().order_remote_id == Order.objects.get().remote_id
