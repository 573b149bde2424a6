"""Edge case 14: gift cards are no stock, parts of a bundle are lines of a group, deleted products keep their words."""

import pytest

from integrations.tests.arrivals import body_of, read_in, receive
from orders.models import Order
from protection import filing
from protection.eligibility import ClaimRefused, ItemAsked
from protection.tests.builders import make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


@pytest.mark.parametrize("way", ["message", "read"])
def test_a_gift_card_is_known_as_one_and_nobody_claims_it(sandbox, shopify, way):
    make_plan(shopify.shop)
    placed = sandbox.place(gift_card=True, protected=True)["id"]
    if way == "message":
        receive(shopify, "orders/create", body_of(sandbox, placed))
    order = Order.objects.get() if way == "message" else read_in(shopify, placed)
    cards = [line for line in order.lines.all() if line.gift_card]
    assert len(cards) == 1
    assert not cards[0].requires_shipping
    with pytest.raises(ClaimRefused) as refusal:
        filing.file_claim(order, reason="damaged", items=[ItemAsked(cards[0], 1)], by="partner:x")
    assert refusal.value.code == "gift_card_line"


def test_parts_of_a_bundle_are_lines_of_one_group(sandbox, shopify):
    placed = sandbox.place(bundle=True)["id"]
    body = body_of(sandbox, placed)
    receive(shopify, "orders/create", body)  # names the group by its id only
    order = read_in(shopify, placed)
    groups = [line.group for line in order.lines.all() if line.group]
    assert len(groups) >= 2
    assert len({group["id"] for group in groups}) == 1
    assert groups[0]["title"]
    receive(shopify, "orders/updated", body | {"note": "x", "updated_at": "2027-01-01T00:00:00Z"})
    assert [line.group for line in Order.objects.get().lines.all() if line.group] == groups


@pytest.mark.parametrize("way", ["message", "read"])
def test_a_line_of_a_deleted_product_keeps_its_title_and_sku(sandbox, shopify, way):
    placed = sandbox.place(deleted_product=True)["id"]
    if way == "message":
        receive(shopify, "orders/create", body_of(sandbox, placed))
    order = Order.objects.get() if way == "message" else read_in(shopify, placed)
    gone = [line for line in order.lines.all() if line.variant_id is None and not line.tip]
    assert gone
    assert all(line.title and line.sku for line in gone)
