"""Stock by the Admin API: a key for each change, a compared value, one answer however often it is asked."""

from typing import Any

from sandbox.tests.asking import ask
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox
from sandbox.tests.test_fulfillment_orders_are_moved_and_split import location
from sandbox.tests.test_fulfillment_orders_follow_the_stock import levels

PAYLOAD = """{ inventoryAdjustmentGroup { id reason referenceDocumentUri
  changes { name delta quantityAfterChange item { id } location { name } } } userErrors { field message code } }"""
ADJUST = f"""mutation($input: InventoryAdjustQuantitiesInput!, $key: String!) {{
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {PAYLOAD} }}"""
SET = f"""mutation($input: InventorySetQuantitiesInput!, $key: String!) {{
  inventorySetQuantities(input: $input) @idempotent(key: $key) {PAYLOAD} }}"""
WITHOUT_KEY = ADJUST.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
ITEM = """query($sku: String!) { inventoryItems(first: 1, query: $sku) { nodes { id sku tracked } } }"""
ACTIVATE = """mutation($item: ID!, $loc: ID!) {
  inventoryActivate(inventoryItemId: $item, locationId: $loc, available: 7) {
  inventoryLevel { id quantities(names: ["available"]) { quantity } } userErrors { field message } } }"""
DEACTIVATE = "mutation($id: ID!) { inventoryDeactivate(inventoryLevelId: $id) { userErrors { field message } } }"
MAIN = "Main warehouse"


def item(shopify: Sandbox, sku: str) -> str:
    return str(ask(shopify, ITEM, sku=f"sku:{sku}")["inventoryItems"]["nodes"][0]["id"])


def adjustment(shopify: Sandbox, sku: str, delta: int, **more: Any) -> dict[str, Any]:
    place = location(shopify, MAIN)
    change = {"inventoryItemId": item(shopify, sku), "locationId": place, "delta": delta, **more}
    return {"name": "available", "reason": "correction", "referenceDocumentUri": "erp://1", "changes": [change]}


def setting(shopify: Sandbox, sku: str, quantity: int, **more: Any) -> dict[str, Any]:
    place = location(shopify, MAIN)
    change = {"inventoryItemId": item(shopify, sku), "locationId": place, "quantity": quantity, **more}
    return {"name": "available", "reason": "correction", "quantities": [change]}


def available(shopify: Sandbox, sku: str) -> int:
    return levels(shopify, sku)[MAIN]["available"]


def test_the_same_key_changes_stock_once_and_answers_the_same(shopify: Sandbox):
    before = available(shopify, "FW-LAMP")
    given = adjustment(shopify, "FW-LAMP", -2, changeFromQuantity=before)
    first = ask(shopify, ADJUST, input=given, key="k1")["inventoryAdjustQuantities"]
    assert first["userErrors"] == []
    group = first["inventoryAdjustmentGroup"]
    assert (group["reason"], group["referenceDocumentUri"]) == ("correction", "erp://1")
    # As recorded: on hand follows, and nothing is said of the quantity afterwards.
    assert [(one["name"], one["delta"], one["quantityAfterChange"]) for one in group["changes"]] == [
        ("available", -2, None),
        ("on_hand", -2, None),
    ]
    assert ask(shopify, ADJUST, input=given, key="k1")["inventoryAdjustQuantities"] == first
    assert available(shopify, "FW-LAMP") == before - 2
    other = adjustment(shopify, "FW-LAMP", -3, changeFromQuantity=None)
    mismatch = ask(shopify, ADJUST, input=other, key="k1")["inventoryAdjustQuantities"]["userErrors"]
    assert mismatch[0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


def test_a_stale_value_changes_nothing_and_frees_the_key(shopify: Sandbox):
    before = available(shopify, "FW-LAMP")
    stale = adjustment(shopify, "FW-LAMP", 1, changeFromQuantity=before + 9)
    refused = ask(shopify, ADJUST, input=stale, key="k2")["inventoryAdjustQuantities"]
    assert refused["inventoryAdjustmentGroup"] is None
    assert refused["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert refused["userErrors"][0]["field"] == ["input", "changes", "0", "changeFromQuantity"]
    assert available(shopify, "FW-LAMP") == before
    fresh = adjustment(shopify, "FW-LAMP", 1, changeFromQuantity=before)
    assert ask(shopify, ADJUST, input=fresh, key="k2")["inventoryAdjustQuantities"]["userErrors"] == []


def test_a_missing_key_or_compared_value_is_an_error_at_the_top_level(shopify: Sandbox):
    given = adjustment(shopify, "FW-LAMP", 1, changeFromQuantity=None)
    [error] = shopify.ask(WITHOUT_KEY, input=given)["errors"]
    assert error["message"] == "The @idempotent directive is required for this mutation but was not provided."
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["path"] == ["inventoryAdjustQuantities"]
    answer = shopify.ask(ADJUST, input=adjustment(shopify, "FW-LAMP", 1), key="k3")
    assert answer["data"] == {"inventoryAdjustQuantities": None}
    assert answer["errors"][0]["message"] == (
        "InventoryChangeInput must include the following argument: changeFromQuantity."
    )
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    answer = shopify.ask(SET, input=setting(shopify, "FW-LAMP", 1), key="k3")
    assert answer["errors"][0]["message"].startswith("InventoryQuantityInput must include")


def test_quantities_are_set_available_or_on_hand(shopify: Sandbox):
    given = setting(shopify, "FW-JACKET-M", 40, changeFromQuantity=None)
    assert ask(shopify, SET, input=given, key="k4")["inventorySetQuantities"]["userErrors"] == []
    shopify.place(lines=[{"sku": "FW-JACKET-M", "quantity": 3}])
    assert levels(shopify, "FW-JACKET-M")[MAIN] == {"available": 37, "committed": 3, "on_hand": 40}
    on_hand = {**setting(shopify, "FW-JACKET-M", 10, changeFromQuantity=40), "name": "on_hand"}
    assert ask(shopify, SET, input=on_hand, key="k5")["inventorySetQuantities"]["userErrors"] == []
    assert levels(shopify, "FW-JACKET-M")[MAIN] == {"available": 7, "committed": 3, "on_hand": 10}


def test_what_makes_no_sense_is_refused_in_the_recorded_words(shopify: Sandbox):
    def code(**changed: Any) -> tuple[str, str]:
        given = adjustment(shopify, "FW-LAMP", 1, changeFromQuantity=None, **changed.pop("change", {}))
        error = ask(shopify, ADJUST, input={**given, **changed}, key="k6")["inventoryAdjustQuantities"]["userErrors"][0]
        return error["code"], error["message"]

    assert code(change={"inventoryItemId": "gid://shopify/InventoryItem/999999999999"}) == (
        "INVALID_INVENTORY_ITEM",
        "The specified inventory item could not be found.",
    )
    assert code(change={"locationId": "gid://shopify/Location/999999999999"}) == (
        "INVALID_LOCATION",
        "The specified location could not be found.",
    )
    assert code(reason="not_a_reason")[1].startswith("The specified reason is invalid. Valid values are: correction, ")
    negative = setting(shopify, "FW-LAMP", -1, changeFromQuantity=None)
    error = ask(shopify, SET, input=negative, key="k7")["inventorySetQuantities"]["userErrors"][0]
    assert (error["code"], error["message"]) == ("INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative.")
    uncounted = adjustment(shopify, "PROTECT", 1, changeFromQuantity=None)
    error = ask(shopify, ADJUST, input=uncounted, key="k8")["inventoryAdjustQuantities"]["userErrors"][0]
    assert error["code"] == "NON_MUTABLE_INVENTORY_ITEM"


def test_levels_are_connected_updated_and_disconnected_aloud(shopify: Sandbox, receiver: Receiver):
    for topic in ("INVENTORY_LEVELS_CONNECT", "INVENTORY_LEVELS_UPDATE", "INVENTORY_LEVELS_DISCONNECT"):
        shopify.subscribe(topic, receiver.url)
    place = shopify.post("/sandbox/locations.json", name="Kiosk").json()["location"]
    mug = item(shopify, "FW-MUG")
    payload = ask(shopify, ACTIVATE, item=mug, loc=f"gid://shopify/Location/{place['id']}")["inventoryActivate"]
    assert payload["inventoryLevel"]["quantities"] == [{"quantity": 7}]
    connected = receiver.wait_for(1, topic="inventory_levels/connect")[0].body
    assert connected["inventory_item_id"] == int(mug.rsplit("/")[-1])
    assert (connected["location_id"], connected["available"]) == (place["id"], 7)
    shopify.place(lines=[{"sku": "FW-MUG", "quantity": 1}])
    assert (
        receiver.wait_for(1, topic="inventory_levels/update")[0].body["inventory_item_id"]
        == connected["inventory_item_id"]
    )
    assert ask(shopify, DEACTIVATE, id=payload["inventoryLevel"]["id"])["inventoryDeactivate"]["userErrors"] == []
    gone = receiver.wait_for(1, topic="inventory_levels/disconnect")[0].body
    assert gone == {"inventory_item_id": connected["inventory_item_id"], "location_id": place["id"]}


def test_changed_levels_are_found_by_their_locations_clock(shopify: Sandbox):
    query = """query($id: ID!, $q: String) { location(id: $id) { inventoryLevels(first: 50, query: $q) {
      nodes { id updatedAt item { sku variants(first: 1) { nodes { id inventoryPolicy product { id } } } } } } } }"""
    shopify.place(lines=[{"sku": "FW-SHOE-42", "quantity": 1}])
    everything = ask(shopify, query, id=location(shopify, MAIN))["location"]["inventoryLevels"]["nodes"]
    newest = max(one["updatedAt"] for one in everything)
    found = ask(shopify, query, id=location(shopify, MAIN), q=f"updated_at:>='{newest}'")
    assert "FW-SHOE-42" in {one["item"]["sku"] for one in found["location"]["inventoryLevels"]["nodes"]}
    none = ask(shopify, query, id=location(shopify, MAIN), q="updated_at:>='2999-01-01T00:00:00Z'")
    assert none["location"]["inventoryLevels"]["nodes"] == []


def test_what_changes_nothing_makes_no_group_and_no_error(shopify: Sandbox):
    given = adjustment(shopify, "FW-LAMP", 0, changeFromQuantity=None)
    for _ in range(2):
        payload = ask(shopify, ADJUST, input=given, key="k9")["inventoryAdjustQuantities"]
        assert payload == {"inventoryAdjustmentGroup": None, "userErrors": []}


def test_all_that_is_wrong_is_told_at_once(shopify: Sandbox):
    nowhere = {"inventoryItemId": "gid://shopify/InventoryItem/42", "locationId": "gid://shopify/Location/515"}
    given = adjustment(shopify, "FW-LAMP", 1, changeFromQuantity=0, **nowhere)
    errors = ask(shopify, ADJUST, input=given, key="k10")["inventoryAdjustQuantities"]["userErrors"]
    assert [error["code"] for error in errors] == ["INVALID_INVENTORY_ITEM", "INVALID_LOCATION"]
    twice = setting(shopify, "FW-LAMP", 1, changeFromQuantity=None)
    errors = ask(shopify, SET, input={**twice, "quantities": twice["quantities"] * 2}, key="k11")[
        "inventorySetQuantities"
    ]["userErrors"]
    assert [error["field"] for error in errors] == [
        ["input", "quantities", "0", "locationId"],
        ["input", "quantities", "1", "locationId"],
    ]
    wrong = {**adjustment(shopify, "FW-LAMP", 1, changeFromQuantity=None), "name": "committed"}
    [error] = ask(shopify, ADJUST, input=wrong, key="k12")["inventoryAdjustQuantities"]["userErrors"]
    assert error["message"] == (
        "The specified quantity name is invalid. Valid values are: available, damaged, incoming, quality_control,"
        " reserved, safety_stock."
    )
