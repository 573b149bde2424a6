"""The order page: money, items, parcels, refunds and the story; to read only."""

from decimal import Decimal

import pytest
from django.urls import reverse

from orders.intake import Origin, apply_refund, mark_deleted
from orders.models import Order
from orders.money import Money, MoneyBag
from orders.snapshot import RefundLineSnapshot, RefundSnapshot
from orders.tests.builders import NOON, bag, line, make_order, make_shop, next_id
from orders.tests.console import reader_client

pytestmark = pytest.mark.django_db


def url(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def shown(order: Order) -> str:
    answer = reader_client("orders.view_order").get(url(order))
    assert answer.status_code == 200
    return answer.content.decode()


def test_money_is_set_out_line_by_line():
    amounts = {
        "total": MoneyBag(Money(Decimal("81.00"), "USD"), Money(Decimal("74.52"), "EUR")),
        "shipping": bag("5.00"),
        "duties": bag("1.00"),
    }
    page = shown(make_order(amounts=amounts))
    assert "81.00 USD (paid 74.52 EUR)" in page
    assert page.index("Shipping") < page.index("Duties")  # what we know first, in the order of a bill


def test_a_refund_says_whether_money_moved():
    order = make_order(line("Teapot", 2))
    part = RefundLineSnapshot(order.lines.get().remote_id, 1, "no_restock", {"subtotal": bag("40"), "tax": bag("0")})
    for status in ("success", "error"):
        refund = RefundSnapshot(next_id(), [part], processed_at=NOON, transactions=[{"status": status}])
        apply_refund(order.shop, order.remote_id, refund, Origin(by="shopify"))
    page = shown(order)
    assert "Money moved" in page
    assert "Recorded, no money moved" in page
    assert "1 × Teapot" in page
    assert "2 refunded" in page


def test_an_order_deleted_at_the_shop_says_so():
    order = make_order()
    mark_deleted(make_shop(), order.remote_id, Origin(by="shopify"))
    page = shown(order)
    assert "Deleted at the shop" in page
    assert "it is kept here" in page


def test_odd_orders_have_a_page_too():
    order = make_order(
        line("‮evil <b>", 40, sku=""), customer=None, shipping_address=None, email="", name="<u>#1</u>", note="<script>"
    )
    page = shown(order)
    assert "Guest" in page
    assert "No address" in page
    assert "Nothing was shipped yet" in page
    assert "<u>#1</u>" not in page
    assert "<script>" not in page.replace("<script src=", "")


def test_who_may_not_see_an_order():
    order = make_order()
    assert reader_client().get(url(order)).status_code == 403


def test_an_order_cannot_be_changed_here():
    order = make_order()
    client = reader_client("orders.view_order", "orders.change_order", "orders.delete_order")
    assert client.post(url(order), {"name": "#2"}).status_code == 400
    assert client.post(f"/admin/orders/order/{order.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/orders/order/add/").status_code == 403
    order.refresh_from_db()
    assert order.name == "#1001"
