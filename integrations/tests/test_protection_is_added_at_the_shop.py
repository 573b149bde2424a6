"""Protection chosen after the purchase becomes a line of the order at the shop, and is paid back from there."""

import pytest

from integrations.tests.changing import arrived, sent
from protection import afterwards
from protection.models import Coverage
from protection.tests.builders import make_plan

FEE_VARIANT = 45_100_000_000_900  # "Delivery guarantee" in the stand-in's catalogue
pytestmark = pytest.mark.django_db
RECEIPT = {"how": "order status page", "default_on": False, "shown_text_version": "2026-11", "price": "0.98 USD"}


def test_it_is_added_with_the_choice_and_taken_off_with_the_fee(shop_of_module, store):
    make_plan(store.shop, fee_variant_ids=[FEE_VARIANT])
    order = arrived(shop_of_module, store, lines=[{"sku": "FW-MUG", "quantity": 2}], protected=False)
    assert not Coverage.objects.exists()
    change = sent(store, afterwards.add(order, RECEIPT, by="partner:acme"))
    assert (change.state, change.failure) == ("done", "")
    coverage = Coverage.objects.get(order=order)
    assert (coverage.status, coverage.consent.how) == ("inactive", "order status page")
    back = sent(store, afterwards.take_off(order, by="partner:acme"))
    assert (back.state, back.failure) == ("done", "")
    coverage.refresh_from_db()
    assert coverage.status == "removed"
    assert order.refunds.count() == 1
