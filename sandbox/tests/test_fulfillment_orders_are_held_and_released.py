"""Holds: whole and partial, several by handle, ten at most; with the last one gone the parts come together again."""

from typing import Any

from sandbox.tests.asking import FIELDS, OF_ORDER, actions, ask, of_order, part, units
from sandbox.tests.running import Sandbox

HOLD = f"""mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {{
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {{
    fulfillmentHold {{ id handle reason reasonNotes displayReason heldByRequestingApp }}
    fulfillmentOrder {{ ...F }} remainingFulfillmentOrder {{ ...F }}
    userErrors {{ field message code }} }} }} {FIELDS}"""
RELEASE = f"""mutation($id: ID!, $holdIds: [ID!]) {{ fulfillmentOrderReleaseHold(id: $id, holdIds: $holdIds) {{
  fulfillmentOrder {{ ...F }} userErrors {{ field message code }} }} }} {FIELDS}"""


def hold(shopify: Sandbox, one: dict[str, Any], **given: Any) -> dict[str, Any]:
    data = ask(shopify, HOLD, id=one["id"], hold={"reason": "OTHER", **given})
    return dict(data["fulfillmentOrderHold"])


def release(shopify: Sandbox, one: dict[str, Any], *holds: dict[str, Any]) -> dict[str, Any]:
    ids = [known["id"] for known in holds] or None
    data = ask(shopify, RELEASE, id=one["id"], holdIds=ids)
    assert data["fulfillmentOrderReleaseHold"]["userErrors"] == []
    return dict(data["fulfillmentOrderReleaseHold"]["fulfillmentOrder"])


def errors(payload: dict[str, Any]) -> list[str]:
    assert payload["fulfillmentHold"] is None
    return [error["code"] for error in payload["userErrors"]]


def mugs(shopify: Sandbox, quantity: int = 2) -> tuple[dict[str, Any], dict[str, Any]]:
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": quantity}])
    [one] = of_order(shopify, order)
    return order, one


def test_a_held_order_can_only_be_released_held_again_or_moved(shopify: Sandbox):
    order, one = mugs(shopify)
    before = ask(shopify, OF_ORDER, id=order["admin_graphql_api_id"])["order"]
    held = hold(shopify, one, reason="AWAITING_RETURN_ITEMS", reasonNotes="first", handle="first")
    assert held["userErrors"] == []
    assert held["remainingFulfillmentOrder"] is None
    assert held["fulfillmentOrder"]["status"] == "ON_HOLD"
    assert actions(held["fulfillmentOrder"]) == ["RELEASE_HOLD", "HOLD", "MOVE"]
    assert held["fulfillmentHold"]["displayReason"] == "Exchange items awaiting return delivery"
    assert held["fulfillmentHold"]["heldByRequestingApp"] is True
    after = ask(shopify, OF_ORDER, id=order["admin_graphql_api_id"])["order"]
    assert after["displayFulfillmentStatus"] == "ON_HOLD"
    # The gap every connector has to know: the order itself has not changed.
    assert after["updatedAt"] == before["updatedAt"]
    assert shopify.post(f"/sandbox/orders/{order['id']}/fulfil.json").status_code == 422


def test_holds_are_released_one_by_one_or_all_together(shopify: Sandbox):
    _, one = mugs(shopify)
    first = hold(shopify, one, handle="one")["fulfillmentHold"]
    hold(shopify, one, handle="two")
    left = release(shopify, one, first)
    assert (left["status"], [known["handle"] for known in left["fulfillmentHolds"]]) == ("ON_HOLD", ["two"])
    hold(shopify, one, handle="three")
    assert release(shopify, one)["status"] == "OPEN"
    assert release(shopify, one)["status"] == "OPEN"


def test_a_partial_hold_parts_the_rest_and_the_release_puts_it_together(shopify: Sandbox):
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 2}, {"sku": "FW-LAMP", "quantity": 3}])
    [one] = of_order(shopify, order)
    wanted = [{"id": part(one), "quantity": 2}, {"id": part(one, 1), "quantity": 1}]
    held = hold(shopify, one, fulfillmentOrderLineItems=wanted)
    # As recorded: the held ones keep their id, the rest gets a new one.
    assert held["fulfillmentOrder"]["id"] == one["id"]
    assert units(held["fulfillmentOrder"]) == [(2, 2), (1, 1)]
    rest = held["remainingFulfillmentOrder"]
    assert (rest["status"], units(rest), actions(rest)[-1]) == ("OPEN", [(2, 2)], "SPLIT")
    again = release(shopify, one)
    assert (again["status"], units(again)) == ("OPEN", [(2, 2), (3, 3)])
    known = {found["id"]: found for found in of_order(shopify, order)}
    assert (known[rest["id"]]["status"], units(known[rest["id"]])) == ("CLOSED", [(0, 0)])


def test_what_was_shipped_meanwhile_stays_apart(shopify: Sandbox):
    order, one = mugs(shopify, 3)
    hold(shopify, one, fulfillmentOrderLineItems=[{"id": part(one), "quantity": 2}])
    shopify.press(order["id"], "fulfil")
    assert units(release(shopify, one)) == [(2, 2)]


def test_a_handle_is_taken_once_and_ten_holds_are_enough(shopify: Sandbox):
    _, one = mugs(shopify)
    for number in range(10):
        assert hold(shopify, one, handle=f"h{number}")["userErrors"] == []
    refused = hold(shopify, one, handle="one more")
    assert errors(refused) == ["FULFILLMENT_ORDER_HOLD_LIMIT_REACHED"]
    assert refused["userErrors"][0]["field"] == ["id"]


def test_the_same_handle_is_refused_in_the_recorded_words(shopify: Sandbox):
    _, one = mugs(shopify)
    hold(shopify, one, handle="twice")
    refused = hold(shopify, one, handle="twice")
    assert refused["userErrors"] == [
        {
            "field": ["fulfillmentHold", "handle"],
            "message": "The handle provided for the fulfillment hold is already in use by this app for another hold on"
            " this fulfillment order.",
            "code": "DUPLICATE_FULFILLMENT_HOLD_HANDLE",
        }
    ]


def test_quantities_that_make_no_sense_are_refused(shopify: Sandbox):
    _, one = mugs(shopify)

    def partly(*quantities: int) -> list[str]:
        lines = [{"id": part(one), "quantity": quantity} for quantity in quantities]
        return errors(hold(shopify, one, fulfillmentOrderLineItems=lines))

    assert partly(0) == ["GREATER_THAN_ZERO"]
    assert partly(1, 1) == ["DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS"]
    assert partly(3) == ["INVALID_LINE_ITEM_QUANTITY"]
    hold(shopify, one, handle="whole")
    lines = [{"id": part(one), "quantity": 1}]
    assert errors(hold(shopify, one, handle="part", fulfillmentOrderLineItems=lines)) == [
        "FULFILLMENT_ORDER_NOT_SPLITTABLE"
    ]


def test_an_unknown_id_is_an_error_at_the_top_level(shopify: Sandbox):
    answer = shopify.ask(HOLD, id="gid://shopify/FulfillmentOrder/0", hold={"reason": "OTHER"})
    assert answer["data"] == {"fulfillmentOrderHold": None}
    assert answer["errors"][0]["message"] == "Invalid id: gid://shopify/FulfillmentOrder/0"
    assert answer["errors"][0]["extensions"]["code"] == "RESOURCE_NOT_FOUND"


def test_the_staffs_own_hold_is_not_the_apps(shopify: Sandbox):
    order, _ = mugs(shopify)
    shopify.press(order["id"], "hold", reason="INCORRECT_ADDRESS", notes="no house number")
    [held] = of_order(shopify, order)
    assert held["fulfillmentHolds"][0]["heldByRequestingApp"] is False
    assert held["fulfillmentHolds"][0]["reasonNotes"] == "no house number"
    shopify.press(order["id"], "release")
    assert of_order(shopify, order)[0]["status"] == "OPEN"
