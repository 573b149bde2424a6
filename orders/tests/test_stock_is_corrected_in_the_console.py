"""The page of a stock item: where it is, and asking the shop to count otherwise."""

import pytest
from django.urls import reverse

from orders import stock
from orders.intake import Origin
from orders.models import Change, StockItem
from orders.stock import ItemSnapshot, LevelSnapshot
from orders.tests.builders import make_shop
from orders.tests.console import reader_client

pytestmark = pytest.mark.django_db
MAY = ("orders.view_stockitem", "orders.change_stocklevel")


@pytest.fixture
def item() -> StockItem:
    shop = make_shop()
    stock.write_item(shop, ItemSnapshot(1, variant_id=2, sku="TEA", title="Teapot, Green", policy="deny"))
    stock.write_location(shop, 10, name="Main warehouse")
    stock.write_level(shop, LevelSnapshot(1, 10, 7, on_hand=9, committed=2), Origin(by="shopify"))
    return StockItem.objects.get()


def url(item: StockItem) -> str:
    return reverse("admin:orders_stockitem_change", args=[item.pk])


def typed(**other: str) -> dict[str, str]:
    return {"location": "10", "how": "delta", "number": "-2", "reason": "damaged", "verb": "adjust", **other}


def test_the_page_says_where_it_is(item):
    page = reader_client(*MAY).get(url(item)).content.decode()
    for text in ("Teapot, Green", "Main warehouse", ">7<", ">9<", "stops selling it at nothing"):
        assert text in page


def test_a_correction_and_a_count_become_changes(item):
    client = reader_client(*MAY)
    assert client.post(url(item), typed()).status_code == 302
    assert client.post(url(item), typed(how="quantity", number="5", reason="correction")).status_code == 302
    first, second = Change.objects.order_by("id")
    assert (first.kind, first.wanted["delta"], first.wanted["reason"]) == ("stock", -2, "damaged")
    assert (second.wanted["quantity"], second.base) == (5, {"quantity": 7})
    assert "-2 units" in client.get(url(item)).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"number": "two"}, {"number": ""}, {"number": "0"}, {"how": "x"}, {"location": "99"}]
)
def test_what_makes_no_sense_is_refused_with_what_was_typed(item, wrong):
    answer = reader_client(*MAY).post(url(item), typed(**wrong))
    assert answer.status_code == 409
    assert not Change.objects.exists()


def test_who_may_only_look_may_press_nothing(item):
    client = reader_client("orders.view_stockitem")
    assert "Ask the shop" not in client.get(url(item)).content.decode()
    assert client.post(url(item), typed()).status_code == 403
    assert reader_client(username="nobody").get(url(item)).status_code == 403


def test_an_item_is_found_by_the_beginning_of_its_sku(item):
    client = reader_client(*MAY)
    lists = reverse("admin:orders_stockitem_changelist")
    assert "Teapot, Green" in client.get(f"{lists}?q=TE").content.decode()
    assert "Teapot, Green" not in client.get(f"{lists}?q=MUG").content.decode()
