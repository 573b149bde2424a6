"""``orderCancel`` starts a job: nothing has happened when it answers, and it says so."""

from collections.abc import Callable
from typing import Any

from sandbox.tests.asking import ask, of_order, units
from sandbox.tests.polling import until
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

CANCEL = """mutation($id: ID!, $note: String, $refund: OrderCancelRefundMethodInput) {
  orderCancel(orderId: $id, reason: CUSTOMER, restock: true, refundMethod: $refund, staffNote: $note) {
    job { id done } jobResult { id done status errors { message } order { id } }
    orderCancelUserErrors { field message code } } }"""
JOB = "query($id: ID!) { job(id: $id) { id done } }"
ORDER = """query($id: ID!) { order(id: $id) { cancelledAt cancelReason closed displayFulfillmentStatus
  displayFinancialStatus cancellation { staffNote } refunds(first: 5) { id }
  totalRefundedSet { shopMoney { amount } } totalReceivedSet { shopMoney { amount } } } }"""
REFUND = {"originalPaymentMethodsRefund": True}


def cancel(shopify: Sandbox, order: dict[str, Any], **given: Any) -> dict[str, Any]:
    return dict(ask(shopify, CANCEL, id=order["admin_graphql_api_id"], **given)["orderCancel"])


def shown(shopify: Sandbox, order: dict[str, Any]) -> dict[str, Any]:
    return dict(ask(shopify, ORDER, id=order["admin_graphql_api_id"])["order"])


def done(shopify: Sandbox, job: str) -> bool:
    return bool(ask(shopify, JOB, id=job)["job"]["done"])


def test_the_job_is_not_done_and_then_it_is(shopify: Sandbox):
    # 6,000 times as fast: half a second.
    shopify.post("/sandbox/faults.json", job_seconds=3_000)
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 2}])
    payload = cancel(shopify, order, note="changed her mind", refund=REFUND)
    job = payload["job"]["id"]
    assert payload["job"]["done"] is False
    assert payload["orderCancelUserErrors"] == []
    assert (payload["jobResult"]["status"], payload["jobResult"]["id"]) == ("STARTED", job)
    assert not done(shopify, job)
    assert shown(shopify, order)["cancelledAt"] is None
    until(lambda: done(shopify, job))
    after = shown(shopify, order)
    assert after["cancelledAt"]
    assert (after["cancelReason"], after["closed"], after["displayFulfillmentStatus"]) == (
        "CUSTOMER",
        True,
        "UNFULFILLED",
    )
    assert after["displayFinancialStatus"] == "REFUNDED"
    assert after["cancellation"]["staffNote"] == "changed her mind"
    assert len(after["refunds"]) == 1
    [one] = of_order(shopify, order)
    assert (one["status"], units(one)) == ("CLOSED", [(0, 0)])
    again = cancel(shopify, order)
    assert again["job"] is None
    assert again["orderCancelUserErrors"] == [
        {
            "field": ["orderId"],
            "message": "Cannot cancel an order that has already been canceled",
            "code": "INVALID",
        }
    ]


def test_without_a_refund_method_no_money_goes_back(shopify: Sandbox):
    shopify.post("/sandbox/faults.json", job_seconds=0)
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    job = cancel(shopify, order)["job"]["id"]
    until(lambda: done(shopify, job))
    after = shown(shopify, order)
    assert (after["displayFinancialStatus"], after["totalRefundedSet"]["shopMoney"]["amount"]) == ("PAID", "0.0")


def test_what_is_under_way_cannot_be_cancelled(shopify: Sandbox):
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    shopify.press(order["id"], "fulfil")
    [error] = cancel(shopify, order)["orderCancelUserErrors"]
    assert error == {
        "field": ["orderId"],
        "message": "Cannot cancel an order that has outstanding fulfillments",
        "code": "INVALID",
    }
    unknown = ask(shopify, CANCEL, id="gid://shopify/Order/1")["orderCancel"]["orderCancelUserErrors"]
    assert unknown[0]["code"] == "NOT_FOUND"
    long = cancel(shopify, order, note="x" * 256)["orderCancelUserErrors"]
    assert long[0]["message"] == "Staff note is too long. Maximum length is 255 characters."


def test_what_comes_back_must_be_there_first(shopify: Sandbox):
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    shopify.press(order["id"], "fulfil")
    shopify.press(order["id"], "return")
    [error] = cancel(shopify, order)["orderCancelUserErrors"]
    assert error["message"] == "Cannot cancel an order that has returns"


def test_what_is_shipped_meanwhile_is_not_cancelled(shopify: Sandbox):
    shopify.post("/sandbox/faults.json", job_seconds=1_800)
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    job = cancel(shopify, order)["job"]["id"]
    shopify.press(order["id"], "fulfil")
    until(lambda: done(shopify, job))
    assert shown(shopify, order)["cancelledAt"] is None


def test_webhooks_come_when_it_has_happened(shopify: Sandbox, receiver: Receiver):
    shopify.post("/sandbox/faults.json", job_seconds=0)
    for topic in ("ORDERS_CANCELLED", "REFUNDS_CREATE", "FULFILLMENT_ORDERS_CANCELLED"):
        shopify.subscribe(topic, receiver.url)
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    cancel(shopify, order, refund=REFUND)
    for topic in ("orders/cancelled", "refunds/create", "fulfillment_orders/cancelled"):
        receiver.wait_for(1, topic=topic)


def test_an_unknown_job_is_nothing(shopify: Sandbox):
    assert ask(shopify, JOB, id="gid://shopify/Job/nope")["job"] is None


def test_a_killed_stand_in_finishes_the_job_when_it_is_back(start: Callable[..., Sandbox]):
    first = start(speed=1)
    first.post("/sandbox/faults.json", job_seconds=1)
    order = first.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    job = cancel(first, order)["job"]["id"]
    first.kill()
    second = start(speed=1)
    until(lambda: done(second, job))
    assert shown(second, order)["cancelledAt"]
