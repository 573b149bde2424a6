"""POST /v1/stock_changes: accepted, or refused by name; never for another shop."""

from typing import Any

import pytest

from backoffice.tests.builders import api, assert_problem
from orders.intake import Origin
from orders.models import Change
from orders.stock import ItemSnapshot, LevelSnapshot, write_item, write_level, write_location
from orders.tests.builders import make_shop

pytestmark = pytest.mark.django_db

SHOP = "tests.myshopify.com"
WISH = {"shop": SHOP, "item": "MUG", "location": "7", "delta": -1}


@pytest.fixture(autouse=True)
def mugs() -> None:
    shop = make_shop(SHOP)
    write_item(shop, ItemSnapshot(9_007_199_254_740_993, sku="MUG"))
    write_location(shop, 7, name="Main")
    write_level(shop, LevelSnapshot(9_007_199_254_740_993, 7, 10), Origin(by="shopify"))


def test_a_stock_change_is_accepted_and_read_back() -> None:
    client = api("orders:write", "orders:read", shop=SHOP)
    made = client.post("/v1/stock_changes", {"item": "9007199254740993", "location": "Main", "quantity": 4})
    assert made.status_code == 202, made.content
    body = made.json()
    assert (body["kind"], body["order"], body["base"]) == ("stock", None, {"quantity": 10})
    assert client.get(made["Location"]).json() == body


@pytest.mark.parametrize(
    "change, code, pointer",
    [
        ({"shop": "nobody.myshopify.com"}, "unknown_shop", "/shop"),
        ({"shop": 5}, "unknown_shop", "/shop"),
        ({"shop": "a\x00b"}, "unknown_shop", "/shop"),
        ({"item": "CUP"}, "unknown_item", "/item"),
        ({"item": "\ud800"}, "invalid_text", "/item"),
        ({"item": ["MUG"]}, "required", "/item"),
        ({"location": "Mars"}, "unknown_location", "/location"),
        ({"delta": 0}, "nothing_to_change", "/delta"),
        ({"delta": "1"}, "invalid_quantity", "/delta"),
        ({"delta": 10**400}, "invalid_quantity", "/delta"),
        ({"reason": {}}, "invalid_choice", "/reason"),
        ({"price": 1}, "unknown_field", "/price"),
    ],
)
def test_a_bad_request_is_refused_by_name(change: dict[str, Any], code: str, pointer: str) -> None:
    assert_problem(api("orders:write").post("/v1/stock_changes", {**WISH, **change}), 422, code, pointer)
    assert not Change.objects.exists()


def test_the_stock_of_another_shop_is_not_touched() -> None:
    make_shop("other.myshopify.com")
    stranger = api("orders:write", shop="other.myshopify.com")
    assert_problem(stranger.post("/v1/stock_changes", WISH), 422, "unknown_shop", "/shop")
    assert not Change.objects.exists()
