"""Payments, work for locations, returns and scans reach us by their own messages, whatever those leave out."""

import pytest

from integrations.tests.arrivals import body_of, read_in, receive, work_body
from orders.models import Order, Payment, Return, TrackingEvent
from orders.tests.builders import story

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


@pytest.fixture
def order(sandbox, shopify) -> Order:
    """An order that came by its message: no payment, no work for a location is known of it."""
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    receive(shopify, "orders/create", body_of(sandbox, placed))
    return Order.objects.get()


def payment_body(order: Order, **fields) -> dict:
    return {"id": 501, "order_id": order.remote_id, "kind": "sale", "status": "pending", "gateway": "bank",
            "amount": "32.00", "currency": order.currency, "test": False, "parent_id": None,
            "created_at": "2026-11-20T12:00:00Z", "processed_at": None, **fields}  # fmt: skip


def test_a_payment_is_told_and_told_again_when_it_is_settled(shopify, order):
    receive(shopify, "order_transactions/create", payment_body(order))
    receive(shopify, "order_transactions/create", payment_body(order, status="success"))
    assert Payment.objects.get().status == "success"
    (created, made), (updated, settled) = story(order)[-2:]
    assert (created, updated) == ("payment.created", "payment.updated")
    assert (made["status"], made["amount"]["shop"]["amount"], settled["changed"]) == ("pending", "32.00", ["status"])
    late = receive(shopify, "order_transactions/create", payment_body(order, gateway="late"))
    assert (late.result, Payment.objects.get().gateway) == ("nothing new", "bank")


def test_a_payment_of_an_order_we_never_saw_brings_the_order(sandbox, shopify):
    placed = sandbox.place()["id"]
    body = {"id": 1, "order_id": placed, "kind": "sale", "status": "success", "amount": "1.00", "currency": "USD"}
    assert receive(shopify, "order_transactions/create", body).result == "read again: created"
    assert Order.objects.get().payments.count() == 1


def test_work_is_found_by_its_gid_alone(sandbox, shopify, order):
    (work,) = sandbox.get(f"/sandbox/orders/{order.remote_id}/fulfillment_orders.json")["fulfillment_orders"]
    body = {"fulfillment_order": {"id": f"gid://shopify/FulfillmentOrder/{work['id']}", "status": "open"}}
    message = receive(shopify, "fulfillment_orders/order_routing_complete", body)
    assert (message.result, message.order) == ("fulfillment orders read: changed", order)
    kept = order.fulfillment_orders.get()
    assert (kept.status, kept.units_to_send, bool(kept.location_name)) == ("open", 2, True)
    assert receive(shopify, "fulfillment_orders/rescheduled", body | {"x": 1}).result.endswith("nothing new")


def test_work_of_an_order_we_never_saw_brings_the_order(sandbox, shopify):
    placed = sandbox.place()["id"]
    (work, *_) = sandbox.get(f"/sandbox/orders/{placed}/fulfillment_orders.json")["fulfillment_orders"]
    body = {"merge_intents": [{"fulfillment_order_id": work["id"], "fulfillment_order_line_items": []}]}
    assert receive(shopify, "fulfillment_orders/merged", body).result == "read again: created"
    assert Order.objects.get().fulfillment_orders.exists()


@pytest.mark.parametrize("topic", ["fulfillment_orders/placed_on_hold", "fulfillment_holds/added"])
def test_a_hold_is_told_with_its_reason(sandbox, shopify, order, topic):
    read_in(shopify, order.remote_id)
    sandbox.press(order.remote_id, "hold", reason="AWAITING_PAYMENT", notes="bank transfer")
    receive(shopify, topic, work_body(order))
    (hold,) = order.fulfillment_orders.get().holds
    assert (hold["reason"], hold["notes"], hold["ours"]) == ("awaiting_payment", "bank transfer", False)
    action, facts = story(order)[-1]
    assert (action, facts["status"], facts["holds"]) == ("fulfillment_order.updated", "on_hold", ["awaiting_payment"])
    assert "holds" in facts["changed"]


def test_a_message_that_names_no_work_is_ignored_by_name(shopify):
    message = receive(shopify, "fulfillment_orders/moved", {"original_fulfillment_order": None})
    assert (message.state, message.result) == ("ignored", "It names no fulfillment order.")


def spoil(**fields) -> None:
    """Our return is wrong, and we do not know the shop's last state by its digest."""
    Return.objects.update(**fields)
    Order.objects.update(digest="")


def sent_back(sandbox, order: Order) -> int:
    sandbox.press(order.remote_id, "fulfil")
    made = sandbox.press(order.remote_id, "return", lines=[{"sku": "FW-MUG", "quantity": 1}], note="too small")
    return int(made["return"]["id"])


def test_a_return_is_read_by_the_order_it_names_and_by_its_own_id(sandbox, shopify, order):
    return_id = sent_back(sandbox, order)
    receive(shopify, "returns/approve", {"id": return_id, "order": {"id": order.remote_id}, "status": "open"})
    back = Return.objects.get()
    assert (back.remote_id, back.status, [part["quantity"] for part in back.lines]) == (return_id, "open", [1])
    assert back.lines[0]["line"] == order.lines.get().remote_id
    assert "return.created" in [action for action, _ in story(order)]
    spoil(status="closed")
    gid = {"admin_graphql_api_id": f"gid://shopify/Return/{return_id}", "return_line_items": {"removals": []}}
    assert receive(shopify, "returns/update", gid).order == order
    assert Return.objects.get().status == "open"


def test_a_return_of_an_order_we_never_saw_names_it_by_a_read(sandbox, shopify):
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"]
    sandbox.press(placed, "fulfil")
    made = sandbox.press(placed, "return", lines=[{"sku": "FW-MUG", "quantity": 1}])["return"]["id"]
    assert receive(shopify, "returns/decline", {"id": made, "status": "declined"}).result == "read again: created"
    assert Return.objects.get().order.remote_id == placed


def test_an_empty_message_about_returns_reads_those_that_are_open(sandbox, shopify, order):
    assert receive(shopify, "returns/process", {}).result == "It names no return, and none is open."
    sent_back(sandbox, order)
    read_in(shopify, order.remote_id)
    spoil(name="stale")
    message = receive(shopify, "returns/process", {"shop": 1})
    assert (message.result, message.order) == ("read the 1 orders with open returns", order)
    assert Return.objects.get().name != "stale"


def test_a_scan_that_was_taken_back_is_kept_and_not_shown(sandbox, shopify, order):
    sandbox.press(order.remote_id, "fulfil")
    parcel = body_of(sandbox, order.remote_id)["fulfillments"][0]
    receive(shopify, "fulfillments/create", parcel)
    scan = {"id": 1, "fulfillment_id": parcel["id"], "order_id": order.remote_id, "status": "delivered",
            "happened_at": "2026-11-21T10:00:00Z", "message": None}  # fmt: skip
    receive(shopify, "fulfillment_events/delete", scan)  # before the scan itself
    receive(shopify, "fulfillment_events/create", scan)
    assert TrackingEvent.objects.get().deleted_at is not None
    assert [action for action, _ in story(order)].count("tracking.scanned") == 0


def test_a_read_brings_scans_and_takes_back_those_that_are_gone(sandbox, shopify, order):
    sandbox.press(order.remote_id, "fulfil")
    sandbox.press(order.remote_id, "scan", status="in_transit")
    read_in(shopify, order.remote_id)
    assert TrackingEvent.objects.get().status == "in_transit"
    sandbox.press(order.remote_id, "withdraw-scan")
    read_in(shopify, order.remote_id)
    assert TrackingEvent.objects.get().deleted_at is not None
    assert story(order)[-1][0] in ("tracking.removed", "fulfillment.updated", "order.updated")
    assert "tracking.removed" in [action for action, _ in story(order)]


def test_risk_is_read_where_a_message_names_the_order(shopify, order):
    assert receive(shopify, "orders/risk_assessment_changed", {"risk_level": "high"}).result == "It names no order."
    receive(shopify, "orders/risk_assessment_changed", {"order_id": order.remote_id})
    order.refresh_from_db()
    assert order.risk
