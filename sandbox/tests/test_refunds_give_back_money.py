"""``refundCreate`` and ``suggestedRefund``: units, shipping, goodwill, two currencies, and money that comes later."""

import uuid
from typing import Any

import pytest

from sandbox.tests.operations import MONEY, ORDER, REFUND, shop
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

SUGGEST = (
    MONEY
    + """query($id: ID!, $lines: [RefundLineItemInput!], $shipping: Boolean) { order(id: $id) {
    suggestedRefund(refundLineItems: $lines, refundShipping: $shipping) { amountSet { ...M }
      maximumRefundableSet { ...M } subtotalSet { ...M } shipping { amountSet { ...M } }
      suggestedTransactions { gateway amountSet { ...M } parentTransaction { id } }
      refundLineItems { quantity restockType lineItem { id } } } } }"""
)


def read(shopify: Sandbox, gid: str) -> dict[str, Any]:
    answer = shopify.ask(ORDER, id=gid)
    assert "errors" not in answer, answer
    return dict(answer["data"]["order"])


def wish(order: dict[str, Any], amount: str | None, quantity: int = 0, **more: Any) -> dict[str, Any]:
    sale = order["transactions"][0]
    lines = [{"lineItemId": order["lineItems"]["nodes"][0]["id"], "quantity": quantity, "restockType": "NO_RESTOCK"}]
    paid = {"orderId": order["id"], "parentId": sale["id"], "kind": "REFUND", "gateway": sale["gateway"]}
    return {
        "orderId": order["id"],
        "refundLineItems": lines if quantity else [],
        "transactions": [{**paid, "amount": amount}] if amount else [],
        **more,
    }


def refund(shopify: Sandbox, given: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    answer = shopify.ask(REFUND, input=given, key=key or str(uuid.uuid4()))
    assert "errors" not in answer, answer
    return dict(answer["data"]["refundCreate"])


@pytest.fixture
def order(shopify: Sandbox) -> dict[str, Any]:
    """Three mugs at 16.00, shipping 6.90, paid."""
    return read(shopify, shopify.place(lines=[{"sku": "FW-MUG", "quantity": 3}])["admin_graphql_api_id"])


def test_a_unit_is_refunded_at_its_price(shopify: Sandbox, order: dict[str, Any]):
    made = refund(shopify, wish(order, shop(unit := price_of_one(shopify, order)), 1))
    assert made["userErrors"] == []
    assert made["refund"]["totalRefundedSet"] == unit
    assert made["refund"]["orderAdjustments"]["nodes"] == []
    assert made["order"]["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    after = read(shopify, order["id"])
    line = after["lineItems"]["nodes"][0]
    assert (line["quantity"], line["currentQuantity"], line["refundableQuantity"]) == (3, 2, 2)
    assert shop(after["totalOutstandingSet"]) == "0.0"


def price_of_one(shopify: Sandbox, order: dict[str, Any]) -> dict[str, Any]:
    lines = [{"lineItemId": order["lineItems"]["nodes"][0]["id"], "quantity": 1}]
    suggested = shopify.ask(SUGGEST, id=order["id"], lines=lines)["data"]["order"]["suggestedRefund"]
    assert suggested["suggestedTransactions"][0]["parentTransaction"]["id"] == order["transactions"][0]["id"]
    return dict(suggested["amountSet"])


def test_shipping_is_suggested_and_refunded(shopify: Sandbox, order: dict[str, Any]):
    suggested = shopify.ask(SUGGEST, id=order["id"], shipping=True)["data"]["order"]["suggestedRefund"]
    assert shop(suggested["shipping"]["amountSet"]) == "6.9"
    made = refund(shopify, wish(order, "6.90", shipping={"fullRefund": True}))
    assert made["refund"]["orderAdjustments"]["nodes"] == []
    assert shop(read(shopify, order["id"])["totalOutstandingSet"]) == "0.0"


def test_goodwill_is_a_discrepancy_in_the_customers_favour(shopify: Sandbox, order: dict[str, Any]):
    made = refund(shopify, wish(order, "5.00", note="Sorry"))
    adjustment = made["refund"]["orderAdjustments"]["nodes"][0]
    assert (adjustment["reason"], shop(adjustment["amountSet"])) == ("REFUND_DISCREPANCY", "-5.0")
    after = read(shopify, order["id"])
    assert shop(after["refundDiscrepancySet"]) == "-5.0"
    assert after["lineItems"]["nodes"][0]["currentQuantity"] == 3


def test_more_than_was_paid_is_refused(shopify: Sandbox, order: dict[str, Any]):
    made = refund(shopify, wish(order, "500.00"))
    paid = shop(order["transactions"][0]["amountSet"])
    message = f"Refund amount $500.00 is greater than net payment received ${float(paid):.2f}"
    assert made["refund"] is None
    assert made["userErrors"] == [{"field": None, "message": message}]
    assert made["order"]["displayFinancialStatus"] == "PAID"


@pytest.mark.parametrize("amount", ["abc", "NaN", "1e400", "-1", "0", "0.0001"])
def test_an_amount_that_is_none_is_refused(shopify: Sandbox, order: dict[str, Any], amount: str):
    refused = refund(shopify, wish(order, amount))
    assert (refused["refund"], refused["userErrors"][0]["field"]) == (None, ["transactions", "0", "amount"])


def test_more_units_than_were_bought_are_refused(shopify: Sandbox, order: dict[str, Any]):
    made = refund(shopify, wish(order, None, 4))
    assert made["userErrors"][0]["field"] == ["refundLineItems", "0", "quantity"]


def test_more_units_than_were_bought_are_refused_in_two_parts_as_well(shopify: Sandbox, order: dict[str, Any]):
    twice = wish(order, None, 2)
    twice["refundLineItems"] *= 2
    problem = refund(shopify, twice)["userErrors"][0]
    assert problem["field"] == ["refundLineItems", "1", "quantity"]
    assert read(shopify, order["id"])["lineItems"]["nodes"][0]["currentQuantity"] == 3


def test_a_duty_is_refunded_once(shopify: Sandbox):
    order = read(shopify, shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}], duties=True)["admin_graphql_api_id"])
    duty = order["lineItems"]["nodes"][0]["duties"][0]["id"]
    problem = refund(shopify, wish(order, None, refundDuties=[{"dutyId": duty}] * 2))["userErrors"][0]
    assert problem == {"field": ["refundDuties", "1", "dutyId"], "message": "Duty does not exist"}


def test_a_key_is_demanded(shopify: Sandbox, order: dict[str, Any]):
    bare = "mutation($input: RefundInput!) { refundCreate(input: $input) { refund { id } } }"
    answer = shopify.ask(bare, input=wish(order, "1.00"))
    assert answer["errors"][0]["message"].startswith("The @idempotent directive is required for this mutation")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert answer["errors"][0]["path"] == ["refundCreate"]


def test_one_key_refunds_once(shopify: Sandbox, order: dict[str, Any]):
    key = str(uuid.uuid4())
    first, again = (refund(shopify, wish(order, "1.00"), key) for _ in range(2))
    assert first["refund"]["id"] == again["refund"]["id"]
    assert shop(again["order"]["totalRefundedSet"]) == "1.0"
    other = refund(shopify, wish(order, "2.00"), key)
    assert other["refund"] is None
    assert "same idempotency key" in other["userErrors"][0]["message"]


def test_a_refused_refund_does_not_use_up_its_key(shopify: Sandbox, order: dict[str, Any]):
    key = str(uuid.uuid4())
    assert refund(shopify, wish(order, "500.00"), key)["refund"] is None
    assert refund(shopify, wish(order, "1.00"), key)["refund"]


@pytest.mark.parametrize(
    "restock, unfulfilled", [("CANCEL", 2), ("NO_RESTOCK", 3)], ids=["cancelled units", "units just paid back"]
)
def test_restocking_decides_what_can_still_be_shipped(
    shopify: Sandbox, order: dict[str, Any], restock: str, unfulfilled: int
):
    given = wish(order, None, 1)
    given["refundLineItems"][0]["restockType"] = restock
    assert refund(shopify, given)["refund"]["refundLineItems"]["nodes"][0]["restockType"] == restock
    line = read(shopify, order["id"])["lineItems"]["nodes"][0]
    assert (line["currentQuantity"], line["unfulfilledQuantity"]) == (2, unfulfilled)


def test_pending_money_arrives_later(shopify: Sandbox, receiver: Receiver, order: dict[str, Any]):
    shopify.subscribe("ORDER_TRANSACTIONS_CREATE", receiver.url)
    shopify.post("/sandbox/faults.json", refund_status="pending")
    made = refund(shopify, wish(order, "4.00"))
    shopify.post("/sandbox/faults.json", refund_status="success")
    assert made["refund"]["transactions"]["nodes"][0]["status"] == "PENDING"
    assert shop(made["order"]["totalRefundedSet"]) == "0.0"
    shopify.press(int(order["id"].rsplit("/")[-1]), "settle")
    first, then = receiver.wait_for(2, "order_transactions/create")
    assert (first.body["status"], then.body["status"]) == ("pending", "success")
    assert first.body["id"] == then.body["id"]
    assert shop(read(shopify, order["id"])["totalRefundedSet"]) == "4.0"


def test_money_may_never_arrive(shopify: Sandbox, order: dict[str, Any]):
    shopify.press(int(order["id"].rsplit("/")[-1]), "refund", amount="3.00", status="failure")
    after = read(shopify, order["id"])
    assert [one["status"] for one in after["transactions"]] == ["SUCCESS", "FAILURE"]
    assert (after["displayFinancialStatus"], shop(after["totalRefundedSet"])) == ("PAID", "0.0")


@pytest.mark.parametrize("presentment, half, digits", [("EUR", "10.00", 2), ("JPY", "1500", 0), ("KWD", "3.125", 3)])
def test_the_customers_currency_is_refunded(
    shopify: Sandbox, receiver: Receiver, presentment: str, half: str, digits: int
):
    shopify.subscribe("ORDER_TRANSACTIONS_CREATE", receiver.url)
    placed = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 3}], presentment_currency=presentment)
    order = read(shopify, placed["admin_graphql_api_id"])
    assert refund(shopify, wish(order, half))["userErrors"][0]["field"] == ["currency"]
    made = refund(shopify, wish(order, half, currency=presentment))["refund"]
    money = made["totalRefundedSet"]
    assert money["presentmentMoney"]["currencyCode"] == presentment
    assert float(money["presentmentMoney"]["amount"]) == float(half)
    assert money["shopMoney"]["currencyCode"] == "USD"
    told = [message.body for message in receiver.wait_for(2)]  # of the sale and of the refund
    body = next(body for body in told if body["kind"] == "refund")
    assert (body["currency"], body["amount"]) == (presentment, half)
    assert len(body["amount"].partition(".")[2]) == digits
    rest = {one["amountSet"]["presentmentMoney"]["amount"] for one in order["transactions"]}
    assert len(rest) == 1


def test_a_refund_may_be_store_credit(shopify: Sandbox, order: dict[str, Any]):
    credit = {"storeCreditRefund": {"amount": {"amount": "5.00", "currencyCode": "USD"}}}
    made = refund(shopify, wish(order, None, refundMethods=[credit]))
    assert made["userErrors"] == []
    assert made["refund"]["transactions"]["nodes"][0]["gateway"] == "shopify_store_credit"
    balance = """query($id: ID!) { order(id: $id) { customer { storeCreditAccounts(first: 1) {
      nodes { balance { amount } } } } } }"""
    account = shopify.ask(balance, id=order["id"])["data"]["order"]["customer"]["storeCreditAccounts"]["nodes"][0]
    assert float(account["balance"]["amount"]) >= 5
    too_much = {"storeCreditRefund": {"amount": {"amount": "5000.00", "currencyCode": "USD"}}}
    assert refund(shopify, wish(order, None, refundMethods=[too_much]))["refund"] is None


@pytest.mark.parametrize("before", [{}, {"amount": "5.00"}, {"lines": [{"sku": "FW-MUG"}]}], ids=str)
@pytest.mark.parametrize("odd", [{}, {"fee": "0.28", "duties": True, "tip": "3"}], ids=str)
def test_a_cancelled_order_owes_nothing_and_ships_nothing(
    shopify: Sandbox, before: dict[str, Any], odd: dict[str, Any]
):
    placed = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 3}], **odd)
    if before:
        shopify.press(placed["id"], "refund", **before)
    shopify.press(placed["id"], "cancel")
    after = read(shopify, placed["admin_graphql_api_id"])
    assert after["displayFinancialStatus"] == "REFUNDED"
    assert (shop(after["totalOutstandingSet"]), shop(after["currentTotalPriceSet"])) == ("0.0", "0.0")
    assert [(one["currentQuantity"], one["unfulfilledQuantity"]) for one in after["lineItems"]["nodes"]] == [
        (0, 0) for _ in after["lineItems"]["nodes"]
    ]
