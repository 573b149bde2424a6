"""Sending goods, tracking and scans: each once at the shop, never to a cancelled parcel, and home again."""

import pytest

from integrations.tests.changing import arrived, home, outcome, sent, told
from orders import changes
from orders.changes import ChangeRefused

pytestmark = pytest.mark.django_db

EVENTS = "query($id: ID!) { fulfillment(id: $id) { status events(first: 50) { nodes { status happenedAt } } } }"


@pytest.fixture
def order(shop_of_module, store):
    return arrived(shop_of_module, store, lines=[{"sku": "FW-MUG", "quantity": 3}])


@pytest.fixture
def goods(order):
    return order.lines.get(sku="FW-MUG")


@pytest.fixture
def parcel(shop_of_module, store, order):
    shop_of_module.press(order.remote_id, "fulfil", tracking_company="UPS", tracking_number="1Z1")
    return home(store, order.remote_id).fulfillments.get()


def units(order):
    return sum(part["quantity"] for parcel in order.fulfillments.all() for part in parcel.lines)


def at_shop(sandbox, parcel):
    return sandbox.ask(EVENTS, id=f"gid://shopify/Fulfillment/{parcel.remote_id}")["data"]["fulfillment"]


def test_what_is_left_is_sent_by_one_mutation(store, door, order):
    change = changes.fulfil(order, company="UPS", numbers=["1Z1", "1Z2"], by="partner:warehouse")
    sent(store, change)
    assert (change.state, change.failure, door.mutations) == ("done", "", ["fulfillmentCreate"])
    parcel = order.fulfillments.get()
    assert (parcel.tracking_company, parcel.tracking_numbers, units(order)) == ("UPS", ["1Z1", "1Z2"], 3)
    assert [one["id"] for one in change.result["parcels"]] == [str(parcel.remote_id)]
    assert told(order) == ["change.queued", "change.done"]


def test_a_part_is_sent_and_then_the_rest(store, door, order, goods):
    change = changes.fulfil(order, lines=[{"line_item": goods.public_id, "quantity": 1}], by="staff:ana")
    with pytest.raises(ChangeRefused, match="2 are left") as refusal:
        changes.fulfil(order, lines=[{"line_item": goods.public_id, "quantity": 3}], by="staff:ben")
    assert (refusal.value.code, refusal.value.pointer) == ("quantity_left", "/lines/0/quantity")
    rest = changes.fulfil(order, by="staff:ben")
    sent(store, change)
    rest.refresh_from_db()
    assert (change.state, rest.state, units(order)) == ("done", "done", 3)
    with pytest.raises(ChangeRefused) as refusal:
        changes.fulfil(order, by="staff:ana")
    assert refusal.value.code == "nothing_to_send"


def test_a_lost_answer_does_not_send_twice(store, door, order, goods):
    change = changes.fulfil(
        order, lines=[{"line_item": goods.public_id, "quantity": 1}], numbers=["1Z1"], by="staff:ana"
    )
    door.lose("fulfillmentCreate")
    sent(store, change, tries=2)
    assert (change.state, change.failure, door.mutations) == ("done", "", ["fulfillmentCreate"])
    assert (order.fulfillments.count(), units(order)) == (1, 1)


def test_the_same_again_on_purpose_is_a_parcel_of_its_own(store, door, order, goods):
    """A new parcel with the same units is not taken for the lost one of an earlier change."""
    one = [{"line_item": goods.public_id, "quantity": 1}]
    first = changes.fulfil(order, lines=one, by="staff:ana")
    second = changes.fulfil(order, lines=one, by="staff:ana")
    door.lose("fulfillmentCreate")
    sent(store, first, tries=2)
    sent(store, second)
    assert (first.state, second.state, order.fulfillments.count(), units(order)) == ("done", "done", 2, 2)


def test_what_was_sent_at_the_shop_meanwhile_is_refused(shop_of_module, store, door, order):
    change = changes.fulfil(order, by="staff:ana")
    shop_of_module.press(order.remote_id, "fulfil")
    sent(store, change)
    assert (change.state, door.mutations) == ("failed", [])
    assert "3 units cannot be sent" in change.failure


def test_what_is_held_back_is_not_sent(store, door, order):
    held = changes.hold(order, reason="high_risk_of_fraud", by="staff:ana")
    change = changes.fulfil(order, by="staff:ben")
    sent(store, held)
    change.refresh_from_db()
    assert (held.state, change.state) == ("done", "failed")
    assert "release it first" in change.failure
    changes.release(order, by="staff:ana")
    changes.ask_again(change, by="staff:ben")
    sent(store, change)
    assert (change.state, units(order)) == ("done", 3)


def test_tracking_is_written_once(store, door, order, parcel):
    change = changes.set_tracking(order, parcel.public_id, company="DHL", numbers=["JD1", "JD2"], by="partner:acme")
    door.lose("fulfillmentTrackingInfoUpdate")
    sent(store, change, tries=2)
    parcel.refresh_from_db()
    assert (change.state, door.mutations) == ("done", ["fulfillmentTrackingInfoUpdate"])
    assert (parcel.tracking_company, parcel.tracking_numbers) == ("DHL", ["JD1", "JD2"])


def test_tracking_changed_on_both_sides_is_decided_by_people(shop_of_module, store, door, order, parcel):
    change = changes.set_tracking(order, parcel.public_id, numbers=["JD1"], by="partner:acme")
    update = """mutation($id: ID!) { fulfillmentTrackingInfoUpdate(fulfillmentId: $id,
        trackingInfoInput: {company: "UPS", number: "1Z9"}) { userErrors { message } } }"""
    shop_of_module.ask(update, id=f"gid://shopify/Fulfillment/{parcel.remote_id}")
    sent(store, change)
    assert (change.state, change.theirs, door.mutations) == ("conflict", {"numbers": ["1Z9"]}, [])
    changes.keep_ours(change, by="staff:lea")
    sent(store, change)
    parcel.refresh_from_db()
    assert (change.state, parcel.tracking_numbers) == ("done", ["JD1"])


def test_nothing_is_written_to_a_cancelled_parcel(shop_of_module, store, door, order, parcel):
    """Shopify would take it without a word, and it would reach nobody."""
    tracking = changes.set_tracking(order, parcel.public_id, numbers=["JD1"], by="partner:acme")
    scan = changes.add_scan(order, parcel.public_id, "in_transit", by="partner:acme")
    cancel = "mutation($id: ID!) { fulfillmentCancel(id: $id) { userErrors { message } } }"
    shop_of_module.ask(cancel, id=f"gid://shopify/Fulfillment/{parcel.remote_id}")
    sent(store, tracking)
    scan.refresh_from_db()
    assert (tracking.state, scan.state, door.mutations) == ("failed", "failed", [])
    assert "cancelled" in tracking.failure
    home(store, order.remote_id)
    for ask in (lambda: changes.set_tracking(order, parcel.public_id, numbers=["JD1"], by="partner:acme"),
                lambda: changes.add_scan(order, parcel.public_id, "delivered", by="partner:acme")):  # fmt: skip
        with pytest.raises(ChangeRefused) as refusal:
            ask()
        assert (refusal.value.code, refusal.value.pointer) == ("parcel_cancelled", "/fulfillment")


def test_a_scan_is_told_once(shop_of_module, store, door, order, parcel):
    at = "2026-11-24T10:00:00.250+01:00"
    change = changes.add_scan(order, parcel.public_id, "in_transit", happened_at=at, city="Linz", by="partner:acme")
    assert change.wanted["happened_at"] == "2026-11-24T09:00:00+00:00"
    door.lose("fulfillmentEventCreate")
    sent(store, change, tries=2)
    assert (change.state, door.mutations) == ("done", ["fulfillmentEventCreate"])
    assert [event["status"] for event in at_shop(shop_of_module, parcel)["events"]["nodes"]] == ["IN_TRANSIT"]
    assert outcome(change) == "delivered: The shop says so already"


@pytest.mark.parametrize(
    "wish, code, pointer",
    [
        ({"numbers": "1Z"}, "invalid_text", "/numbers"),
        ({"numbers": ["1Z", ""]}, "invalid_text", "/numbers"),
        ({"numbers": [7]}, "invalid_text", "/numbers/0"),
        ({"urls": ["javascript:alert(1)"]}, "invalid_url", "/urls/0"),
        ({"notify": "yes"}, "invalid_choice", "/notify"),
        ({"lines": [{"line_item": "li_1", "quantity": 1}]}, "unknown_line", "/lines/0/line_item"),
    ],
)
def test_a_bad_parcel_is_refused_by_name(order, wish, code, pointer):
    with pytest.raises(ChangeRefused) as refusal:
        changes.fulfil(order, by="partner:acme", **wish)
    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
    assert not order.changes.exists()


@pytest.mark.parametrize("at", ["yesterday", "2026-11-24T10:00:00", 5, "9999-12-31T23:59:59-23:00"])
def test_a_scan_at_no_moment_is_refused(order, parcel, at):
    with pytest.raises(ChangeRefused) as refusal:
        changes.add_scan(order, parcel.public_id, "in_transit", happened_at=at, by="partner:acme")
    assert refusal.value.code == "invalid_time"


def test_a_parcel_of_another_order_is_not_there(shop_of_module, store, order, parcel):
    other = arrived(shop_of_module, store)
    with pytest.raises(ChangeRefused) as refusal:
        changes.set_tracking(other, parcel.public_id, numbers=["1Z"], by="partner:acme")
    assert refusal.value.code == "unknown_parcel"
