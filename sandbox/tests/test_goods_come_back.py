"""Returns: what can be returned, the words of refusals as recorded, the way of a return, its webhooks."""

from typing import Any

import pytest

from sandbox.tests.operations import ORDER
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

RETURNABLE = """query($orderId: ID!) { returnableFulfillments(orderId: $orderId, first: 5) { nodes { fulfillment { id }
  returnableFulfillmentLineItems(first: 50) { nodes { quantity fulfillmentLineItem { id lineItem { id } } } } } } }"""
CREATE = """mutation($given: ReturnInput!) { returnCreate(returnInput: $given) {
  return { id name status } userErrors { field message code } } }"""
REQUEST = """mutation($given: ReturnRequestInput!) { returnRequest(input: $given) {
  return { id status } userErrors { field message code } } }"""
READ = """query($id: ID!) { return(id: $id) { id name status createdAt closedAt requestApprovedAt totalQuantity
  order { id } decline { reason note } refunds(first: 5) { nodes { id } }
  returnLineItems(first: 50) { pageInfo { hasNextPage endCursor } nodes { __typename id quantity processedQuantity
    refundableQuantity refundedQuantity returnReasonDefinition { handle }
    ... on ReturnLineItem { fulfillmentLineItem { id lineItem { id } } } } }
  exchangeLineItems(first: 20) { nodes { id quantity lineItems { id } } }
  reverseFulfillmentOrders(first: 5) { nodes { id status } } } }"""
PROCESS = """mutation($input: ReturnProcessInput!) { returnProcess(input: $input) {
  return { id status } userErrors { field message code } } }"""
TOPICS = ("REQUEST", "APPROVE", "DECLINE", "PROCESS", "CLOSE", "REOPEN", "CANCEL", "UPDATE")


def shipped(shopify: Sandbox) -> tuple[str, str]:
    """An order with three mugs shipped: the order's gid and that of the shipped line."""
    placed = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 3}])
    shopify.press(placed["id"], "fulfil")
    [(part, quantity)] = returnable(shopify, placed["admin_graphql_api_id"]).items()
    assert quantity == 3
    return placed["admin_graphql_api_id"], part


def returnable(shopify: Sandbox, order: str) -> dict[str, int]:
    """How many units of each shipped line can be returned."""
    parcels = shopify.ask(RETURNABLE, orderId=order)["data"]["returnableFulfillments"]["nodes"]
    parts = [part for parcel in parcels for part in parcel["returnableFulfillmentLineItems"]["nodes"]]
    return {part["fulfillmentLineItem"]["id"]: part["quantity"] for part in parts}


def given(order: str, part: str, quantity: int = 1, reason: int | None = 6) -> dict[str, Any]:
    line: dict[str, Any] = {"fulfillmentLineItemId": part, "quantity": quantity}
    if reason:
        line["returnReasonDefinitionId"] = f"gid://shopify/ReturnReasonDefinition/{reason}"
    return {"orderId": order, "returnLineItems": [line]}


def create(shopify: Sandbox, wanted: dict[str, Any]) -> dict[str, Any]:
    answer = shopify.ask(CREATE, given=wanted)
    assert "errors" not in answer, answer
    return dict(answer["data"]["returnCreate"])


def read(shopify: Sandbox, gid: str) -> dict[str, Any]:
    answer = shopify.ask(READ, id=gid)
    assert "errors" not in answer, answer
    return dict(answer["data"]["return"])


def change(shopify: Sandbox, name: str, argument: str, **variables: Any) -> dict[str, Any]:
    answer = shopify.ask(
        f"mutation({argument}) {{ {name} {{ return {{ id status }} userErrors {{ field message code }} }} }}",
        **variables,
    )
    assert "errors" not in answer, answer
    return dict(next(iter(answer["data"].values())))


def test_a_return_is_made_and_read(shopify: Sandbox):
    order, part = shipped(shopify)
    made = create(shopify, given(order, part, 2))
    assert made["userErrors"] == []
    shown = read(shopify, made["return"]["id"])
    assert (shown["status"], shown["totalQuantity"], shown["order"]["id"]) == ("OPEN", 2, order)
    assert shown["returnLineItems"]["nodes"][0]["fulfillmentLineItem"]["id"] == part
    assert shown["reverseFulfillmentOrders"]["nodes"][0]["status"] == "OPEN"
    whole = shopify.ask(ORDER, id=order)["data"]["order"]
    assert whole["returnStatus"] == "IN_PROGRESS"
    assert [one["id"] for one in whole["returns"]["nodes"]] == [shown["id"]]


def test_a_reason_is_needed(shopify: Sandbox):
    order, part = shipped(shopify)
    missing = {
        "field": ["returnInput", "returnLineItems", "0"],
        "message": "Return line items Either return reason or return reason definition must be provided",
        "code": "NOT_FOUND",
    }
    assert create(shopify, given(order, part, reason=None)) == {"return": None, "userErrors": [missing]}
    asked = shopify.ask(REQUEST, given=given(order, part, reason=None))["data"]["returnRequest"]
    assert asked["userErrors"][0]["message"] == "Return reason can't be blank"


def test_no_more_comes_back_than_went_out(shopify: Sandbox):
    order, part = shipped(shopify)
    create(shopify, given(order, part, 2))
    refused = create(shopify, given(order, part, 2))["userErrors"][0]
    assert refused == {
        "field": ["returnInput", "returnLineItems", "0", "quantity"],
        "message": "Return line item has an invalid quantity.",
        "code": "INVALID",
    }
    unknown = create(shopify, given(order, "gid://shopify/FulfillmentLineItem/1"))["userErrors"][0]
    assert (unknown["message"], unknown["code"]) == ("Fulfillment Line Item was not found.", "NOT_FOUND")


def test_what_was_refunded_without_a_return_comes_back_in_no_parcel(shopify: Sandbox):
    placed = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 2}])
    order = placed["admin_graphql_api_id"]
    for _ in "12":
        shopify.press(placed["id"], "fulfil", lines=[{"sku": "FW-MUG", "quantity": 1}])
    first, second = returnable(shopify, order)
    shopify.press(placed["id"], "refund", lines=[{"sku": "FW-MUG", "quantity": 1}])
    assert create(shopify, given(order, first))["userErrors"] == []
    refused = create(shopify, given(order, second))["userErrors"]
    assert [one["message"] for one in refused] == ["Return line item has an invalid quantity."]


def test_a_unit_refunded_after_its_return_leaves_the_others_returnable(shopify: Sandbox):
    order, part = shipped(shopify)
    made = create(shopify, given(order, part))["return"]
    line = read(shopify, made["id"])["returnLineItems"]["nodes"][0]
    shopify.ask(PROCESS, input={"returnId": made["id"], "returnLineItems": [{"id": line["id"], "quantity": 1}]})
    assert returnable(shopify, order) == {part: 2}
    shopify.press(int(order.rsplit("/")[-1]), "refund", lines=[{"sku": "FW-MUG", "quantity": 1}])
    assert returnable(shopify, order) == {part: 2}


def test_goods_taken_in_leave_the_order_and_wait_for_their_money(shopify: Sandbox):
    order, part = shipped(shopify)
    made = create(shopify, given(order, part, 2))["return"]
    line = read(shopify, made["id"])["returnLineItems"]["nodes"][0]
    answer = shopify.ask(
        PROCESS, input={"returnId": made["id"], "returnLineItems": [{"id": line["id"], "quantity": 2}]}
    )
    assert answer["data"]["returnProcess"]["userErrors"] == []
    bought = shopify.ask(ORDER, id=order)["data"]["order"]
    line = bought["lineItems"]["nodes"][0]
    assert (line["currentQuantity"], line["refundableQuantity"]) == (1, 3)
    assert bought["returnStatus"] == "RETURNED"


def test_a_refund_goes_with_goods_taken_in(shopify: Sandbox):
    order, part = shipped(shopify)
    made = create(shopify, given(order, part, 1))["return"]
    line = read(shopify, made["id"])["returnLineItems"]["nodes"][0]
    sale = shopify.ask(ORDER, id=order)["data"]["order"]["transactions"][0]["id"]
    paid = [{"parentId": sale, "transactionAmount": {"amount": "16.00", "currencyCode": "USD"}}]
    answer = shopify.ask(
        PROCESS,
        input={
            "returnId": made["id"],
            "returnLineItems": [{"id": line["id"], "quantity": 1}],
            "financialTransfer": {"issueRefund": {"orderTransactions": paid}},
        },
    )
    assert answer["data"]["returnProcess"]["userErrors"] == []
    shown = read(shopify, made["id"])
    assert len(shown["refunds"]["nodes"]) == 1
    assert shown["returnLineItems"]["nodes"][0]["refundedQuantity"] == 1
    line = shopify.ask(ORDER, id=order)["data"]["order"]["lineItems"]["nodes"][0]
    assert (line["currentQuantity"], line["refundableQuantity"]) == (2, 2)


@pytest.mark.parametrize("amount", ["0", "-16.00"])
def test_money_given_back_with_goods_is_more_than_nothing(shopify: Sandbox, amount: str):
    order, part = shipped(shopify)
    made = create(shopify, given(order, part))["return"]
    line = read(shopify, made["id"])["returnLineItems"]["nodes"][0]
    sale = shopify.ask(ORDER, id=order)["data"]["order"]["transactions"][0]["id"]
    paid = [{"parentId": sale, "transactionAmount": {"amount": amount, "currencyCode": "USD"}}]
    wish = {"returnId": made["id"], "returnLineItems": [{"id": line["id"], "quantity": 1}]}
    answer = shopify.ask(PROCESS, input={**wish, "financialTransfer": {"issueRefund": {"orderTransactions": paid}}})
    assert answer["data"]["returnProcess"]["userErrors"][0]["message"] == "Amount must be greater than 0"
    assert read(shopify, made["id"])["returnLineItems"]["nodes"][0]["processedQuantity"] == 0


def test_a_requested_return_is_approved_or_declined(shopify: Sandbox):
    order, part = shipped(shopify)
    first, second = (shopify.ask(REQUEST, given=given(order, part))["data"]["returnRequest"]["return"] for _ in "12")
    assert shopify.ask(ORDER, id=order)["data"]["order"]["returnStatus"] == "RETURN_REQUESTED"
    approved = change(
        shopify, "returnApproveRequest(input: $given)", "$given: ReturnApproveRequestInput!", given={"id": first["id"]}
    )
    assert approved["return"]["status"] == "OPEN"
    wish = {"id": second["id"], "declineReason": "RETURN_PERIOD_ENDED", "declineNote": "Too late"}
    change(shopify, "returnDeclineRequest(input: $given)", "$given: ReturnDeclineRequestInput!", given=wish)
    declined = read(shopify, second["id"])
    assert (declined["status"], declined["decline"]) == (
        "DECLINED",
        {"reason": "RETURN_PERIOD_ENDED", "note": "Too late"},
    )


def test_every_step_is_announced(shopify: Sandbox, receiver: Receiver):
    for topic in TOPICS:
        shopify.subscribe(f"RETURNS_{topic}", receiver.url)
    order, part = shipped(shopify)
    number = int(order.rsplit("/")[-1])
    asked = shopify.press(number, "return", state="requested")["return"]
    gid = asked["admin_graphql_api_id"]
    change(shopify, "returnApproveRequest(input: $given)", "$given: ReturnApproveRequestInput!", given={"id": gid})
    for name in ("returnClose", "returnReopen", "returnCancel"):
        change(shopify, f"{name}(id: $id)", "$id: ID!", id=gid)
    made = create(shopify, given(order, part, 2))["return"]
    line = read(shopify, made["id"])["returnLineItems"]["nodes"][0]["id"]
    change(
        shopify,
        "removeFromReturn(returnId: $id, returnLineItems: $lines)",
        "$id: ID!, $lines: [ReturnLineItemRemoveFromReturnInput!]",
        id=made["id"],
        lines=[{"returnLineItemId": line, "quantity": 1}],
    )
    shopify.ask(PROCESS, input={"returnId": made["id"], "returnLineItems": [{"id": line, "quantity": 1}]})
    came = {one.topic: one.body for one in receiver.wait_for(9)}
    assert came["returns/request"]["status"] == "requested"
    assert came["returns/cancel"] == {
        "id": asked["id"], "admin_graphql_api_id": gid, "order_id": number, "status": "canceled",
    }  # fmt: skip
    assert came["returns/update"]["return_line_items"]["removals"][0]["delta"] == 1
    assert came["returns/process"] == {}
    assert {"returns/close", "returns/reopen", "returns/approve"} <= came.keys()


def test_nothing_unshipped_is_returned(shopify: Sandbox):
    placed = shopify.place()
    assert shopify.post(f"/sandbox/orders/{placed['id']}/return.json").status_code == 422


def test_reasons_page_by_cursor(shopify: Sandbox):
    query = """query($after: String) { returnReasonDefinitions(first: 4, after: $after) {
      nodes { handle } pageInfo { hasNextPage endCursor } } }"""
    first = shopify.ask(query)["data"]["returnReasonDefinitions"]
    then = shopify.ask(query, after=first["pageInfo"]["endCursor"])["data"]["returnReasonDefinitions"]
    handles = [one["handle"] for one in first["nodes"] + then["nodes"]]
    assert (len(handles), first["pageInfo"]["hasNextPage"], then["pageInfo"]["hasNextPage"]) == (6, True, False)
    assert handles[-1] == "damaged-or-defective"


@pytest.mark.parametrize("name", ["returnClose", "returnCancel", "returnReopen"])
def test_a_return_that_is_not_there_is_not_found(shopify: Sandbox, name: str):
    refused = change(shopify, f"{name}(id: $id)", "$id: ID!", id="gid://shopify/Return/1")
    assert refused["userErrors"][0]["code"] == "NOT_FOUND"
