"""The list of orders: searches that an index answers, and no search that reads every row."""

import pytest
from django.urls import reverse

from orders.tests.builders import make_order
from orders.tests.console import reader_client

pytestmark = pytest.mark.django_db
NAMES = {"first": "#70012", "second": "#70013", "other": "#81000"}


def found(term: str) -> set[str]:
    answer = reader_client("orders.view_order").get(reverse("admin:orders_order_changelist"), {"q": term})
    assert answer.status_code == 200
    page = answer.content.decode()
    return {key for key, name in NAMES.items() if f">{name}<" in page}


@pytest.fixture(autouse=True)
def _orders():
    make_order(name=NAMES["first"], email="zoe@example.com", remote_id=9_100_000_000_000_000_001)
    make_order(name=NAMES["second"], email="zoltan@example.com", remote_id=9_100_000_000_000_000_002)
    make_order(name=NAMES["other"], email="ana@example.com", remote_id=9_100_000_000_000_000_003)


@pytest.mark.parametrize(
    "term, orders",
    [
        ("#70012", {"first"}),
        ("70012", {"first"}),
        ("#7001", {"first", "second"}),
        ("zoe@example.com", {"first"}),
        ("ZO", set()),  # too short to be more than a whole name
        ("ZOL", {"second"}),
        ("9100000000000000003", {"other"}),
        ("99999999999999999999999999", set()),
        ("' OR 1=1 --", set()),
        ("%%%", set()),
        ("", {"first", "second", "other"}),
        ("   ", {"first", "second", "other"}),
    ],
)
def test_a_search_finds(term, orders):
    assert found(term) == orders


def test_an_order_is_found_by_its_public_id():
    order = make_order(name=NAMES["first"])
    page = reader_client("orders.view_order").get("/admin/orders/order/", {"q": order.public_id}).content.decode()
    assert f"/admin/orders/order/{order.pk}/change/" in page


def test_the_search_box_finds_orders_for_those_who_may_see_them():
    url = reverse("admin:search")
    page = reader_client("orders.view_order").get(url, {"s": "#70012", "extended": "1"}).content.decode()
    assert "Order #70012" in page
    page = reader_client(username="nosy").get(url, {"s": "#70012", "extended": "1"}).content.decode()
    assert "Order #70012" not in page
