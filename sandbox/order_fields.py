"""An order as GraphQL sees it. Costly parts are functions, called only when a query asks for them."""

import sqlite3
from collections.abc import Callable
from typing import Any

from sandbox import clock, customers, disputes, fulfillment_orders, metafields
from sandbox.bodies import gateways, status_page
from sandbox.connections import later_page
from sandbox.customer_fields import customer_fields
from sandbox.fulfillment_order_fields import fulfillment_order_fields
from sandbox.line_fields import address_fields, line_fields, shipping_line_fields
from sandbox.money import Bag, graphql_bag
from sandbox.money_fields import money_fields, risk_fields
from sandbox.order_documents import gid
from sandbox.refund_suggestions import suggested_refund
from sandbox.return_fields import return_fields, return_status
from sandbox.shipment_fields import fulfillment_fields, refund_fields, transaction_fields
from sandbox.stock_fields import place_fields
from sandbox.totals import (
    current_quantity,
    fulfillable_quantity,
    shown_financial_status,
    totals,
)

Document = dict[str, Any]

OWN_APP = {"id": gid("App", 7_300_001), "name": "Back office"}
STORE_FRONT = {"id": gid("App", 580_111), "name": "Online Store"}


def order_fields(connection: sqlite3.Connection, order: Document) -> Document:
    """The fields of ``Order``; ``connection`` is for what is not in the order's own document."""
    sums = totals(order)

    def bag(amount: Bag) -> Document:
        return graphql_bag(amount, order)

    def listed(ones: list[Document], fields: Callable[[Document, Document], Document]) -> Callable[..., Any]:
        def resolve(info: Any, first: int | None = None) -> list[Document]:
            return [fields(one, order) for one in ones[:first]]

        return resolve

    status = shown_financial_status(order, sums)
    attributes = [{"key": one["name"], "value": one["value"]} for one in order["attributes"]]
    lines = order["lines"]
    return {
        "__typename": "Order",
        "id": gid("Order", order["id"]),
        "legacyResourceId": str(order["id"]),
        "name": order["name"],
        "number": order["number"],
        "confirmationNumber": order["confirmation_number"],
        "customerLocale": order.get("customer_locale") or "en",
        "confirmed": True,
        "poNumber": order["po_number"],
        "sourceName": order["source_name"],
        "sourceIdentifier": order["source_identifier"],
        "test": order["test"],
        "createdAt": clock.in_graphql(order["created_at"]),
        "processedAt": clock.in_graphql(order["processed_at"]),
        "updatedAt": clock.in_graphql(order["updated_at"]),
        "cancelledAt": clock.in_graphql(order["cancelled_at"]),
        "cancelReason": order["cancel_reason"].upper() if order["cancel_reason"] else None,
        "closedAt": clock.in_graphql(order["closed_at"]),
        "closed": order["closed_at"] is not None,
        "edited": order["edited"],
        "displayFinancialStatus": status.upper() if status else None,
        "displayFulfillmentStatus": lambda info: fulfillment_orders.display_status(
            order, fulfillment_orders.of_order(connection, order["id"])
        ),
        "returnStatus": return_status(order),
        "fullyPaid": sums.outstanding.shop <= 0 and sums.received.shop > 0,
        "unpaid": sums.received.shop == 0 and sums.total.shop > 0,
        "requiresShipping": any(line["requires_shipping"] for line in lines),
        "fulfillable": any(fulfillable_quantity(line) for line in lines),
        "restockable": any(current_quantity(line) for line in lines),
        "refundable": sums.received.shop > sums.refunded.shop,
        "merchantEditable": order["cancelled_at"] is None,
        "email": order["email"],
        "phone": order["phone"],
        "note": order["note"],
        "tags": order["tags"],
        "customAttributes": attributes,
        "currencyCode": order["currency"],
        "presentmentCurrencyCode": order["presentment_currency"],
        "taxesIncluded": False,
        "dutiesIncluded": False,
        "subtotalPriceSet": bag(sums.subtotal),
        "totalDiscountsSet": bag(sums.discounts),
        "totalShippingPriceSet": bag(sums.shipping),
        "totalTaxSet": bag(sums.tax),
        "totalPriceSet": bag(sums.total),
        "currentSubtotalPriceSet": bag(sums.current_subtotal),
        "currentTotalDiscountsSet": bag(sums.current_discounts),
        "currentShippingPriceSet": bag(sums.current_shipping),
        "currentTotalTaxSet": bag(sums.current_tax),
        "currentTotalDutiesSet": bag(sums.current_duties) if sums.duties.shop else None,
        "currentTotalAdditionalFeesSet": bag(sums.fees) if sums.fees.shop else None,
        "currentTotalPriceSet": bag(sums.current_total),
        "currentSubtotalLineItemsQuantity": sum(current_quantity(line) for line in lines if not line.get("tip")),
        "subtotalLineItemsQuantity": sum(line["quantity"] for line in lines if not line.get("tip")),
        "totalTipReceivedSet": bag(sums.tip),
        "totalReceivedSet": bag(sums.received),
        "totalRefundedSet": bag(sums.refunded),
        "totalOutstandingSet": bag(sums.outstanding),
        "refundDiscrepancySet": bag(sums.adjustments),
        "discountCode": order["discount_code"],
        "discountCodes": [order["discount_code"]] if order["discount_code"] else [],
        "paymentGatewayNames": gateways(order),
        "customer": lambda info: _customer(connection, order),
        "shippingAddress": address_fields(order["shipping_address"]),
        "billingAddress": address_fields(order["billing_address"]),
        "billingAddressMatchesShippingAddress": order["shipping_address"] == order["billing_address"],
        "retailLocation": lambda info: place_fields(connection, order["shop"], order.get("location_id")),
        "app": OWN_APP if order["app_id"] else STORE_FRONT,
        "risk": risk_fields(order),
        "statusPageUrl": status_page(order),
        "metafield": lambda info, key, namespace="$app": metafields.shown(
            connection, order["id"], "ORDER", namespace, key
        ),
        "metafields": lambda info, **asked: metafields.page(connection, order["id"], "ORDER", **asked),
        "taxLines": lambda info: [tax for line in lines for tax in line_fields(line, order)["taxLines"]],
        "lineItems": later_page(
            [(line["id"], line) for line in lines], lambda line: line_fields(line, order, connection)
        ),
        "shippingLines": later_page(
            [(line["id"], line) for line in order["shipping_lines"]], lambda line: shipping_line_fields(line, order)
        ),
        "shippingLine": shipping_line_fields(order["shipping_lines"][0], order) if order["shipping_lines"] else None,
        "returns": later_page(
            [(one["id"], one) for one in order.get("returns", ())], lambda one: return_with(connection)(one, order)
        ),
        "fulfillmentOrders": lambda info, first=None, **asked: later_page(
            [(one["id"], one) for one in fulfillment_orders.of_order(connection, order["id"])],
            lambda one: fulfillment_order_with(connection)(one, order),
        )(info, first, **asked),
        "cancellation": {"staffNote": order.get("staff_note")} if order["cancelled_at"] else None,
        "fulfillments": listed(order["fulfillments"], fulfillment_with(connection)),
        "refunds": listed(order["refunds"], refund_with(connection)),
        "transactions": lambda info, **asked: _transactions(connection, order, **asked),
        "transactionsCount": {"count": len(order["transactions"]), "precision": "EXACT"},
        "fulfillmentsCount": {"count": len(order["fulfillments"]), "precision": "EXACT"},
        "disputes": lambda info: [disputes.summary_fields(one) for one in disputes.of_order(connection, order)],
        "suggestedRefund": lambda info, **asked: suggested_refund(order, line_fields, **asked),
        **money_fields(order, sums),
    }


def fulfillment_with(connection: sqlite3.Connection) -> Callable[[Document, Document], Document]:
    """How to show a fulfillment together with its order and lines."""

    def fields(fulfillment: Document, order: Document) -> Document:
        lines = {line["id"]: line for line in order["lines"]}
        shown = fulfillment_fields(fulfillment, order, lambda line_id: line_fields(lines[line_id], order, connection))
        return {
            **shown,
            "order": lambda info: order_fields(connection, order),
            "location": lambda info: place_fields(connection, order["shop"], fulfillment["location_id"]),
            "fulfillmentOrders": later_page(
                [
                    (one["id"], one)
                    for one in fulfillment_orders.of_order(connection, order["id"])
                    if one["id"] in fulfillment.get("fulfillment_order_ids", ())
                ],
                lambda one: fulfillment_order_with(connection)(one, order),
            ),
        }

    return fields


def fulfillment_order_with(connection: sqlite3.Connection) -> Callable[[Document, Document], Document]:
    """How to show a fulfillment order together with its order, lines and fulfillments."""

    def fields(fulfillment_order: Document, order: Document) -> Document:
        lines = {line["id"]: line for line in order["lines"]}
        shown = fulfillment_order_fields(
            connection, fulfillment_order, order, lambda line_id: line_fields(lines[line_id], order, connection)
        )
        shipments = [
            (one["id"], one)
            for one in order["fulfillments"]
            if fulfillment_order["id"] in one.get("fulfillment_order_ids", ())
        ]
        return {
            **shown,
            "order": lambda info: order_fields(connection, order),
            "fulfillments": later_page(shipments, lambda one: fulfillment_with(connection)(one, order)),
        }

    return fields


def return_with(connection: sqlite3.Connection) -> Callable[[Document, Document], Document]:
    """How to show a return together with its order, lines and refunds."""

    def fields(one: Document, order: Document) -> Document:
        lines = {line["id"]: line for line in order["lines"]}
        shown = return_fields(one, order, lambda line_id: line_fields(lines[line_id], order, connection))
        refunds = [(made["id"], made) for made in order["refunds"] if made.get("return_id") == one["id"]]
        return {
            **shown,
            "order": lambda info: order_fields(connection, order),
            "refunds": later_page(refunds, lambda made: refund_with(connection)(made, order)),
        }

    return fields


def refund_with(connection: sqlite3.Connection) -> Callable[[Document, Document], Document]:
    """How to show a refund together with its order and lines."""

    def fields(refund: Document, order: Document) -> Document:
        lines = {line["id"]: line for line in order["lines"]}
        shown = refund_fields(
            refund,
            order,
            lambda line_id: line_fields(lines[line_id], order, connection),
            lambda location_id: place_fields(connection, order["shop"], location_id),
        )
        number = refund.get("return_id")
        origin = next((one for one in order.get("returns", ()) if one["id"] == number), None)
        return {
            **shown,
            "order": lambda info: order_fields(connection, order),
            "return": lambda info: return_with(connection)(origin, order) if origin else None,
        }

    return fields


def _customer(connection: sqlite3.Connection, order: Document) -> Document | None:
    if not order["customer"]:
        return None
    known = customers.by_id(connection, order["shop"], order["customer"]["id"])
    return customer_fields(connection, order["shop"], known or order["customer"])


def _transactions(
    connection: sqlite3.Connection, order: Document, first: int | None = None, **_: Any
) -> list[Document]:
    return [
        {**transaction_fields(one, order), "order": lambda info: order_fields(connection, order)}
        for one in order["transactions"][:first]
    ]
