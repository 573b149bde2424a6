"""Fulfillments, refunds and transactions as GraphQL sees them."""

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from sandbox import clock
from sandbox.connections import page_of_list
from sandbox.money import NOTHING, Bag, graphql_bag
from sandbox.money_fields import duty_fields
from sandbox.order_documents import gid
from sandbox.shipment_bodies import MANUAL_GATEWAYS

Document = dict[str, Any]
LineOf = Callable[[int], Document]
PlaceOf = Callable[[int | None], Document | None]


def tracking_of(fulfillment: Document) -> tuple[list[str], list[str]]:
    """The tracking numbers and pages of a fulfillment."""
    numbers, urls = fulfillment["tracking_number"], fulfillment["tracking_url"]
    return (
        fulfillment.get("tracking_numbers", [numbers] if numbers else []),
        fulfillment.get("tracking_urls", [urls] if urls else []),
    )


def fulfillment_fields(fulfillment: Document, order: Document, line_of: LineOf) -> Document:
    """The fields of ``Fulfillment`` that its order's document knows; ``line_of`` shows the line with a given id."""
    events = fulfillment["events"]
    tracking = [
        {"company": fulfillment["tracking_company"], "number": number, "url": url}
        for number, url in zip_longest(*tracking_of(fulfillment))
    ]
    cancelled = fulfillment["status"] == "cancelled"
    parts = fulfillment["line_items"]
    prices = {line["id"]: Bag.of(line["price"]) for line in order["lines"]}
    return {
        "id": gid("Fulfillment", fulfillment["id"]),
        "legacyResourceId": str(fulfillment["id"]),
        "name": fulfillment["name"],
        "status": fulfillment["status"].upper(),
        "displayStatus": "CANCELED" if cancelled else events[-1]["status"].upper() if events else "FULFILLED",
        "createdAt": clock.in_graphql(fulfillment["created_at"]),
        "updatedAt": clock.in_graphql(fulfillment["updated_at"]),
        "inTransitAt": _first(events, "in_transit"),
        "deliveredAt": _first(events, "delivered"),
        "estimatedDeliveryAt": clock.in_graphql(
            next((one["estimated_delivery_at"] for one in reversed(events) if one.get("estimated_delivery_at")), None)
        ),
        "totalQuantity": sum(part["quantity"] for part in parts),
        "trackingInfo": lambda info, first=None: tracking[:first],
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
        "events": lambda info, first=None, **asked: page_of_list(
            [(event["id"], event_fields(event)) for event in sorted(events, key=lambda event: event["happened_at"])],
            first=first,
            **asked,
        ),
    }


def refund_fields(refund: Document, order: Document, line_of: LineOf, place_of: PlaceOf) -> Document:
    """The fields of ``Refund``; ``place_of`` shows the location with a given id."""
    moved = [one for one in order["transactions"] if one["id"] in refund["transaction_ids"]]
    paid = NOTHING
    for one in moved:
        if one["status"] != "failure":
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
        "updatedAt": clock.in_graphql(refund.get("updated_at", refund["created_at"])),
        "note": refund["note"],
        "duties": [_refund_duty(one, order) for one in refund.get("duties", ())],
        "totalRefundedSet": graphql_bag(paid, order),
        "refundLineItems": lambda info, first=None, **asked: page_of_list(
            [(part["id"], _refund_line(part, order, line_of, place_of)) for part in refund["line_items"]],
            first=first,
            **asked,
        ),
        "refundShippingLines": lambda info, first=None, **asked: page_of_list(
            shipping_lines if shipping.shop else [], first=first, **asked
        ),
        "orderAdjustments": lambda info, first=None, **asked: page_of_list(
            [(one["id"], _adjustment(one, order)) for one in refund.get("adjustments", ())], first=first, **asked
        ),
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
        "accountNumber": None,
        "amountRoundingSet": graphql_bag(Bag.of(transaction["rounding"]), order)
        if transaction.get("rounding")
        else None,
        "errorCode": transaction["error_code"].upper() if transaction.get("error_code") else None,
        "formattedGateway": transaction["gateway"].replace("_", " ").capitalize(),
        "manualPaymentGateway": transaction["gateway"] in MANUAL_GATEWAYS,
        "manuallyCapturable": False,
        "multiCapturable": False,
        "paymentId": f"{order['name']}.1",
        "receiptJson": "{}",
        "settlementCurrency": order["currency"],
        "settlementCurrencyRate": None,
        "totalUnsettledSet": None,
    }


def event_fields(event: Document) -> Document:
    """The fields of ``FulfillmentEvent``."""
    places = ("address1", "city", "province", "country", "zip", "latitude", "longitude")
    same = {name: event.get(name) for name in ("message", *places)}
    return {
        "id": gid("FulfillmentEvent", event["id"]),
        "status": event["status"].upper(),
        "happenedAt": clock.in_graphql(event["happened_at"]),
        "createdAt": clock.in_graphql(event["created_at"]),
        "estimatedDeliveryAt": clock.in_graphql(event.get("estimated_delivery_at")),
        **same,
    }


def _refund_duty(duty: Document, order: Document) -> Document:
    original = next(line["duty"] for line in order["lines"] if line["id"] == duty["line_id"])
    amount = graphql_bag(Bag.of(duty["amount"]), order)
    return {"amountSet": amount, "originalDuty": duty_fields(original, order)}


def _adjustment(adjustment: Document, order: Document) -> Document:
    return {
        "id": gid("OrderAdjustment", adjustment["id"]),
        "reason": adjustment["reason"],
        "amountSet": graphql_bag(Bag.of(adjustment["amount"]), order),
        "taxAmountSet": graphql_bag(NOTHING, order),
    }


def _refund_line(part: Document, order: Document, line_of: LineOf, place_of: PlaceOf) -> Document:
    return {
        "id": gid("RefundLineItem", part["id"]),
        "quantity": part["quantity"],
        "restockType": part["restock_type"].upper(),
        "restocked": part["restock_type"] != "no_restock",
        "location": lambda info: place_of(part["location_id"]),
        "lineItem": line_of(part["line_id"]),
        "priceSet": next(
            graphql_bag(Bag.of(line["price"]), order) for line in order["lines"] if line["id"] == part["line_id"]
        ),
        "subtotalSet": graphql_bag(Bag.of(part["subtotal"]), order),
        "totalTaxSet": graphql_bag(Bag.of(part["tax"]), order),
    }


def _first(events: list[Document], status: str) -> str | None:
    return next((clock.in_graphql(event["happened_at"]) for event in events if event["status"] == status), None)
