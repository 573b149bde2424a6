"""Work for locations: held back once by our own handle, only our own holds released, moved once."""

import pytest

from integrations.tests.changing import arrived, home, sent
from orders import changes
from orders.changes import ChangeRefused
from orders.models import FulfillmentOrder

pytestmark = pytest.mark.django_db

WORK = """query($id: ID!) { order(id: $id) { fulfillmentOrders(first: 20) { nodes {
    id status assignedLocation { location { id } } fulfillmentHolds { id handle heldByRequestingApp reason } } } } }"""
PLACES = "{ locations(first: 20) { nodes { id name } } }"


@pytest.fixture
def order(shop_of_module, store):
    return arrived(shop_of_module, store, lines=[{"sku": "FW-MUG", "quantity": 2}])


def works(sandbox, order):
    answer = sandbox.ask(WORK, id=f"gid://shopify/Order/{order.remote_id}")
    return answer["data"]["order"]["fulfillmentOrders"]["nodes"]


def holds(sandbox, order):
    return [(one["handle"], one["reason"]) for work in works(sandbox, order) for one in work["fulfillmentHolds"]]


def known_work(sandbox, order):
    """The order's work as we know it after it was read."""
    [work] = [work for work in works(sandbox, order) if work["status"] not in ("CLOSED", "CANCELLED")]
    number, place = (int(one.rsplit("/", 1)[-1]) for one in (work["id"], work["assignedLocation"]["location"]["id"]))
    return FulfillmentOrder.objects.get_or_create(
        order=order, remote_id=number, defaults={"status": "open", "location_id": place}
    )[0]


def elsewhere(sandbox, work):
    numbers = [int(place["id"].rsplit("/", 1)[-1]) for place in sandbox.ask(PLACES)["data"]["locations"]["nodes"]]
    return next(str(number) for number in numbers if number != work.location_id)


def test_work_is_held_back_once_though_the_answer_is_lost(shop_of_module, store, door, order):
    change = changes.hold(order, reason="incorrect_address", notes="Asked them", by="staff:ana")
    door.lose("fulfillmentOrderHold")
    sent(store, change, tries=2)
    assert (change.state, change.failure, door.mutations) == ("done", "", ["fulfillmentOrderHold"])
    assert holds(shop_of_module, order) == [(str(change.uuid), "INCORRECT_ADDRESS")]
    [known] = [one for work in order.fulfillment_orders.all() for one in work.holds]
    assert (known["handle"], known["ours"]) == (str(change.uuid), True)


def test_one_hold_of_two_is_released_by_its_name(shop_of_module, store, door, order):
    first, second = changes.hold(order, by="staff:ana"), changes.hold(order, reason="other", by="staff:ben")
    sent(store, first)
    names = {one["handle"]: one["id"] for work in order.fulfillment_orders.all() for one in work.holds}
    change = changes.release(order, holds=[names[str(first.uuid)]], by="staff:ana")
    sent(store, change)
    assert (change.state, change.failure) == ("done", "")
    assert [handle for handle, _ in holds(shop_of_module, order)] == [str(second.uuid)]


def test_only_our_own_holds_are_released(shop_of_module, store, door, order):
    held = changes.hold(order, by="staff:ana")
    sent(store, held)
    shop_of_module.press(order.remote_id, "hold")
    assert len(holds(shop_of_module, order)) == 2
    order = home(store, order.remote_id)
    change = changes.release(order, by="staff:ana")
    sent(store, change)
    assert (change.state, change.failure) == ("done", "")
    assert [handle for handle, _ in holds(shop_of_module, order)] == [None]
    assert door.mutations == ["fulfillmentOrderHold", "fulfillmentOrderReleaseHold"]


def test_what_was_sent_meanwhile_cannot_be_held(shop_of_module, store, door, order):
    change = changes.hold(order, by="staff:ana")
    shop_of_module.press(order.remote_id, "fulfil")
    sent(store, change)
    assert (change.state, door.mutations) == ("failed", [])
    assert "nothing left to hold back" in change.failure


def test_work_is_moved_once_though_the_answer_is_lost(shop_of_module, store, door, order):
    work = known_work(shop_of_module, order)
    place = elsewhere(shop_of_module, work)
    change = changes.move(order, work.public_id, place, by="staff:ana")
    door.lose("fulfillmentOrderMove")
    sent(store, change, tries=2)
    assert (change.state, change.failure, door.mutations) == ("done", "", ["fulfillmentOrderMove"])
    now = [work for work in works(shop_of_module, order) if work["status"] == "OPEN"]
    assert [one["assignedLocation"]["location"]["id"] for one in now] == [f"gid://shopify/Location/{place}"]


def test_a_bad_wish_is_refused_by_name(shop_of_module, order):
    work = known_work(shop_of_module, order)
    for ask, code in (
        (lambda: changes.hold(order, reason="boredom", by="staff:ana"), "invalid_choice"),
        (lambda: changes.hold(order, fulfillment_orders=["fo_x"], by="staff:ana"), "unknown_fulfillment_order"),
        (lambda: changes.release(order, holds=["gid://shopify/FulfillmentHold/1"], by="staff:ana"), "not_our_hold"),
        (lambda: changes.move(order, "fo_x", "7", by="staff:ana"), "unknown_fulfillment_order"),
        (lambda: changes.move(order, work.public_id, "here", by="staff:ana"), "unknown_location"),
        (lambda: changes.move(order, work.public_id, str(work.location_id), by="staff:ana"), "nothing_to_change"),
    ):
        with pytest.raises(ChangeRefused) as refusal:
            ask()
        assert refusal.value.code == code
    assert not order.changes.exists()
