"""Webhook bodies of an order's lines and addresses."""

from decimal import Decimal
from typing import Any

from sandbox.money import NOTHING, Bag, in_webhooks, webhook_set
from sandbox.totals import current_quantity, fulfillable_quantity, line_fulfillment_status

Document = dict[str, Any]


def line_body(line: Document, order: Document, quantity: int | None = None) -> Document:
    """One line; ``quantity`` is given where only some of its units are meant, as in a fulfillment."""
    price, discount = Bag.of(line["price"]), Bag.of(line["discount"]) * line["quantity"]
    title, option = line["title"], line["variant_title"]
    currency = order["currency"]
    # Only a tip has the key at all.
    tip = {"tip": line["tip"]} if line.get("tip") else {}
    return {
        "id": line["id"],
        "admin_graphql_api_id": f"gid://shopify/LineItem/{line['id']}",
        "attributed_staffs": [],
        "current_quantity": current_quantity(line),
        "fulfillable_quantity": fulfillable_quantity(line),
        "fulfillment_service": "gift_card" if line["gift_card"] else "manual",
        "fulfillment_status": line_fulfillment_status(line),
        "gift_card": line["gift_card"],
        "grams": line["grams"],
        "name": f"{title} - {option}" if option else title,
        "price": in_webhooks(price.shop, currency),
        "price_set": webhook_set(price, order),
        "product_exists": line["product_id"] is not None,
        "product_id": line["product_id"],
        "properties": line["properties"],
        "quantity": line["quantity"] if quantity is None else quantity,
        "requires_shipping": line["requires_shipping"],
        "sales_line_item_group_id": line["group"]["id"] if line.get("group") else None,
        "sku": line["sku"],
        "taxable": line["taxable"],
        "title": title,
        # What line-level scripts took off; discount codes are seen in discount_allocations only.
        "total_discount": in_webhooks(Decimal(0), currency),
        "total_discount_set": webhook_set(NOTHING, order),
        "variant_id": line["variant_id"],
        "variant_inventory_management": "shopify" if line["requires_shipping"] and line["variant_id"] else None,
        "variant_title": option,
        "vendor": line["vendor"],
        "tax_lines": _tax_lines(line, order),
        "duties": _duties(line, order),
        "discount_allocations": _allocations(discount, order),
        **tip,
    }


def tax_lines_of_order(order: Document) -> list[Document]:
    """The taxes of all lines, one entry a title."""
    sums: dict[str, tuple[float, Bag]] = {}
    for line in order["lines"]:
        if line["tax_title"]:
            rate, so_far = sums.get(line["tax_title"], (line["tax_rate"], NOTHING))
            sums[line["tax_title"]] = (rate, so_far + Bag.of(line["tax"]) * line["quantity"])
    return [_tax_line(title, rate, amount, order) for title, (rate, amount) in sums.items()]


def address_body(address: Document | None) -> Document | None:
    """A shipping or billing address."""
    if address is None:
        return None
    return {
        "first_name": address["first_name"],
        "address1": address["address1"],
        "phone": address.get("phone"),
        "city": address["city"],
        "zip": address["zip"],
        "province": address["province"],
        "country": address["country"],
        "last_name": address["last_name"],
        "address2": address["address2"],
        "company": address["company"],
        "latitude": address["latitude"],
        "longitude": address["longitude"],
        "name": full_name(address),
        "country_code": address["country_code"],
        "province_code": address["province_code"],
    }


def full_name(person: Document) -> str:
    """First and last name, as far as there are any."""
    return " ".join(part for part in (person.get("first_name"), person.get("last_name")) if part)


def _tax_lines(line: Document, order: Document) -> list[Document]:
    if not line["tax_title"]:
        return []
    return [_tax_line(line["tax_title"], line["tax_rate"], Bag.of(line["tax"]) * line["quantity"], order)]


def _tax_line(title: str, rate: float, amount: Bag, order: Document) -> Document:
    return {
        "channel_liable": False,
        "price": in_webhooks(amount.shop, order["currency"]),
        "price_set": webhook_set(amount, order),
        "rate": rate,
        "title": title,
    }


def _duties(line: Document, order: Document) -> list[Document]:
    if not line.get("duty"):
        return []
    duty = line["duty"]
    return [
        {
            "id": duty["id"],
            "harmonized_system_code": duty["code"],
            "country_code_of_origin": duty["origin"],
            **webhook_set(Bag.of(duty["price"]), order),
            "tax_lines": [],
            "admin_graphql_api_id": f"gid://shopify/Duty/{duty['id']}",
        }
    ]


def _allocations(discount: Bag, order: Document) -> list[Document]:
    if discount.shop == 0:
        return []
    return [
        {
            "amount": in_webhooks(discount.shop, order["currency"]),
            "amount_set": webhook_set(discount, order),
            "discount_application_index": 0,
        }
    ]
