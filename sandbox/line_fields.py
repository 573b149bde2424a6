"""Lines, addresses and shipping lines as GraphQL sees them."""

import sqlite3
from typing import Any

from sandbox import catalogue
from sandbox.line_bodies import full_name
from sandbox.money import Bag, graphql_bag
from sandbox.money_fields import duty_fields, group_fields
from sandbox.order_documents import gid
from sandbox.product_fields import product_fields, variant_fields
from sandbox.stock_fields import stocked_variant
from sandbox.totals import current_quantity, fulfillable_quantity, refundable_quantity

Document = dict[str, Any]


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


def shipping_line_fields(line: Document, order: Document) -> Document:
    """The fields of ``ShippingLine``."""
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
