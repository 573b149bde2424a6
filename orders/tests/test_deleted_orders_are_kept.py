"""The shop deletes an order: here it is marked, never erased."""

import pytest
from django.db.models import ProtectedError

from orders.intake import OrderUnknown, Origin, mark_deleted
from orders.models import Order
from orders.tests.builders import make_order, make_shop, story

pytestmark = pytest.mark.django_db


def test_it_is_marked_once_and_journaled_once() -> None:
    order = make_order()
    whats = [mark_deleted(order.shop, order.remote_id, Origin(by="shopify")).what for _ in range(2)]
    assert whats == ["changed", "unchanged"]
    order.refresh_from_db()
    assert order.deleted_at is not None
    assert order.lines.count() == 1
    assert story(order)[1:] == [("order.deleted", {"name": "#1001"})]


def test_another_shop_cannot_delete_it() -> None:
    order = make_order()
    with pytest.raises(OrderUnknown):
        mark_deleted(make_shop("other.myshopify.com"), order.remote_id, Origin(by="shopify"))
    order.refresh_from_db()
    assert order.deleted_at is None


def test_the_row_itself_cannot_go() -> None:
    order = make_order()
    with pytest.raises(ProtectedError):
        order.delete()
    with pytest.raises(ProtectedError):
        Order.objects.all().delete()
