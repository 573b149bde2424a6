"""Tags are added and removed one by one: what others tagged meanwhile stays."""

import pytest

from integrations.tests.changing import arrived, sent
from orders import changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop_of_module, store):
    order = arrived(shop_of_module, store)
    sent(store, changes.change_tags(order, add=["old", "vip"], by="staff:ana"))
    order.refresh_from_db()
    return order


def test_tags_are_added_and_removed_and_those_of_others_stay(shop_of_module, store, door, order):
    assert set(order.tags) >= {"old", "vip"}
    del door.mutations[:]
    change = changes.change_tags(order, add=["gift", "VIP"], remove=["Old", "unknown"], by="partner:acme")
    assert change.wanted == {"add": ["gift"], "remove": ["Old"]}
    shop_of_module.press(order.remote_id, "note", tags=[*order.tags, "theirs"])
    sent(store, change)
    order.refresh_from_db()
    assert (change.state, change.failure) == ("done", "")
    assert {"gift", "vip", "theirs"} <= set(order.tags)
    assert "old" not in order.tags
    assert door.mutations == ["tagsAdd", "tagsRemove"]


def test_a_lost_answer_does_not_add_twice(store, door, order):
    del door.mutations[:]
    change = changes.change_tags(order, add=["gift"], remove=["old"], by="staff:ana")
    door.lose("tagsAdd")
    sent(store, change, tries=2)
    assert (change.state, door.mutations) == ("done", ["tagsAdd", "tagsRemove"])


def test_tags_that_are_there_by_then_need_no_mutation(shop_of_module, store, door, order):
    del door.mutations[:]
    change = changes.change_tags(order, add=["gift"], by="staff:ana")
    shop_of_module.press(order.remote_id, "note", tags=[*order.tags, "Gift"])
    sent(store, change)
    assert (change.state, door.mutations) == ("done", [])
