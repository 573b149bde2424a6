"""Fulfillments, refunds and transactions as GraphQL sees them."""

from collections.abc import Callable
from typing import Any

from sandbox import clock
from sandbox.connections import page_of_list
from sandbox.money import NOTHING, Bag, graphql_bag
from sandbox.order_documents import gid
from sandbox.shipping import LOCATION_ID

Document = dict[str, Any]
LineOf = Callable[[int], Document]

LOCATION = {"id": gid("Location", LOCATION_ID), "name": "Main warehouse"}


def fulfillment_fields(fulfillment: Document, order: Document, line_of: LineOf) -> Document:
    """The fields of ``Fulfillment``; ``line_of`` shows the line with a given id."""
    events = fulfillment["events"]
    tracking = {
        "company": fulfillment["tracking_company"],
        "number": fulfillment["tracking_number"],
        "url": fulfillment["tracking_url"],
    }
    parts = fulfillment["line_items"]
    prices = {line["id"]: Bag.of(line["price"]) for line in order["lines"]}
    return {
        "id": gid("Fulfillment", fulfillment["id"]),
        "legacyResourceId": str(fulfillment["id"]),
        "name": fulfillment["name"],
        "status": fulfillment["status"].upper(),
        "displayStatus": events[-1]["status"].upper() if events else "FULFILLED",
        "createdAt": clock.in_graphql(fulfillment["created_at"]),
        "updatedAt": clock.in_graphql(fulfillment["updated_at"]),
        "inTransitAt": _first(events, "in_transit"),
        "deliveredAt": _first(events, "delivered"),
        "estimatedDeliveryAt": None,
        "totalQuantity": sum(part["quantity"] for part in parts),
        "location": LOCATION,
        "trackingInfo": lambda info, first=None: [tracking][:first],
        "fulfillmentLineItems": lambda info, first=None, **asked: page_of_list(
            [
                (
                    part["id"],
                    {
                        "id": gid("FulfillmentLineItem", part["id"]),
                        "quantity": part["quantity"],
                        "lineItem": line_of(part["line_id"]),
                        "originalTotalSet": graphql_bag(prices[part["line_id"]] * part["quantity"], order),
                    },
                )
                for part in parts
            ],
            first=first,
            **asked,
        ),
        "fulfillmentOrders": lambda info, first=None, **asked: page_of_list(
            [
                (
                    fulfillment["fulfillment_order_id"],
                    {"id": gid("FulfillmentOrder", fulfillment["fulfillment_order_id"])},
                )
            ],
            first=first,
            **asked,
        ),
        "events": lambda info, first=None, **asked: page_of_list(
            [(event["id"], _event(event)) for event in sorted(events, key=lambda event: event["happened_at"])],
            first=first,
            **asked,
        ),
    }


def refund_fields(refund: Document, order: Document, line_of: LineOf) -> Document:
    """The fields of ``Refund``."""
    moved = [one for one in order["transactions"] if one["id"] in refund["transaction_ids"]]
    paid = NOTHING
    for one in moved:
        paid = paid + Bag.of(one["amount"])
    shipping = Bag.of(refund["shipping"])
    shipping_lines = [
        (
            refund["shipping_refund_id"],
            {
                "id": gid("RefundShippingLine", refund["shipping_refund_id"]),
                "subtotalAmountSet": graphql_bag(shipping, order),
                "taxAmountSet": graphql_bag(NOTHING, order),
            },
        )
    ]
    moment = clock.in_graphql(refund["created_at"])
    return {
        "id": gid("Refund", refund["id"]),
        "legacyResourceId": str(refund["id"]),
        "createdAt": moment,
        "processedAt": moment,
        "updatedAt": moment,
        "note": refund["note"],
        "return": None,
        "duties": [],
        "totalRefundedSet": graphql_bag(paid, order),
        "refundLineItems": lambda info, first=None, **asked: page_of_list(
            [(part["id"], _refund_line(part, order, line_of)) for part in refund["line_items"]], first=first, **asked
        ),
        "refundShippingLines": lambda info, first=None, **asked: page_of_list(
            shipping_lines if shipping.shop else [], first=first, **asked
        ),
        "orderAdjustments": lambda info, first=None, **asked: page_of_list([], first=first, **asked),
        "transactions": lambda info, first=None, **asked: page_of_list(
            [(one["id"], transaction_fields(one, order)) for one in moved], first=first, **asked
        ),
    }


def transaction_fields(transaction: Document, order: Document) -> Document:
    """The fields of ``OrderTransaction``."""
    parent = next((one for one in order["transactions"] if one["id"] == transaction["parent_id"]), None)
    return {
        "id": gid("OrderTransaction", transaction["id"]),
        "kind": transaction["kind"].upper(),
        "status": transaction["status"].upper(),
        "gateway": transaction["gateway"],
        "createdAt": clock.in_graphql(transaction["created_at"]),
        "processedAt": clock.in_graphql(transaction["processed_at"]),
        "test": transaction["test"],
        "amountSet": graphql_bag(Bag.of(transaction["amount"]), order),
        "parentTransaction": transaction_fields(parent, order) if parent else None,
    }


def _event(event: Document) -> Document:
    same = {name: event[name] for name in ("message", "city", "province", "country", "zip")}
    return {
        "id": gid("FulfillmentEvent", event["id"]),
        "status": event["status"].upper(),
        "happenedAt": clock.in_graphql(event["happened_at"]),
        "createdAt": clock.in_graphql(event["created_at"]),
        "estimatedDeliveryAt": None,
        "address1": None,
        "latitude": None,
        "longitude": None,
        **same,
    }


def _refund_line(part: Document, order: Document, line_of: LineOf) -> Document:
    return {
        "id": gid("RefundLineItem", part["id"]),
        "quantity": part["quantity"],
        "restockType": part["restock_type"].upper(),
        "restocked": part["restock_type"] != "no_restock",
        "location": LOCATION if part["location_id"] else None,
        "lineItem": line_of(part["line_id"]),
        "subtotalSet": graphql_bag(Bag.of(part["subtotal"]), order),
        "totalTaxSet": graphql_bag(Bag.of(part["tax"]), order),
    }


def _first(events: list[Document], status: str) -> str | None:
    return next((clock.in_graphql(event["happened_at"]) for event in events if event["status"] == status), None)
