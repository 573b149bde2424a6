"""No unit is replaced twice, nor replaced and refunded, by any sequence of claims."""

from functools import partial

import pytest

from backoffice.tests.at_once import at_once
from orders import entitlement
from orders.intake import Origin, apply_refund
from orders.models import Order, Refund, UnitUse
from orders.snapshot import RefundLineSnapshot, RefundSnapshot
from orders.tests.builders import bag, line, next_id
from protection import resolutions
from protection.eligibility import ClaimRefused
from protection.review import DecisionRefused
from protection.tests.builders import decide, line_of, make_agent, make_claim, make_covered_order, make_resolution

SHOPIFY = Origin(by="shopify")


def refund(order: Order, quantity: int) -> str:
    amounts = {"subtotal": bag("40"), "tax": bag("0")}
    part = RefundLineSnapshot(line_of(order).remote_id, quantity, "no_restock", amounts)
    seen = RefundSnapshot(remote_id=next_id(), lines=[part])
    return apply_refund(order.shop, order.remote_id, seen, SHOPIFY).what


@pytest.mark.django_db
def test_a_refunded_unit_cannot_be_claimed() -> None:
    order = make_covered_order(line("Teapot", 1))
    refund(order, 1)
    stored = Refund.objects.get()
    with pytest.raises(ClaimRefused, match=rf"unit 1 of 1 was already refunded \({stored.public_id}"):
        make_claim(order)


@pytest.mark.django_db
def test_a_replaced_unit_cannot_be_claimed_again_and_the_message_says_what_happened() -> None:
    order = make_covered_order(line("Teapot", 1))
    resolution = make_resolution(make_claim(order))
    with pytest.raises(ClaimRefused, match=rf"was already replaced \({resolution.public_id}"):
        make_claim(order)


@pytest.mark.django_db
def test_a_unit_refunded_between_claim_and_decision_is_not_replaced() -> None:
    order = make_covered_order(line("Teapot", 1))
    claim = make_claim(order)
    refund(order, 1)
    with pytest.raises(DecisionRefused, match="was already refunded"):
        decide(claim, make_agent())
    assert UnitUse.objects.get().kind == "refund"


@pytest.mark.django_db
def test_a_refund_after_the_replacement_is_reported_to_staff() -> None:
    order = make_covered_order(line("Teapot", 1))
    resolution = make_resolution(make_claim(order))
    assert refund(order, 1) == "changed"
    assert order.journal.get(action="entitlement.exceeded").facts["units"] == 1
    assert UnitUse.objects.get().reference == resolution.public_id


@pytest.mark.django_db
def test_a_replacement_the_shop_refused_leaves_the_units_for_another_decision() -> None:
    order = make_covered_order(line("Teapot", 1))
    claim = make_claim(order)
    resolution = make_resolution(claim)
    resolutions.mark_failed(resolution, "Out of stock", by="shopify")
    assert entitlement.free_units(line_of(order)) == [1]
    decide(claim, make_agent("ben"))
    second = claim.resolutions.latest("id")
    assert second != resolution
    assert UnitUse.objects.get(released_at=None).reference == second.public_id


@pytest.mark.django_db(transaction=True)
def test_a_refund_and_a_decision_at_the_same_moment_use_the_unit_once() -> None:
    order = make_covered_order(line("Teapot", 1))
    claim, agent = make_claim(order), make_agent()
    decided, refunded = at_once(partial(decide, claim, agent), partial(refund, order, 1))
    assert refunded == "changed"
    use = UnitUse.objects.get()
    if isinstance(decided, DecisionRefused):
        assert use.kind == "refund"
    else:
        assert use.kind == "replacement"
        assert order.journal.filter(action="entitlement.exceeded").count() == 1
