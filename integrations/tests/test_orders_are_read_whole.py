"""Reading by GraphQL gives the same order as the webhook; long orders are paged; errors say what to do."""

import json
from typing import Any

import pytest

from integrations.errors import GiveUp, RetryLater
from integrations.shopify import queries
from integrations.shopify.arriving import apply_order
from integrations.shopify.client import Shopify
from integrations.shopify.reads import read_order
from integrations.shopify.translate import order_snapshot, parse
from integrations.tests.shopify import connect
from orders.models import Order

pytestmark = pytest.mark.django_db


def body_of(sandbox, order_id: int) -> dict[str, Any]:
    """The webhook body Shopify would send for the order as it is now."""
    return parse(json.dumps(sandbox.get(f"/sandbox/orders/{order_id}.json")["order"]).encode())


# What a body of an order does not carry: payments, what is to be sent, scans, and some of Shopify's judgements.
UNSAID = {"order: return_status", "order: risk", "payment.created", "fulfillment_order.created", "tracking.scanned"}


def added_by_a_read(shopify, order: Order) -> set[str]:
    """What a read of the order added to it, in the journal's words."""
    before = order.journal.count()
    snapshot = read_order(shopify, order.remote_id)
    assert snapshot is not None
    apply_order(shopify, snapshot)
    added = set()
    for entry in list(order.journal.order_by("id"))[before:]:
        changed = entry.facts.get("changed")
        added |= {f"order: {name}" for name in changed} if entry.action == "order.updated" else {entry.action}
    return added


@pytest.mark.parametrize(
    "fields",
    [
        {"protected": True},
        {"currency": "JPY"},
        {"currency": "USD", "presentment_currency": "EUR"},
        {"customer": False, "shipping_address": False},
    ],
)
def test_a_read_after_the_webhook_adds_what_bodies_do_not_say_and_nothing_else(sandbox, shopify, fields):
    placed = sandbox.place(**fields)
    order = apply_order(shopify, order_snapshot(body_of(sandbox, placed["id"]))).order
    assert added_by_a_read(shopify, order) <= UNSAID
    assert apply_order(shopify, read_order(shopify, placed["id"])).what == "unchanged"
    assert apply_order(shopify, order_snapshot(body_of(sandbox, placed["id"])), is_read=False).what == "unchanged"


def test_shipped_and_refunded_orders_read_the_same_too(sandbox, shopify):
    order = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 3}])
    sandbox.press(order["id"], "fulfil", tracking_company="UPS", tracking_number="1Z999")
    line = body_of(sandbox, order["id"])["line_items"][0]["id"]
    sandbox.press(order["id"], "refund", lines=[{"line_id": line, "quantity": 1}])
    outcome = apply_order(shopify, order_snapshot(body_of(sandbox, order["id"])))
    assert [f.tracking_numbers for f in outcome.order.fulfillments.all()] == [["1Z999"]]
    assert outcome.order.refunds.count() == 1
    assert added_by_a_read(shopify, outcome.order) <= UNSAID
    assert apply_order(shopify, read_order(shopify, order["id"])).what == "unchanged"


def test_an_order_of_sixty_lines_is_read_to_its_end(sandbox, shopify):
    order = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 1}] * 60)
    snapshot = read_order(shopify, order["id"])
    assert snapshot is not None
    assert len({line.remote_id for line in snapshot.lines}) == 60


def test_an_order_that_shopify_does_not_show_is_none(shopify):
    assert read_order(shopify, 12345) is None


def test_a_wrong_token_is_a_matter_of_configuration(sandbox, shopify):
    wrong = connect("wrong.myshopify.com", api_url=sandbox.url, token="shpat_wrong")
    with pytest.raises(GiveUp) as refused:
        read_order(wrong, 1)
    assert (refused.value.parked, refused.value.status) == ("configuration", 401)


def test_throttling_says_how_long_to_wait(sandbox, shopify):
    sandbox.post("/sandbox/faults.json", throttle=True)
    with pytest.raises(RetryLater, match="throttles") as later:
        read_order(shopify, 1)
    assert later.value.after is not None
    assert later.value.after > 0


def test_an_error_of_shopify_is_tried_again(sandbox, shopify):
    sandbox.post("/sandbox/faults.json", graphql_status=502)
    with pytest.raises(RetryLater) as later:
        read_order(shopify, 1)
    assert later.value.status == 502


def test_a_query_shopify_refuses_is_not_repeated(shopify):
    with pytest.raises(GiveUp) as refused:
        Shopify(shopify).run("query { nonsense }", {})
    assert refused.value.parked == "refused"
    with pytest.raises(GiveUp):
        Shopify(shopify).run(queries.ORDER_READ, {"id": 7.5})
