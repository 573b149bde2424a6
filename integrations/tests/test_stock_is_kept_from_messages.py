"""Stock on hand per location: from messages, whatever their order; the shop is asked for what they leave out."""

from decimal import Decimal

import pytest

from integrations import inbox
from integrations.shopify.stock import read_variant
from integrations.tests.shopify import connect, post, results
from orders import stock
from orders.models import JournalEntry, StockItem, StockLevel
from orders.stock import ItemSnapshot

pytestmark = pytest.mark.django_db

ITEM, VARIANT, HERE, THERE = 2**53 + 11, 2**53 + 12, 700_001, 700_002


@pytest.fixture
def connection():
    """A shop whose item we have read before; nothing answers at its API."""
    connection = connect()
    stock.write_item(connection.shop, ItemSnapshot(ITEM, variant_id=VARIANT, sku="TEA", policy="deny"), read=True)
    stock.write_location(connection.shop, HERE, name="Main warehouse")
    stock.write_location(connection.shop, THERE, name="East")
    return connection


def level(connection, location, available, at, topic="update"):
    post(
        connection,
        f"inventory_levels/{topic}",
        {"inventory_item_id": ITEM, "location_id": location, "available": available, "updated_at": at},
    )
    inbox.drain()


def shelf(connection):
    return stock.on_shelves(connection.shop, [VARIANT])[VARIANT]


def is_counted(connection):
    return VARIANT in stock.on_shelves(connection.shop, [VARIANT])


def test_levels_add_up_over_locations_most_first(connection):
    level(connection, HERE, 3, "2026-11-20T10:00:00Z", "connect")
    level(connection, THERE, 5, "2026-11-20T10:00:01Z")
    assert shelf(connection).places == (("East", 5), ("Main warehouse", 3))
    assert shelf(connection).available == 8


def test_an_older_level_never_overwrites_a_newer_one(connection):
    level(connection, HERE, 2, "2026-11-20T10:05:00Z")
    level(connection, HERE, 9, "2026-11-20T10:00:00Z")
    assert shelf(connection).available == 2


def test_a_level_told_twice_is_journaled_once(connection):
    level(connection, HERE, 2, "2026-11-20T10:00:00Z")
    level(connection, HERE, 2, "2026-11-20T10:00:30Z")
    told = JournalEntry.objects.filter(action="stock.updated")
    assert [(entry.order_id, entry.facts["sku"], entry.facts["available"]) for entry in told] == [(None, "TEA", 2)]


def test_a_location_that_keeps_it_no_more_counts_no_more(connection):
    level(connection, HERE, 2, "2026-11-20T10:00:00Z")
    post(connection, "inventory_levels/disconnect", {"inventory_item_id": ITEM, "location_id": HERE})
    inbox.drain()
    assert not is_counted(connection)


def test_a_closed_location_promises_nothing(connection):
    level(connection, HERE, 2, "2026-11-20T10:00:00Z")
    post(connection, "locations/deactivate", {"id": HERE, "name": "Main warehouse", "active": False})
    inbox.drain()
    assert not is_counted(connection)


def test_nothing_left_is_refused_unless_the_shop_sells_below_zero(connection):
    level(connection, HERE, -1, "2026-11-20T10:00:00Z")
    assert not shelf(connection).has(1)
    stock.write_item(connection.shop, ItemSnapshot(ITEM, policy="continue"))
    assert shelf(connection).has(1)


def test_a_product_names_what_is_counted_and_its_deletion_takes_it_off(connection):
    variant = {"id": VARIANT, "inventory_item_id": ITEM, "title": "Green", "sku": "TEA-G", "price": "19.90",
               "inventory_policy": "continue", "inventory_management": "shopify"}  # fmt: skip
    post(connection, "products/update", {"id": 55, "title": "Teapot", "variants": [variant]})
    inbox.drain()
    item = StockItem.objects.get()
    assert (item.title, item.sku, str(item.price), item.policy, item.tracked) == (
        "Teapot, Green", "TEA-G", "19.9000", "continue", True,
    )  # fmt: skip
    post(connection, "products/delete", {"id": 55})
    inbox.drain()
    assert stock.on_shelves(connection.shop, [VARIANT]) == {}


def test_a_number_no_column_holds_is_parked_and_nothing_is_half_written(connection):
    level(connection, HERE, 2**40, "2026-11-20T10:00:00Z")
    assert [state for _, state, _ in results()] == ["parked"]
    assert not StockLevel.objects.exists()


def test_what_an_item_costs_to_buy_is_kept_and_nobody_saying_it_changes_nothing(connection):
    for cost, kept in (("7.25", "7.2500"), (None, "7.2500"), ("8", "8.0000")):
        post(connection, "inventory_items/update", {"id": ITEM, "sku": "TEA-G", "tracked": True, "cost": cost})
        inbox.drain()
        assert str(StockItem.objects.get().unit_cost) == kept


def test_what_an_item_costs_to_buy_is_read_from_the_shop(shopify):
    mug, shoe = (read_variant(shopify, number) for number in (45_100_000_000_003, 45_100_000_000_004))
    assert (mug.sku, mug.unit_cost) == ("FW-MUG", Decimal("5.20"))
    assert (shoe.sku, shoe.unit_cost) == ("FW-SHOE-42", None)
