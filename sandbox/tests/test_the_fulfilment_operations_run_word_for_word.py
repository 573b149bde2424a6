"""The connector's documents for fulfilment, cancellation and stock are answered, at about the documented cost."""

from typing import Any

from sandbox.tests.polling import until
from sandbox.tests.running import Sandbox
from sandbox.tests.test_a_shop_answers_the_connectors_operations import shared_documents

COSTS = {"FulfillmentOrdersOfOrder": 79, "FulfillmentOrdersPoll": 11, "OrderRead": 80}


def test_every_operation_of_fulfilment_and_stock_runs(shopify: Sandbox):
    documents = shared_documents()

    def ask(name: str, **given: Any) -> dict[str, Any]:
        answer = shopify.ask(documents[name], **given)
        assert "errors" not in answer, (name, answer["errors"])
        requested = answer["extensions"]["cost"]["requestedQueryCost"]
        assert requested == COSTS.get(name, requested), name
        [payload] = answer["data"].values()
        assert not (payload or {}).get("userErrors"), (name, payload)
        return dict(payload)

    order = shopify.place(lines=[{"sku": "FW-LAMP", "quantity": 2}])
    gid = order["admin_graphql_api_id"]
    ask("OrderRead", id=gid)
    [one] = ask("FulfillmentOrdersOfOrder", id=gid)["fulfillmentOrders"]["nodes"]
    assert one["destination"]["city"]
    assert one["deliveryMethod"]["methodType"] == "SHIPPING"
    found = ask("FulfillmentOrdersPoll", q=f"updated_at:>='{one['updatedAt']}'")["nodes"]
    assert {"id": one["id"], "orderId": gid}.items() <= found[-1].items()

    held = ask("Hold", id=one["id"], hold={"reason": "OTHER", "handle": "claim"})["fulfillmentHold"]
    ask("ReleaseHold", id=one["id"], holdIds=[held["id"]])
    places = shopify.ask("{ locations(first: 9) { nodes { id } } }")["data"]["locations"]["nodes"]
    others = [place["id"] for place in places if place["id"] != one["assignedLocation"]["location"]["id"]]
    assert ask("MoveFO", id=one["id"], loc=others[0])["movedFulfillmentOrder"]["id"] == one["id"]

    lines = [{"id": one["lineItems"]["nodes"][0]["id"], "quantity": 1}]
    groups = [{"fulfillmentOrderId": one["id"], "fulfillmentOrderLineItems": lines}]
    shipped = ask("Fulfil", fulfillment={"lineItemsByFulfillmentOrder": groups, "trackingInfo": {"number": "1Z"}})
    parcel = shipped["fulfillment"]["id"]
    ask("Tracking", fulfillmentId=parcel, trackingInfoInput={"company": "UPS", "numbers": ["1Z1", "1Z2"]})
    ask("TrackingEvent", fulfillmentEvent={"fulfillmentId": parcel, "status": "IN_TRANSIT"})
    assert ask("FulfillmentRead", id=parcel)["fulfillmentOrders"]["nodes"] == [{"id": one["id"]}]
    assert ask("CancelFulfillment", id=parcel)["fulfillment"]["status"] == "CANCELLED"

    job = ask("CancelOrder", orderId=gid, reason="CUSTOMER", restock=True)["job"]
    until(lambda: ask("JobDone", id=job["id"])["done"])

    items = shopify.ask('{ inventoryItems(first: 1, query: "sku:FW-LAMP") { nodes { id } } }')
    [item] = items["data"]["inventoryItems"]["nodes"]
    where = {"inventoryItemId": item["id"], "locationId": others[0], "changeFromQuantity": None}
    why = {"name": "available", "reason": "correction"}
    adjusted = ask("AdjustInventory", key="a", input={**why, "changes": [{**where, "delta": -1}]})
    assert adjusted["inventoryAdjustmentGroup"]["changes"][0]["delta"] == -1
    ask("SetInventory", key="b", input={**why, "quantities": [{**where, "quantity": 9}]})
