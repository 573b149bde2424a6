"""Draft orders as GraphQL sees them."""

import sqlite3
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox import catalogue, clock, customers, kept_orders, records
from sandbox.connections import later_page, page_of_list
from sandbox.customer_fields import customer_fields
from sandbox.drafts import DRAFT
from sandbox.line_fields import address_fields, shipping_line_fields
from sandbox.money import Bag, graphql_bag
from sandbox.order_documents import gid, number_of
from sandbox.order_fields import order_fields
from sandbox.product_fields import variant_fields
from sandbox.shops import Shop
from sandbox.totals import totals

Document = dict[str, Any]


def draft_queries(connection: sqlite3.Connection, shop: Shop, _: object) -> Document:
    """Resolvers by the name of the field."""

    def one(info: GraphQLResolveInfo, id: str) -> Document | None:
        return shown_draft(connection, shop.domain, number_of(id))

    def every(info: GraphQLResolveInfo, **asked: Any) -> Document:
        found = records.every(connection, shop.domain, DRAFT)
        return page_of_list([(draft["id"], _fields(connection, draft)) for draft in found], **asked)

    return {"draftOrder": one, "draftOrders": every}


def shown_draft(connection: sqlite3.Connection, shop: str, number: int | None) -> Document | None:
    """One draft with the fields of ``DraftOrder``."""
    found = records.find(connection, shop, DRAFT, number)
    return _fields(connection, found) if found else None


def _fields(connection: sqlite3.Connection, draft: Document) -> Document:
    sums = totals(draft)

    def bag(amount: Bag) -> Document:
        return graphql_bag(amount, draft)

    def customer(info: Any) -> Document | None:
        found = customers.by_id(connection, draft["shop"], draft["customer_id"])
        return customer_fields(connection, draft["shop"], found) if found else None

    def order(info: Any) -> Document | None:
        found = kept_orders.load(connection, draft["order_id"])
        return order_fields(connection, found) if found else None

    shipping = draft["shipping_lines"][0] if draft["shipping_lines"] else None
    return {
        "__typename": "DraftOrder",
        "id": gid("DraftOrder", draft["id"]),
        "legacyResourceId": str(draft["id"]),
        "name": draft["name"],
        "status": draft["status"].upper(),
        "createdAt": clock.in_graphql(draft["created_at"]),
        "updatedAt": clock.in_graphql(draft["updated_at"]),
        "completedAt": clock.in_graphql(draft["completed_at"]),
        "reserveInventoryUntil": clock.in_graphql(draft["reserve_until"]),
        "currencyCode": draft["currency"],
        "presentmentCurrencyCode": draft["presentment_currency"],
        "customer": customer,
        "order": order,
        "email": draft["email"],
        "phone": draft["phone"],
        "note2": draft["note"],
        "poNumber": draft["po_number"],
        "tags": draft["tags"],
        "customAttributes": [{"key": one["name"], "value": one["value"]} for one in draft["attributes"]],
        "shippingAddress": address_fields(draft["shipping_address"]),
        "billingAddress": address_fields(draft["billing_address"]),
        "invoiceUrl": f"https://{draft['shop']}/invoices/{draft['token']}",
        "invoiceSentAt": None,
        "ready": True,
        "taxExempt": draft["tax_exempt"],
        "taxesIncluded": False,
        "lineItems": later_page([(line["id"], line) for line in draft["lines"]], lambda line: _line(line, draft)),
        "shippingLine": shipping and shipping_line_fields(shipping, draft),
        "subtotalPriceSet": bag(sums.subtotal),
        "totalDiscountsSet": bag(sums.discounts),
        "totalLineItemsPriceSet": bag(sums.lines),
        "totalPriceSet": bag(sums.total),
        "totalShippingPriceSet": bag(sums.shipping),
        "totalTaxSet": bag(sums.tax),
        "totalQuantityOfLineItems": sum(line["quantity"] for line in draft["lines"]),
    }


def _line(line: Document, draft: Document) -> Document:
    variant = catalogue.by_id(line["variant_id"]) if line["variant_id"] else None
    price, discount, quantity = Bag.of(line["price"]), Bag.of(line["discount"]), line["quantity"]
    title, option = line["title"], line["variant_title"]
    return {
        "id": gid("DraftOrderLineItem", line["id"]),
        "title": title,
        "variantTitle": option,
        "name": f"{title} - {option}" if option else title,
        "sku": line["sku"],
        "vendor": line["vendor"],
        "quantity": quantity,
        "custom": variant is None,
        "customAttributes": [{"key": one["name"], "value": one["value"]} for one in line["properties"]],
        "isGiftCard": line["gift_card"],
        "requiresShipping": line["requires_shipping"],
        "taxable": line["taxable"],
        "variant": variant_fields(variant) if variant else None,
        "originalUnitPriceSet": graphql_bag(price, draft),
        "originalTotalSet": graphql_bag(price * quantity, draft),
        "discountedTotalSet": graphql_bag((price - discount) * quantity, draft),
        "totalDiscountSet": graphql_bag(discount * quantity, draft),
    }
