"""Goods on their way back: one return at the shop, found again after a lost answer, refused for what was not sent."""

import pytest

from integrations.tests.changing import arrived, home, sent, told
from orders import changes
from orders.changes import ChangeRefused

pytestmark = pytest.mark.django_db

RETURNS = """query($id: ID!) { order(id: $id) { returns(first: 20) { nodes { id status
    returnLineItems(first: 20) { nodes { quantity ... on ReturnLineItem { returnReasonNote } } } } } } }"""


@pytest.fixture
def order(shop_of_module, store):
    order = arrived(shop_of_module, store, lines=[{"sku": "FW-MUG", "quantity": 2}])
    shop_of_module.press(order.remote_id, "fulfil")
    return home(store, order.remote_id)


@pytest.fixture
def goods(order):
    return order.lines.get(sku="FW-MUG")


def at_shop(sandbox, order):
    answer = sandbox.ask(RETURNS, id=f"gid://shopify/Order/{order.remote_id}")
    return answer["data"]["order"]["returns"]["nodes"]


def test_a_return_is_opened_once_though_the_answer_is_lost(shop_of_module, store, door, order, goods):
    lines = [{"line_item": goods.public_id, "quantity": 1, "reason": "defective", "note": "Handle broke"}]
    change = changes.open_return(order, lines=lines, by="staff:ana")
    door.lose("returnCreate")
    sent(store, change, tries=2)
    assert (change.state, change.failure, door.mutations) == ("done", "", ["returnCreate"])
    [opened] = at_shop(shop_of_module, order)
    assert change.result["return"] == opened["id"].rsplit("/", 1)[-1]
    assert str(order.returns.get().remote_id) == change.result["return"]
    [part] = opened["returnLineItems"]["nodes"]
    assert (part["quantity"], part["returnReasonNote"]) == (1, f"Handle broke ({change.public_id})")
    assert told(order) == ["change.queued", "change.done"]


def test_a_second_return_of_the_rest_is_one_of_its_own(shop_of_module, store, door, order, goods):
    one = [{"line_item": goods.public_id, "quantity": 1}]
    for _ in range(2):
        change = changes.open_return(order, lines=one, by="staff:ana")
        sent(store, change)
        assert change.state == "done"
    assert len(at_shop(shop_of_module, order)) == 2


def test_more_than_was_sent_cannot_come_back(shop_of_module, store, order, goods):
    with pytest.raises(ChangeRefused, match="2 were sent") as refusal:
        changes.open_return(order, lines=[{"line_item": goods.public_id, "quantity": 3}], by="staff:ana")
    assert (refusal.value.code, refusal.value.pointer) == ("not_sent", "/lines/0/quantity")
    unsent = arrived(shop_of_module, store)
    goods = unsent.lines.filter(requires_shipping=True).first()
    with pytest.raises(ChangeRefused) as refusal:
        changes.open_return(unsent, lines=[{"line_item": goods.public_id, "quantity": 1}], by="staff:ana")
    assert refusal.value.code == "not_sent"


def test_a_reason_is_one_of_the_list_and_another_one_is_written_out(order, goods):
    for said, code, pointer in (
        ({"reason": "boredom"}, "invalid_choice", "/lines/0/reason"),
        ({"reason": "other"}, "required", "/lines/0/note"),
    ):
        with pytest.raises(ChangeRefused) as refusal:
            changes.open_return(order, lines=[{"line_item": goods.public_id, "quantity": 1, **said}], by="staff:ana")
        assert (refusal.value.code, refusal.value.pointer) == (code, pointer)


def test_what_the_shop_does_not_let_come_back_is_refused(shop_of_module, store, door, order, goods):
    change = changes.open_return(order, lines=[{"line_item": goods.public_id, "quantity": 2}], by="staff:ana")
    shop_of_module.press(order.remote_id, "refund", lines=[{"line_id": goods.remote_id, "quantity": 2}])
    sent(store, change)
    assert change.state == "failed"
    assert change.failure
