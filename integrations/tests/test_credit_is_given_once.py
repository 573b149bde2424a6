"""Store credit and gift cards: a lost answer never gives twice, and what nobody can know is left to people."""

import pytest

from integrations.tests.changing import arrived, outcome, sent
from orders import changes
from orders.changes import ChangeRefused

pytestmark = pytest.mark.django_db

CARDS = "{ giftCards(first: 250) { nodes { id note initialValue { amount } } } }"


@pytest.fixture
def order(shop_of_module, store):
    return arrived(shop_of_module, store)


def cards(sandbox, change):
    nodes = sandbox.ask(CARDS)["data"]["giftCards"]["nodes"]
    return [node for node in nodes if change.public_id in (node["note"] or "")]


def test_store_credit_is_given(store, door, order):
    change = changes.give_store_credit(order, "12.50", by="staff:ana")
    sent(store, change)
    assert (change.state, change.failure, door.mutations) == ("done", "", ["storeCreditAccountCredit"])
    assert change.result["transaction"]


def test_store_credit_whose_answer_was_lost_stops_for_somebody_to_look(store, door, order):
    change = changes.give_store_credit(order, "12.50", by="staff:ana")
    door.lose("storeCreditAccountCredit")
    sent(store, change, tries=2)
    assert (change.state, door.mutations) == ("failed", ["storeCreditAccountCredit"])
    assert "Look at the customer" in change.failure
    assert outcome(change).startswith("delivered: Stopped:")
    changes.ask_again(change, by="staff:lea")  # looked: it was not there
    sent(store, change)
    assert change.state == "done"


def test_a_throttled_try_is_no_lost_answer(shop_of_module, store, door, order):
    change = changes.give_store_credit(order, "12.50", by="staff:ana")
    door.before("storeCreditAccountCredit", lambda: shop_of_module.post("/sandbox/faults.json", throttle=True))
    sent(store, change)
    shop_of_module.post("/sandbox/faults.json", throttle=False)
    assert (change.state, change.started_at) == ("queued", None)
    sent(store, change)
    assert change.state == "done"


def test_a_gift_card_is_made_for_the_customer(shop_of_module, store, door, order):
    change = changes.issue_gift_card(order, "20", note="For the wait", by="staff:ana")
    sent(store, change)
    assert (change.state, change.failure, door.mutations) == ("done", "", ["giftCardCreate"])
    [card] = cards(shop_of_module, change)
    assert change.result["gift_card"] == card["id"].rsplit("/", 1)[-1]
    assert door.variables[0]["input"]["code"] not in str(change.result)


def test_a_gift_card_whose_answer_was_lost_is_found(shop_of_module, store, door, order):
    change = changes.issue_gift_card(order, "20", by="staff:ana")
    door.lose("giftCardCreate")
    sent(store, change, tries=2)
    assert (change.state, door.mutations) == ("done", ["giftCardCreate"])
    assert len(cards(shop_of_module, change)) == 1


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "NaN", "much", "", None, True, "9" * 30])
def test_what_is_no_amount_is_refused(order, amount):
    for ask in (changes.give_store_credit, changes.issue_gift_card):
        with pytest.raises(ChangeRefused) as refusal:
            ask(order, amount, by="staff:ana")
        assert (refusal.value.code, refusal.value.pointer) == ("invalid_amount", "/amount")


def test_nobody_to_give_it_to(shop_of_module, store):
    order = arrived(shop_of_module, store, customer=False)
    for ask in (changes.give_store_credit, changes.issue_gift_card):
        with pytest.raises(ChangeRefused) as refusal:
            ask(order, "5", by="staff:ana")
        assert refusal.value.code == "no_customer"
