"""A store that denies us customers, fulfillment orders or returns denies nothing else, and blanks nothing we have."""

import pytest

from integrations.errors import GiveUp
from integrations.shopify.reads import read_fulfillment_orders, read_order
from integrations.tests.arrivals import read_in

pytestmark = pytest.mark.django_db

WORK = [f"{kind}_{name}_fulfillment_orders" for kind in ("read", "write")
        for name in ("merchant_managed", "assigned", "third_party")]  # fmt: skip


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def revoke(sandbox, *scopes: str) -> None:
    answer = sandbox.post("/sandbox/scopes.json", shop=sandbox.shop, revoke=list(scopes))
    assert answer.status_code == 200, answer.text


def test_what_may_not_be_seen_is_not_known_and_kept(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    order = read_in(shopify, placed)
    person = order.customer
    assert person is not None
    revoke(sandbox, *WORK, "read_customers", "write_customers")
    sandbox.press(placed, "note", note="Ring twice")
    snapshot = read_order(shopify, placed)
    assert snapshot is not None
    assert (snapshot.fulfillment_orders, snapshot.customer_known, snapshot.note) == (None, False, "Ring twice")
    order = read_in(shopify, placed)
    assert (order.note, order.customer, order.fulfillment_orders.count()) == ("Ring twice", person, 1)
    assert read_fulfillment_orders(shopify, placed) is None


def test_an_order_may_not_be_read_without_its_products(sandbox, shopify):
    """Its lines would look as if the products had been deleted."""
    placed = sandbox.place()["id"]
    revoke(sandbox, "read_products", "write_products")
    with pytest.raises(GiveUp):
        read_order(shopify, placed)
