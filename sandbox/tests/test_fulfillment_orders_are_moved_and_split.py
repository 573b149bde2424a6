"""Moves, splits, merges and reported progress: ids change, closed ones stay behind, errors read as recorded."""

from typing import Any

from sandbox.tests.asking import FIELDS, actions, ask, of_order, part, units
from sandbox.tests.running import Sandbox
from sandbox.tests.test_fulfillment_orders_follow_the_stock import levels

MOVE = f"""mutation($id: ID!, $loc: ID!, $lines: [FulfillmentOrderLineItemInput!]) {{
  fulfillmentOrderMove(id: $id, newLocationId: $loc, fulfillmentOrderLineItems: $lines) {{
    movedFulfillmentOrder {{ ...F }} originalFulfillmentOrder {{ ...F }} remainingFulfillmentOrder {{ id }}
    userErrors {{ field message code }} }} }} {FIELDS}"""
SPLIT = f"""mutation($splits: [FulfillmentOrderSplitInput!]!) {{
  fulfillmentOrderSplit(fulfillmentOrderSplits: $splits) {{
    fulfillmentOrderSplits {{ fulfillmentOrder {{ ...F }} remainingFulfillmentOrder {{ ...F }}
      replacementFulfillmentOrder {{ id }} }} userErrors {{ field message code }} }} }} {FIELDS}"""
MERGE = f"""mutation($merges: [FulfillmentOrderMergeInput!]!) {{
  fulfillmentOrderMerge(fulfillmentOrderMergeInputs: $merges) {{
    fulfillmentOrderMerges {{ fulfillmentOrder {{ ...F }} }} userErrors {{ field message code }} }} }} {FIELDS}"""
PROGRESS = f"""mutation($id: ID!) {{
  fulfillmentOrderReportProgress(id: $id, progressReport: {{reasonNotes: "packing"}}) {{
  fulfillmentOrder {{ ...F }} userErrors {{ field message code }} }} }} {FIELDS}"""
OPEN = f"""mutation($id: ID!) {{ fulfillmentOrderOpen(id: $id) {{
  fulfillmentOrder {{ ...F }} userErrors {{ field message }} }} }} {FIELDS}"""
CANCEL = f"""mutation($id: ID!) {{ fulfillmentOrderCancel(id: $id) {{ fulfillmentOrder {{ ...F }}
  replacementFulfillmentOrder {{ ...F }} userErrors {{ field message code }} }} }} {FIELDS}"""
LOCATIONS = "{ locations(first: 9) { nodes { id name } } }"


def location(shopify: Sandbox, name: str) -> str:
    nodes = ask(shopify, LOCATIONS)["locations"]["nodes"]
    return str(next(one["id"] for one in nodes if one["name"] == name))


def placed(shopify: Sandbox, *lines: tuple[str, int]) -> tuple[dict[str, Any], dict[str, Any]]:
    order = shopify.place(lines=[{"sku": sku, "quantity": quantity} for sku, quantity in lines])
    [one] = of_order(shopify, order)
    return order, one


def move(shopify: Sandbox, one: dict[str, Any], name: str = "East coast depot", **given: Any) -> dict[str, Any]:
    return dict(ask(shopify, MOVE, id=one["id"], loc=location(shopify, name), **given)["fulfillmentOrderMove"])


def test_all_of_it_moves_under_its_own_id_and_the_stock_with_it(shopify: Sandbox):
    before = levels(shopify, "FW-LAMP")
    _, one = placed(shopify, ("FW-LAMP", 2))
    moved = move(shopify, one)
    assert moved["userErrors"] == []
    assert moved["remainingFulfillmentOrder"] is None
    assert moved["movedFulfillmentOrder"]["id"] == moved["originalFulfillmentOrder"]["id"] == one["id"]
    assert moved["movedFulfillmentOrder"]["assignedLocation"]["name"] == "East coast depot"
    after = levels(shopify, "FW-LAMP")
    assert after["Main warehouse"] == before["Main warehouse"]
    assert after["East coast depot"]["available"] == before["East coast depot"]["available"] - 2
    assert after["East coast depot"]["committed"] == before["East coast depot"]["committed"] + 2


def test_some_of_it_moves_into_a_new_one(shopify: Sandbox):
    order, one = placed(shopify, ("FW-MUG", 2), ("FW-LAMP", 3))
    lines = [{"id": part(one), "quantity": 2}, {"id": part(one, 1), "quantity": 1}]
    moved = move(shopify, one, lines=lines)
    assert moved["movedFulfillmentOrder"]["id"] != one["id"]
    assert units(moved["movedFulfillmentOrder"]) == [(2, 2), (1, 1)]
    # As recorded: what moved whole is gone from the old one.
    assert units(moved["originalFulfillmentOrder"]) == [(2, 2)]
    assert moved["remainingFulfillmentOrder"]["id"] == one["id"]
    assert len(of_order(shopify, order)) == 2


def test_what_was_shipped_stays_where_it_was(shopify: Sandbox):
    order, one = placed(shopify, ("FW-MUG", 3))
    shopify.press(order["id"], "fulfil", lines=[{"sku": "FW-MUG", "quantity": 1}])
    moved = move(shopify, one)
    assert units(moved["movedFulfillmentOrder"]) == [(2, 2)]
    assert (moved["originalFulfillmentOrder"]["status"], units(moved["originalFulfillmentOrder"])) == (
        "CLOSED",
        [(1, 0)],
    )


def test_moves_that_cannot_be_are_refused_in_the_recorded_words(shopify: Sandbox):
    order, one = placed(shopify, ("FW-MUG", 1))
    unknown = ask(shopify, MOVE, id=one["id"], loc="gid://shopify/Location/999999999")["fulfillmentOrderMove"]
    assert unknown["userErrors"] == [{"field": ["id"], "message": "Location not found.", "code": None}]
    ask(shopify, PROGRESS, id=one["id"])
    assert move(shopify, one)["userErrors"][0]["code"] == "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS"
    ask(shopify, OPEN, id=one["id"])
    shopify.press(order["id"], "fulfil")
    assert move(shopify, one)["userErrors"] == [{"field": None, "message": "Cannot change location.", "code": None}]


def test_a_location_that_does_not_keep_the_goods_cannot_ship_them(shopify: Sandbox):
    made = shopify.post("/sandbox/locations.json", name="Pop-up store").json()["location"]
    order, one = placed(shopify, ("FW-MUG", 1))
    refused = move(shopify, one, "Pop-up store")
    assert refused["movedFulfillmentOrder"] is None
    assert refused["userErrors"]
    shopify.post("/sandbox/stock.json", sku="FW-MUG", available=5, location="Pop-up store")
    assert move(shopify, one, "Pop-up store")["userErrors"] == []
    shopify.press(order["id"], "cancel")
    shopify.post("/sandbox/locations.json", id=made["id"], delete=True)


def test_a_split_parts_units_into_a_new_one(shopify: Sandbox):
    order, one = placed(shopify, ("FW-MUG", 3))
    wanted = [{"fulfillmentOrderId": one["id"], "fulfillmentOrderLineItems": [{"id": part(one), "quantity": 1}]}]
    [made] = ask(shopify, SPLIT, splits=wanted)["fulfillmentOrderSplit"]["fulfillmentOrderSplits"]
    kept, rest = made["fulfillmentOrder"], made["remainingFulfillmentOrder"]
    assert (kept["id"], units(kept), units(rest)) == (one["id"], [(2, 2)], [(1, 1)])
    # As recorded: two can be merged, and one unit cannot be split.
    assert actions(kept) == ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD", "SPLIT", "MERGE"]
    assert actions(rest) == ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD", "MERGE"]
    intents = [{"fulfillmentOrderId": kept["id"]}, {"fulfillmentOrderId": rest["id"]}]
    [merged] = ask(shopify, MERGE, merges=[{"mergeIntents": intents}])["fulfillmentOrderMerge"][
        "fulfillmentOrderMerges"
    ]
    assert (merged["fulfillmentOrder"]["id"], units(merged["fulfillmentOrder"])) == (one["id"], [(3, 3)])
    gone = next(found for found in of_order(shopify, order) if found["id"] == rest["id"])
    assert (gone["status"], units(gone)) == ("CLOSED", [(0, 0)])


def test_splits_that_cannot_be_are_refused_in_the_recorded_words(shopify: Sandbox):
    _, one = placed(shopify, ("FW-MUG", 2))

    def refused(id: str, lines: list[dict[str, Any]]) -> tuple[str, str]:
        wanted = [{"fulfillmentOrderId": id, "fulfillmentOrderLineItems": lines}]
        payload = ask(shopify, SPLIT, splits=wanted)["fulfillmentOrderSplit"]
        assert payload["fulfillmentOrderSplits"] is None
        return payload["userErrors"][0]["code"], payload["userErrors"][0]["message"]

    assert refused(one["id"], []) == (
        "NO_LINE_ITEMS_PROVIDED_TO_SPLIT",
        "There must be at least one item selected in this fulfillment to split it.",
    )
    assert refused(one["id"], [{"id": part(one), "quantity": 0}])[0] == "GREATER_THAN"
    unknown = "gid://shopify/FulfillmentOrder/999999999999999"
    assert refused(unknown, [{"id": part(one), "quantity": 1}]) == (
        "FULFILLMENT_ORDER_NOT_FOUND",
        "Fulfillment order does not exist.",
    )
    assert refused(one["id"], [{"id": part(one), "quantity": 9}])[1] == (
        "Invalid fulfillment order line item quantity requested."
    )


def test_reported_progress_shows_and_can_be_taken_back(shopify: Sandbox):
    order, one = placed(shopify, ("FW-MUG", 1))
    reported = ask(shopify, PROGRESS, id=one["id"])["fulfillmentOrderReportProgress"]["fulfillmentOrder"]
    assert reported["status"] == "IN_PROGRESS"
    assert actions(reported) == ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "HOLD", "MARK_AS_OPEN"]
    shown = "query($id: ID!) { order(id: $id) { displayFulfillmentStatus } }"
    assert ask(shopify, shown, id=order["admin_graphql_api_id"])["order"]["displayFulfillmentStatus"] == "IN_PROGRESS"
    opened = ask(shopify, OPEN, id=one["id"])["fulfillmentOrderOpen"]["fulfillmentOrder"]
    assert (opened["status"], actions(opened)) == ("OPEN", ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD"])
    again = ask(shopify, OPEN, id=one["id"])["fulfillmentOrderOpen"]
    assert again["userErrors"][0]["message"] == "Expected fulfillment order status to be valid but it was open."
    shopify.press(order["id"], "hold")
    refused = ask(shopify, PROGRESS, id=one["id"])["fulfillmentOrderReportProgress"]
    assert refused["userErrors"][0]["message"] == "Cannot report progress on a fulfillment order in this state."


def test_a_cancelled_fulfillment_order_is_replaced(shopify: Sandbox):
    _, one = placed(shopify, ("FW-MUG", 2))
    payload = ask(shopify, CANCEL, id=one["id"])["fulfillmentOrderCancel"]
    assert (payload["fulfillmentOrder"]["status"], units(payload["fulfillmentOrder"])) == ("CLOSED", [])
    assert units(payload["replacementFulfillmentOrder"]) == [(2, 2)]
    again = ask(shopify, CANCEL, id=one["id"])["fulfillmentOrderCancel"]
    assert again["userErrors"][0]["message"] == (
        "Fulfillment order is not in cancelable request state and can't be canceled."
    )


def test_the_staff_moves_and_splits_by_buttons(shopify: Sandbox):
    order, one = placed(shopify, ("FW-MUG", 2))
    moved = shopify.press(order["id"], "move", location="East coast depot")["fulfillment_order"]
    assert moved["admin_graphql_api_id"] == one["id"]
    shopify.press(order["id"], "split")
    shopify.press(order["id"], "progress")
    assert len(of_order(shopify, order)) == 2
    assert shopify.post(f"/sandbox/orders/{order['id']}/move.json", location="nowhere").status_code == 422
