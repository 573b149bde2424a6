"""Stock: a repeat counts once, and a count from a number the shop no longer has is a conflict."""

import pytest

from integrations.shopify.stock import read_item
from integrations.tests.changing import sent
from orders import changes
from orders.changes import ChangeRefused
from orders.models import Change, JournalEntry, StockLevel

pytestmark = pytest.mark.django_db

ITEM = '{ productVariants(first: 1, query: "sku:FW-MUG") { nodes { inventoryItem { id } } } }'
SET = """mutation($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input)
    @idempotent(key: "by hand %s") { userErrors { message } } }"""


@pytest.fixture
def level(shop_of_module, store):
    """Mugs at the place that has most of them, as we know it."""
    gid = shop_of_module.ask(ITEM)["data"]["productVariants"]["nodes"][0]["inventoryItem"]["id"]
    item = read_item(store, int(gid.rsplit("/", 1)[-1]))
    return item.levels.order_by("-available").first()


def adjust(level, **wish):
    place = str(level.location.remote_id)
    return changes.adjust_stock(level.item.shop, level.item.sku, place, by="staff:ana", **wish)


def count_by_hand(sandbox, level, quantity):
    row = {"inventoryItemId": f"gid://shopify/InventoryItem/{level.item.remote_id}", "quantity": quantity,
           "locationId": f"gid://shopify/Location/{level.location.remote_id}", "changeFromQuantity": None}  # fmt: skip
    given = {"name": "available", "reason": "correction", "quantities": [row]}
    answer = sandbox.ask(SET % level.pk, input=given)
    assert answer["data"]["inventorySetQuantities"]["userErrors"] == [], answer


def test_units_are_taken_away_once_though_the_answer_is_lost(store, door, level):
    before = level.available
    change = adjust(level, delta=-2, reason="damaged")
    assert (change.order, change.shop) == (None, level.item.shop)
    door.lose("inventoryAdjustQuantities")
    sent(store, change, tries=2)
    level.refresh_from_db()
    assert (change.state, change.failure, level.available) == ("done", "", before - 2)
    assert door.mutations == ["inventoryAdjustQuantities"] * 2  # the same key: it counts once
    assert list(JournalEntry.objects.filter(subject=change.public_id).order_by("id").values_list("action", flat=True)) \
        == ["change.queued", "change.done"]  # fmt: skip


def test_a_count_is_written(store, door, level):
    change = adjust(level, quantity=level.available + 5)
    sent(store, change)
    now = StockLevel.objects.get(pk=level.pk).available
    assert (change.state, now, door.mutations) == ("done", level.available + 5, ["inventorySetQuantities"])


def test_a_count_from_an_old_number_is_a_conflict_for_people(shop_of_module, store, door, level):
    change = adjust(level, quantity=50)
    count_by_hand(shop_of_module, level, 44)
    sent(store, change)
    assert (change.state, change.theirs) == ("conflict", {"quantity": 44})
    assert StockLevel.objects.get(pk=level.pk).available == 44
    changes.keep_ours(change, by="staff:lea")
    sent(store, change)
    assert (change.state, StockLevel.objects.get(pk=level.pk).available) == ("done", 50)


def test_a_count_of_the_shop_that_is_kept_leaves_nothing_to_send(shop_of_module, store, door, level):
    change = adjust(level, quantity=level.available + 7)
    count_by_hand(shop_of_module, level, 33)
    sent(store, change)
    assert change.state == "conflict"
    changes.keep_theirs(change, by="staff:lea")
    sent(store, change)
    assert (change.state, door.mutations) == ("withdrawn", ["inventorySetQuantities"])
    assert StockLevel.objects.get(pk=level.pk).available == 33


def test_units_that_were_adjusted_stay_so_though_the_shop_refuses_to_show_them(store, door, level):
    change = adjust(level, delta=-1, reason="damaged")
    door.instead("StockOfItem", {"errors": [{"message": "Access denied", "extensions": {"code": "ACCESS_DENIED"}}]})
    sent(store, change)
    assert door.answers == {}
    assert (change.state, change.failure) == ("done", "")


def test_a_bad_wish_is_refused_by_name(store, level):
    place = str(level.location.remote_id)
    for wish, code in (
        ({"item": "NOBODY", "location": place, "delta": 1}, "unknown_item"),
        ({"item": "FW-MUG", "location": "Mars", "delta": 1}, "unknown_location"),
        ({"item": "FW-MUG", "location": place}, "invalid_quantity"),
        ({"item": "FW-MUG", "location": place, "delta": 1, "quantity": 1}, "invalid_quantity"),
        ({"item": "FW-MUG", "location": place, "delta": 0}, "nothing_to_change"),
        ({"item": "FW-MUG", "location": place, "quantity": -1}, "invalid_quantity"),
        ({"item": "FW-MUG", "location": place, "quantity": level.available}, "nothing_to_change"),
        ({"item": "FW-MUG", "location": place, "delta": 1, "reason": "whim"}, "invalid_choice"),
    ):
        with pytest.raises(ChangeRefused) as refusal:
            changes.adjust_stock(level.item.shop, by="staff:ana", **wish)
        assert refusal.value.code == code, wish
    assert not Change.objects.exists()
