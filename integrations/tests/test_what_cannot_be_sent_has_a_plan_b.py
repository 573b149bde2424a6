"""A replacement in another variant, to another address, and what happens when the shelf is empty after all."""

from decimal import Decimal

import pytest

from integrations.tests.changing import sent
from integrations.tests.remedies import bought, carried_out, claimed, decided, line_of, part, remedy, told, used
from orders import stock
from orders.models import Order
from orders.stock import ItemSnapshot
from protection import reversing
from protection.ladder import offered
from protection.models import Claim
from protection.review import DecisionRefused
from sandbox.tests.running import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop_of_module, store):
    return bought(shop_of_module, store)


@pytest.fixture
def shelf(shop_of_module: Sandbox):
    """Puts so many units of an article on the shelf; afterwards there is plenty again."""
    touched = []

    def put(sku: str, available: int) -> None:
        touched.append(sku)
        shop_of_module.post("/sandbox/stock.json", shop=shop_of_module.shop, sku=sku, available=available)

    yield put
    for sku in touched:
        shop_of_module.post("/sandbox/stock.json", shop=shop_of_module.shop, sku=sku, available=500)


def made(door):
    return [name for name in door.mutations if name != "metafieldDefinitionCreate"]


def test_another_variant_is_sent_instead(shop_of_module, store, door, order):
    bottle = line_of(bought(shop_of_module, store, 0, 1), "FW-BOTTLE")
    claim = claimed(order)
    decided(claim, part(claim, variant_id=bottle.variant_id))
    carried_out(store, claim)
    resolution = remedy(claim)
    assert (resolution.state, resolution.is_exchange, claim.state) == ("executed", True, "closed")
    assert [(line.sku, line.quantity) for line in resolution.replacement_order.lines.all()] == [("FW-BOTTLE", 2)]
    assert used(order) == [("replacement", resolution.public_id)] * 2


def test_something_dearer_is_not_sent_instead(store, order):
    stock.write_item(store.shop, ItemSnapshot(7, variant_id=77, title="Gold mug", price=line_price(order) + 1))
    claim = claimed(order)
    with pytest.raises(DecisionRefused, match="Gold mug costs") as refusal:
        decided(claim, part(claim, variant_id=77))
    assert refusal.value.code == "dearer"


def line_price(order: Order):
    return Decimal(line_of(order).amounts["unit_price"]["shop"]["amount"])


def test_it_goes_to_the_corrected_address(store, door, order):
    corrected = {**order.shipping_address, "address1": "7 Right Lane", "city": "Rightville"}
    claim = claimed(order, ship_to=corrected)
    decided(claim, part(claim))
    carried_out(store, claim)
    address = remedy(claim).replacement_order.shipping_address
    assert (address["address1"], address["city"]) == ("7 Right Lane", "Rightville")


def test_without_stock_the_plan_b_of_the_decision_is_carried_out_without_a_question(store, door, order, shelf):
    claim = claimed(order)
    shelf("FW-MUG", 0)
    decided(claim, part(claim, otherwise=("refund", "store_credit")))
    carried_out(store, claim, 2)
    first, second = claim.resolutions.order_by("id")
    assert (first.kind, first.state, second.kind, second.state) == ("replacement", "held", "refund", "executed")
    assert first.failure.startswith("Not in stock: ")
    assert second.instead_of == first
    assert (claim.state, claim.outcome) == ("closed", "approved")
    assert made(door) == ["orderCreate", "refundCreate"]
    assert {kind for kind, _ in used(order)} == {"refund"}
    assert "resolution.held" in told(order)
    assert "claim.needs_info" not in told(order)


def test_another_variant_that_is_sold_out_has_a_plan_b_too(shop_of_module, store, door, shelf):
    bottle = line_of(bought(shop_of_module, store, 0, 1), "FW-BOTTLE")
    order = bought(shop_of_module, store)
    claim = claimed(order)
    shelf("FW-BOTTLE", 0)
    decided(claim, part(claim, variant_id=bottle.variant_id, otherwise=("gift_card",)), despite_stock=True)
    carried_out(store, claim, 2)
    assert [(one.kind, one.state) for one in claim.resolutions.order_by("id")] == [
        ("replacement", "held"), ("gift_card", "executed"),
    ]  # fmt: skip
    assert (claim.state, {kind for kind, _ in used(order)}) == ("closed", {"credit"})


def test_a_replacement_to_a_corrected_address_is_taken_back_and_sent_anew(store, door, order):
    wrong = {**order.shipping_address, "address1": "7 Wrong Lane"}
    claim = claimed(order, ship_to=wrong)
    decided(claim, part(claim))
    carried_out(store, claim)
    first = remedy(claim)
    reversing.reverse(first, "The address was wrong again", by="staff:ben")
    for _ in range(40):
        sent(store)
        first.refresh_from_db()
        if first.state == "reversed":
            break
    claim.refresh_from_db()
    assert (first.state, claim.state, used(order)) == ("reversed", "in_review", [])
    Claim.objects.filter(pk=claim.pk).update(ship_to={**wrong, "address1": "7 Right Lane"})
    decided(claim, part(claim), username="cem")
    carried_out(store, claim)
    second = claim.resolutions.exclude(pk=first.pk).get()
    assert second.replacement_order.shipping_address["address1"] == "7 Right Lane"
    assert (claim.state, used(order)) == ("closed", [("replacement", second.public_id)] * 2)


def test_what_is_there_is_sent_and_only_the_rest_is_paid(shop_of_module, store, door, shelf):
    order = bought(shop_of_module, store, 2, 1)
    claim = claimed(order)
    shelf("FW-BOTTLE", 0)
    decided(claim, part(claim), part(claim, sku="FW-BOTTLE", otherwise=("store_credit",)))
    carried_out(store, claim, 2)
    carried_out(store, claim)
    kinds = [(one.kind, one.state, [line["title"] for line in one.lines]) for one in claim.resolutions.order_by("id")]
    mug, bottle = str(line_of(order)), str(line_of(order, "FW-BOTTLE"))
    assert kinds == [
        ("replacement", "held", [mug, bottle]), ("replacement", "executed", [mug]),
        ("store_credit", "executed", [bottle]),
    ]  # fmt: skip
    assert claim.state == "closed"
    assert {kind for kind, _ in used(order)} == {"replacement"}
    assert {kind for kind, _ in used(order, "FW-BOTTLE")} == {"credit"}


def test_without_a_plan_b_the_claim_is_back_with_an_agent(store, door, order, shelf):
    claim = claimed(order)
    shelf("FW-MUG", 0)
    decided(claim, part(claim))
    carried_out(store, claim, 2)
    assert (remedy(claim).state, claim.state, claim.next_actor, used(order)) == ("failed", "in_review", "agent", [])
    assert remedy(claim).failure.startswith("Not in stock: ")
    decided(claim, part(claim, remedy="refund"), username="ben")
    carried_out(store, claim)
    assert (claim.state, claim.outcome) == ("closed", "approved")


def test_the_ladder_is_the_customers_ranking_among_what_is_allowed(order):
    wishes = [{"remedy": "store_credit"}, {"remedy": "refund"}]
    claim = claimed(order, choices=wishes)
    assert offered(claim, ["replacement", "refund", "store_credit"]) == ["store_credit", "refund", "replacement"]
    assert offered(claim, ["replacement", "refund"]) == ["refund", "replacement"]
