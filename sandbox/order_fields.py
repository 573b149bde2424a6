"""An order as GraphQL sees it. Costly parts are functions, called only when a query asks for them."""

import sqlite3
from collections.abc import Callable
from typing import Any

from sandbox import catalogue, clock, customers, disputes, fulfillment_orders, metafields
from sandbox.bodies import gateways, status_page
from sandbox.connections import later_page
from sandbox.customer_fields import customer_fields
from sandbox.fulfillment_order_fields import fulfillment_order_fields
from sandbox.line_bodies import full_name
from sandbox.money import Bag, graphql_bag
from sandbox.money_fields import duty_fields, group_fields, money_fields, risk_fields
from sandbox.order_documents import gid
from sandbox.product_fields import product_fields, variant_fields
from sandbox.refund_suggestions import suggested_refund
from sandbox.return_fields import return_fields, return_status
from sandbox.shipment_fields import fulfillment_fields, refund_fields, transaction_fields
from sandbox.stock_fields import place_fields, stocked_variant
from sandbox.totals import (
    current_quantity,
    fulfillable_quantity,
    refundable_quantity,
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
            [(line["id"], line) for line in order["shipping_lines"]], lambda line: _shipping_line(line, order)
        ),
        "shippingLine": _shipping_line(order["shipping_lines"][0], order) if order["shipping_lines"] else None,
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


def line_fields(line: Document, order: Document, connection: sqlite3.Connection | None = None) -> Document:
    """The fields of ``LineItem``; with a connection its variant's stock can be asked for as well."""
    price, discount = Bag.of(line["price"]), Bag.of(line["discount"])
    quantity, option = line["quantity"], line["variant_title"]
    tax = {"title": line["tax_title"], "rate": line["tax_rate"]}
    allocations = [{"allocatedAmountSet": graphql_bag(discount * quantity, order)}] if discount.shop else []
    variant = catalogue.by_id(line["variant_id"]) if line["variant_id"] else None
    return {
        "id": gid("LineItem", line["id"]),
        "title": line["title"],
        "variantTitle": option,
        "name": f"{line['title']} - {option}" if option else line["title"],
        "sku": line["sku"],
        "vendor": line["vendor"],
        "quantity": quantity,
        "currentQuantity": current_quantity(line),
        "refundableQuantity": refundable_quantity(line),
        "nonFulfillableQuantity": quantity if line.get("tip") else line["removed"],
        "unfulfilledQuantity": fulfillable_quantity(line),
        "requiresShipping": line["requires_shipping"],
        "taxable": line["taxable"],
        "isGiftCard": line["gift_card"],
        "restockable": line["requires_shipping"],
        "variant": variant
        and (stocked_variant(connection, order["shop"], variant) if connection else variant_fields(variant)),
        "product": product_fields(variant) if variant else None,
        "lineItemGroup": group_fields(line.get("group")),
        "customAttributes": [{"key": one["name"], "value": one["value"]} for one in line["properties"]],
        "originalUnitPriceSet": graphql_bag(price, order),
        "discountedUnitPriceAfterAllDiscountsSet": graphql_bag(price - discount, order),
        "originalTotalSet": graphql_bag(price * quantity, order),
        "discountedTotalSet": graphql_bag((price - discount) * quantity, order),
        "totalDiscountSet": graphql_bag(discount * quantity, order),
        "discountAllocations": allocations,
        "taxLines": [{**tax, "priceSet": graphql_bag(Bag.of(line["tax"]) * quantity, order)}] if tax["title"] else [],
        "duties": [duty_fields(line["duty"], order)] if line.get("duty") else [],
    }


def address_fields(address: Document | None) -> Document | None:
    """The fields of ``MailingAddress``."""
    if address is None:
        return None
    return {
        "firstName": address["first_name"],
        "lastName": address["last_name"],
        "name": full_name(address),
        "company": address["company"],
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "province": address["province"],
        "provinceCode": address["province_code"],
        "zip": address["zip"],
        "country": address["country"],
        "countryCodeV2": address["country_code"],
        "phone": address.get("phone"),
        "latitude": address["latitude"],
        "longitude": address["longitude"],
    }


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


def _shipping_line(line: Document, order: Document) -> Document:
    price = graphql_bag(Bag.of(line["price"]), order)
    return {
        "id": gid("ShippingLine", line["id"]),
        "title": line["title"],
        "code": line["code"],
        "source": line["source"],
        "isRemoved": False,
        "originalPriceSet": price,
        "currentDiscountedPriceSet": price,
    }
