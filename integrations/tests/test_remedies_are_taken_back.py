"""After the time to undo: a replacement that was not sent is cancelled; what was given in money stays given."""

import pytest

from integrations.tests.changing import home, sent
from integrations.tests.remedies import bought, carried_out, claimed, decided, part, remedy, told, used
from orders.models import Change
from protection import reversing
from protection.review import DecisionRefused
from protection.tests.builders import make_agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim(shop_of_module, store):
    return claimed(bought(shop_of_module, store))


@pytest.fixture
def ben():
    return make_agent("ben", None)


def until_settled(store, claim, tries=40):
    change = Change.objects.filter(reference=remedy(claim, "replacement").public_id).latest("id")
    for _ in range(tries):
        sent(store, change)
        if change.state in ("done", "failed"):
            claim.refresh_from_db()
            return change
    pytest.fail(change.state)


def test_a_replacement_that_was_not_sent_is_cancelled_and_its_units_are_free(store, door, claim, ben):
    decided(claim, part(claim))
    carried_out(store, claim)
    assert claim.state == "closed"
    resolution = reversing.reverse(remedy(claim), "Wrong colour", by="staff:ben")
    assert resolution.state == "executed"  # not before the shop has done it
    assert until_settled(store, claim).state == "done"
    resolution = remedy(claim)
    assert (resolution.state, claim.state, claim.outcome, used(claim.order)) == ("reversed", "in_review", "", [])
    assert resolution.replacement_order.cancelled_at
    decided(claim, part(claim, remedy="refund"), username="cem")
    carried_out(store, claim)
    assert (claim.state, claim.outcome) == ("closed", "approved")
    assert "resolution.reversed" in told(claim.order)


def test_what_was_sent_is_not_taken_back(shop_of_module, store, claim, ben):
    decided(claim, part(claim))
    carried_out(store, claim)
    shop_of_module.press(remedy(claim).remote_order_id, "fulfil")
    home(store, remedy(claim).remote_order_id)
    with pytest.raises(DecisionRefused, match="were sent") as refusal:
        reversing.reverse(remedy(claim), "Wrong colour", by="staff:ben")
    assert refusal.value.code == "order_sent"
    assert remedy(claim).state == "executed"


def test_where_the_shop_refuses_it_stays_and_people_are_told_why(shop_of_module, store, claim, ben):
    decided(claim, part(claim))
    carried_out(store, claim)
    reversing.reverse(remedy(claim), "Wrong colour", by="staff:ben")
    shop_of_module.press(remedy(claim).remote_order_id, "fulfil")  # a moment before our cancellation
    assert until_settled(store, claim).state == "failed"
    resolution = remedy(claim)
    assert (resolution.state, claim.state, len(used(claim.order))) == ("executed", "closed", 2)
    assert resolution.failure
    assert told(claim.order).count("resolution.not_reversed") == 1


@pytest.mark.parametrize("kind", ["refund", "store_credit", "gift_card"])
def test_money_stays_given(store, claim, ben, kind):
    decided(claim, part(claim, remedy=kind))
    carried_out(store, claim)
    with pytest.raises(DecisionRefused, match="cannot be taken back") as refusal:
        reversing.reverse(remedy(claim), "A mistake", by="staff:ben")
    assert refusal.value.code == "irreversible"


def test_what_was_handled_elsewhere_is_taken_back_at_once(store, claim, ben):
    decided(claim, part(claim, remedy="handled_elsewhere"))
    carried_out(store, claim)
    assert reversing.reverse(remedy(claim), "It was not", by="staff:ben").state == "reversed"
    claim.refresh_from_db()
    assert (claim.state, used(claim.order)) == ("in_review", [])


def test_it_needs_a_reason_and_something_that_was_carried_out(store, claim, ben):
    decided(claim, part(claim))
    for why, code in (("  ", "reason_needed"), ("A mistake", "not_carried_out")):
        with pytest.raises(DecisionRefused) as refusal:
            reversing.reverse(remedy(claim), why, by="staff:ben")
        assert refusal.value.code == code
    sent(store)
    with pytest.raises(DecisionRefused, match="not come home"):
        reversing.reverse(remedy(claim), "A mistake", by="staff:ben")
