"""Address, contact, note and tags: one mutation at the shop, the order home changed, nothing echoed, nothing lost."""

from importlib import import_module

import pytest
from django.apps import apps

from integrations.models import Connection, Delivery
from integrations.shopify.pushes import values
from integrations.shopify.pushes.asking import Withdrawn
from integrations.tests.changing import arrived, home, outcome, sent, told
from orders import changes
from orders.changes import ChangeRefused, carrying

pytestmark = pytest.mark.django_db

HERE = {"address1": "2 New Road", "city": "Portland", "province_code": "OR", "zip": "97201"}


@pytest.fixture
def order(shop_of_module, store):
    return arrived(shop_of_module, store)


def test_a_note_is_written_by_one_mutation_and_the_order_comes_home(store, door, order):
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    sent(store, change)
    order.refresh_from_db()
    assert (change.state, order.note, door.mutations) == ("done", "Ring twice", ["orderUpdate"])
    assert change.done_at
    assert told(order) == ["change.queued", "change.done"]


def test_an_address_is_changed_in_the_given_fields_only(store, door, order):
    before = order.shipping_address
    change = changes.change_address(order, HERE, by="partner:acme")
    sent(store, change)
    order.refresh_from_db()
    assert change.state == "done"
    assert {name: order.shipping_address[name] for name in HERE} == HERE
    assert order.shipping_address["last_name"] == before["last_name"]
    assert order.shipping_address["country_code"] == before["country_code"]
    assert door.mutations == ["orderUpdate"]


def test_an_address_may_be_asked_for_in_full_and_only_what_differs_is_wanted(order):
    known = {name: order.shipping_address[name] for name in changes.ADDRESS_FIELDS}
    change = changes.change_address(order, {**known, "city": "Salem"}, by="staff:ana")
    assert (change.wanted, change.base) == ({"city": "Salem"}, {"city": known["city"]})


def test_a_contact_is_changed(store, door, order):
    change = changes.change_contact(order, email="new@example.com", by="staff:ana")
    sent(store, change)
    order.refresh_from_db()
    assert (change.state, order.email, door.mutations) == ("done", "new@example.com", ["orderUpdate"])


def test_nothing_echoes(store, door, order):
    """The order that came home after our write is not sent back, and its webhook brings nothing new."""
    sent(store, changes.change_note(order, "Ring twice", by="staff:ana"))
    home(store, order.remote_id)
    sent(store)
    assert door.mutations == ["orderUpdate"]
    sources = dict(order.journal.filter(action__in=["order.updated", "change.done"]).values_list("action", "source"))
    assert set(sources.values()) == {store.public_id}
    entries = Delivery.objects.filter(connection=store).values_list("entry__action", flat=True)
    assert list(entries) == ["change.queued"]


def test_what_the_shop_says_already_is_not_written_again(shop_of_module, store, door, order):
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    shop_of_module.press(order.remote_id, "note", note="Ring twice")
    sent(store, change)
    order.refresh_from_db()
    assert (change.state, order.note, door.mutations) == ("done", "Ring twice", [])


def test_a_lost_answer_does_not_write_twice(store, door, order):
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    door.lose("orderUpdate")
    sent(store, change)
    assert (change.state, outcome(change).split(":")[0]) == ("queued", "retrying")
    sent(store, change)
    order.refresh_from_db()
    assert (change.state, order.note, door.mutations) == ("done", "Ring twice", ["orderUpdate"])


def test_an_order_the_shop_does_not_show_any_more_is_a_refusal_not_a_jam(shop_of_module, store, door, order):
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    shop_of_module.press(order.remote_id, "delete")
    sent(store, change)
    assert (change.state, door.mutations) == ("failed", [])
    assert "does not show us this order" in change.failure
    assert outcome(change).startswith("delivered: Refused:")
    assert told(order) == ["change.queued", "change.failed"]


def test_a_change_given_up_in_time_is_not_sent(store, door, order):
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    changes.withdraw(change, by="staff:ben")
    sent(store, change)
    assert (change.state, door.mutations) == ("withdrawn", [])
    assert outcome(change) == "delivered: Nothing to do: it was given up or is done already."
    assert told(order) == ["change.queued", "change.withdrawn"]


def test_a_change_given_up_while_we_look_is_not_sent(store, door, order):
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    looking = carrying.to_send(change.public_id)
    changes.withdraw(change, by="staff:ben")
    with pytest.raises(Withdrawn):
        values.push(store, looking)
    assert door.mutations == []


def test_what_the_shop_may_have_cannot_be_given_up(store, door, order):
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    door.lose("orderUpdate")
    sent(store, change)
    with pytest.raises(ChangeRefused) as refusal:
        changes.withdraw(change, by="staff:ana")
    assert refusal.value.code == "change_under_way"


def test_a_connection_of_before_there_were_changes_is_sent_them(store):
    Connection.objects.filter(pk=store.pk).update(events=["resolution.queued"])
    import_module("integrations.migrations.0009_shops_are_sent_changes").add(apps, None)
    store.refresh_from_db()
    assert store.events == ["resolution.queued", "change.queued"]


@pytest.mark.parametrize(
    "name, one, other, expected",
    [
        ("phone", "+1 555-010-0199", "+15550100199", True),
        ("phone", "0664 1234567", "+436641234567", True),
        ("phone", "", "+436641234567", False),
        ("phone", "911", "+43911", False),
        ("email", "Zoe@Example.com", "zoe@example.com", True),
        ("zip", "sw1a  1aa", "SW1A 1AA", True),
        ("address1", "1 Test  Street", "1 Test Street", True),
        ("address1", "1 test street", "1 Test Street", False),
        ("note", "a", "", False),
    ],
)
def test_the_shop_tidies_values_and_that_is_no_conflict(name, one, other, expected):
    assert values.same(name, one, other) is expected
    assert values.same(name, other, one) is expected
