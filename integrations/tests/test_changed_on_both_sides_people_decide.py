"""A field that the shop changed too is never overwritten unseen: in conflict, decided either way, field by field."""

import pytest

from integrations.tests.changing import arrived, home, outcome, sent, told
from orders import changes
from orders.changes import ChangeRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop_of_module, store):
    return arrived(shop_of_module, store)


@pytest.fixture
def disputed(shop_of_module, store, order):
    """Street and city are wanted here; meanwhile the shop has another street and another ZIP."""
    change = changes.change_address(order, {"address1": "2 New Road", "city": "Salem"}, by="staff:ana")
    shop_of_module.press(order.remote_id, "address", address1="3 Other Way", zip="97201")
    sent(store, change)
    return change


def test_a_third_value_is_a_conflict_and_nothing_is_written(door, order, disputed):
    order.refresh_from_db()
    assert (disputed.state, disputed.theirs, door.mutations) == ("conflict", {"address1": "3 Other Way"}, [])
    assert order.shipping_address["address1"] == "3 Other Way"  # ours says what the shop says
    assert outcome(disputed) == "delivered: In conflict: the shop changed address1 too."
    assert told(order) == ["change.queued", "change.conflict"]
    assert disputed.started_at is None


def test_ours_is_kept_over_the_value_that_was_seen(store, door, order, disputed):
    changes.keep_ours(disputed, by="staff:lea")
    sent(store, disputed)
    order.refresh_from_db()
    assert disputed.state == "done"
    address = order.shipping_address
    assert (address["address1"], address["city"], address["zip"]) == ("2 New Road", "Salem", "97201")
    assert door.mutations == ["orderUpdate"]


def test_theirs_is_kept_and_the_rest_is_written(store, door, order, disputed):
    changes.keep_theirs(disputed, by="staff:lea")
    sent(store, disputed)
    order.refresh_from_db()
    assert (disputed.state, disputed.wanted) == ("done", {"city": "Salem"})
    assert (order.shipping_address["address1"], order.shipping_address["city"]) == ("3 Other Way", "Salem")


def test_a_conflict_is_decided_field_by_field(shop_of_module, store, door, order):
    change = changes.change_address(order, {"address1": "2 New Road", "city": "Salem"}, by="staff:ana")
    shop_of_module.press(order.remote_id, "address", address1="3 Other Way", city="Bend")
    sent(store, change)
    assert change.theirs == {"address1": "3 Other Way", "city": "Bend"}
    changes.keep_theirs(change, fields=["address1"], by="staff:lea")
    change.refresh_from_db()
    assert (change.state, change.theirs) == ("conflict", {"city": "Bend"})
    changes.keep_ours(change, fields=["city"], by="staff:lea")
    sent(store, change)
    order.refresh_from_db()
    assert (order.shipping_address["address1"], order.shipping_address["city"]) == ("3 Other Way", "Salem")
    assert told(order) == ["change.queued", "change.conflict", "change.conflict", "change.queued", "change.done"]


def test_when_theirs_stays_in_all_fields_nothing_is_left_to_send(shop_of_module, store, door, order):
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    shop_of_module.press(order.remote_id, "note", note="Leave at the door")
    sent(store, change)
    changes.keep_theirs(change, by="staff:lea")
    sent(store, change)
    order.refresh_from_db()
    assert (change.state, order.note, door.mutations) == ("withdrawn", "Leave at the door", [])


def test_a_fourth_value_after_the_decision_is_a_conflict_again(shop_of_module, store, door, order, disputed):
    changes.keep_ours(disputed, by="staff:lea")
    shop_of_module.press(order.remote_id, "address", address1="4 Last Lane")
    sent(store, disputed)
    assert (disputed.state, disputed.theirs, door.mutations) == ("conflict", {"address1": "4 Last Lane"}, [])


def test_a_second_change_of_the_same_field_waits_for_the_first_to_be_decided(order, disputed):
    with pytest.raises(ChangeRefused) as refusal:
        changes.change_address(order, {"city": "Eugene"}, by="staff:ben")
    assert refusal.value.code == "change_waiting"
    assert "ana" in str(refusal.value)
    assert changes.change_address(order, {"company": "Acme"}, by="staff:ben").state == "queued"


def test_two_changes_of_different_fields_do_not_disturb_each_other(store, door, order):
    first = changes.change_address(order, {"address1": "2 New Road"}, by="staff:ana")
    second = changes.change_address(order, {"company": "Acme"}, by="staff:ben")
    sent(store, first)
    second.refresh_from_db()
    order.refresh_from_db()
    assert (first.state, second.state) == ("done", "done")
    assert (order.shipping_address["address1"], order.shipping_address["company"]) == ("2 New Road", "Acme")


def test_what_is_not_in_conflict_cannot_be_decided(store, order, disputed):
    for decide in (changes.keep_ours, changes.keep_theirs):
        with pytest.raises(ChangeRefused) as refusal:
            decide(disputed, fields=["city"], by="staff:lea")
        assert (refusal.value.code, refusal.value.pointer) == ("unknown_field", "/fields")
    changes.keep_theirs(disputed, by="staff:lea")
    with pytest.raises(ChangeRefused, match="not in conflict"):
        changes.keep_ours(disputed, by="staff:lea")


def test_a_change_of_the_shop_that_we_had_seen_is_no_conflict(shop_of_module, store, door, order):
    shop_of_module.press(order.remote_id, "note", note="Leave at the door")
    home(store, order.remote_id)
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    sent(store, change)
    assert (change.state, door.mutations) == ("done", ["orderUpdate"])
