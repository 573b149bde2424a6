"""Lines are edited in one commit, which is never repeated, and never made over somebody else's edit."""

import pytest

from integrations.tests.changing import arrived, home, sent, told
from orders import changes
from orders.changes import ChangeRefused

pytestmark = pytest.mark.django_db

COMMIT = ["orderEditBegin", "orderEditSetQuantity", "orderEditCommit"]


@pytest.fixture
def order(shop_of_module, store):
    return arrived(shop_of_module, store, lines=[{"sku": "FW-MUG", "quantity": 3}])


@pytest.fixture
def goods(order):
    return order.lines.filter(requires_shipping=True).order_by("-quantity").first()


def set_to(goods, quantity):
    return [{"line_item": goods.public_id, "quantity": quantity}]


def test_fewer_units_are_sent_after_one_commit(store, door, order, goods):
    change = changes.edit_lines(order, lines=set_to(goods, 1), note="One is enough", by="staff:ana")
    assert change.wanted["lines"] == {str(goods.remote_id): 1}
    sent(store, change)
    goods.refresh_from_db()
    assert (change.state, change.failure, goods.quantity, goods.current_quantity) == ("done", "", 3, 1)
    assert door.mutations == COMMIT
    assert told(order) == ["change.queued", "change.done"]


def test_a_removed_line_stays_with_nothing_left(store, door, order, goods):
    change = changes.edit_lines(order, lines=set_to(goods, 0), by="staff:ana")
    sent(store, change)
    goods.refresh_from_db()
    assert (change.state, goods.quantity, goods.current_quantity) == ("done", 3, 0)


def test_a_variant_is_added(store, door, order, goods):
    variant = str(goods.variant_id)
    change = changes.edit_lines(order, add=[{"variant_id": variant, "quantity": 2}], by="staff:ana")
    sent(store, change)
    assert (change.state, change.failure) == ("done", "")
    assert sum(line.current_quantity for line in order.lines.filter(variant_id=goods.variant_id)) == 5
    assert "orderEditAddVariant" in door.mutations


@pytest.mark.parametrize("wish", ["set", "add"])
def test_a_commit_whose_answer_was_lost_is_not_repeated(store, door, order, goods, wish):
    before = sum(line.current_quantity for line in order.lines.all())
    ways = {"set": {"lines": set_to(goods, 1)}, "add": {"add": [{"variant_id": goods.variant_id, "quantity": 1}]}}
    change = changes.edit_lines(order, by="staff:ana", **ways[wish])
    door.lose("orderEditCommit")
    sent(store, change, tries=2)
    assert (change.state, change.failure, door.mutations.count("orderEditCommit")) == ("done", "", 1)
    after = sum(line.current_quantity for line in order.lines.all())
    assert after - before == {"set": -2, "add": 1}[wish]


def test_a_begun_edit_whose_answer_was_lost_is_begun_anew(store, door, order, goods):
    change = changes.edit_lines(order, lines=set_to(goods, 1), by="staff:ana")
    door.lose("orderEditSetQuantity")
    sent(store, change, tries=2)
    assert (change.state, door.mutations.count("orderEditCommit")) == ("done", 1)


def test_an_edit_at_the_shop_meanwhile_is_not_edited_over(shop_of_module, store, door, order, goods):
    change = changes.edit_lines(order, lines=set_to(goods, 1), by="staff:ana")
    shop_of_module.press(order.remote_id, "edit", set=[{"line_id": goods.remote_id, "quantity": 2}])
    sent(store, change)
    assert (change.state, door.mutations) == ("failed", [])
    assert "changed at the shop meanwhile" in change.failure


def test_what_was_sent_cannot_be_taken_off(shop_of_module, store, order, goods):
    shop_of_module.press(order.remote_id, "fulfil", lines=[{"line_id": goods.remote_id, "quantity": 2}])
    order = home(store, order.remote_id)
    with pytest.raises(ChangeRefused, match="2 were sent already") as refusal:
        changes.edit_lines(order, lines=set_to(goods, 1), by="staff:ana")
    assert (refusal.value.code, refusal.value.pointer) == ("quantity_sent", "/lines/0/quantity")


@pytest.mark.parametrize(
    "wish, code, pointer",
    [
        ({}, "nothing_to_change", ""),
        ({"lines": "all"}, "invalid_lines", "/lines"),
        ({"lines": [{"line_item": "li_nobody", "quantity": 1}]}, "unknown_line", "/lines/0/line_item"),
        ({"lines": [{"line_item": "li_nobody", "price": 1}]}, "unknown_field", "/lines/0/price"),
        ({"add": [{"variant_id": "x", "quantity": 1}]}, "unknown_variant", "/add/0/variant_id"),
        ({"add": [{"variant_id": "7", "quantity": 0}]}, "invalid_quantity", "/add/0/quantity"),
        ({"add": [{"variant_id": "7", "quantity": 1}, {"variant_id": 7, "quantity": 1}]}, "invalid_lines",
         "/add/1/variant_id"),
    ],
)  # fmt: skip
def test_a_bad_wish_is_refused_by_name(order, wish, code, pointer):
    with pytest.raises(ChangeRefused) as refusal:
        changes.edit_lines(order, by="staff:ana", **wish)
    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
    assert not order.changes.exists()


def test_a_line_named_twice_or_with_no_number_is_refused(order, goods):
    for lines in (set_to(goods, 1) * 2, set_to(goods, -1), set_to(goods, True), set_to(goods, "1")):
        with pytest.raises(ChangeRefused):
            changes.edit_lines(order, lines=lines, by="staff:ana")
