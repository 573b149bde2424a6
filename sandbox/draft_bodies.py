"""Webhook bodies of draft orders."""

from typing import Any

from sandbox import clock
from sandbox.bodies import customer_body
from sandbox.line_bodies import address_body, tax_lines_of_order
from sandbox.money import Bag, in_webhooks
from sandbox.totals import totals

Document = dict[str, Any]


def draft_body(draft: Document, customer: Document | None) -> Document:
    """``draft_orders/create`` and ``draft_orders/update``; ``order_id`` says what it became."""
    sums, currency = totals(draft), draft["currency"]
    shipping = draft["shipping_lines"][0] if draft["shipping_lines"] else None
    return {
        "id": draft["id"],
        "note": draft["note"],
        "email": draft["email"],
        "taxes_included": False,
        "currency": currency,
        "invoice_sent_at": None,
        "created_at": clock.in_webhooks(draft["created_at"]),
        "updated_at": clock.in_webhooks(draft["updated_at"]),
        "tax_exempt": draft["tax_exempt"],
        "completed_at": clock.in_webhooks(draft["completed_at"]),
        "name": draft["name"],
        "status": draft["status"],
        "line_items": [_line(line, draft) for line in draft["lines"]],
        "shipping_address": address_body(draft["shipping_address"]),
        "billing_address": address_body(draft["billing_address"]),
        "invoice_url": f"https://{draft['shop']}/invoices/{draft['token']}",
        "applied_discount": None,
        "order_id": draft["order_id"],
        "shipping_line": shipping
        and {
            "title": shipping["title"],
            "custom": True,
            "handle": None,
            "price": in_webhooks(Bag.of(shipping["price"]).shop, currency),
        },
        "tax_lines": [{name: tax[name] for name in ("rate", "title", "price")} for tax in tax_lines_of_order(draft)],
        "tags": ", ".join(draft["tags"]),
        "note_attributes": draft["attributes"],
        "total_price": in_webhooks(sums.total.shop, currency),
        "subtotal_price": in_webhooks(sums.subtotal.shop, currency),
        "total_tax": in_webhooks(sums.tax.shop, currency),
        "payment_terms": None,
        "admin_graphql_api_id": f"gid://shopify/DraftOrder/{draft['id']}",
        "customer": customer_body(customer) if customer else None,
    }


def _line(line: Document, draft: Document) -> Document:
    title, option = line["title"], line["variant_title"]
    same = ("id", "variant_id", "product_id", "title", "variant_title", "sku", "vendor", "quantity")
    return {
        **{name: line[name] for name in same},
        "requires_shipping": line["requires_shipping"],
        "taxable": line["taxable"],
        "gift_card": line["gift_card"],
        "fulfillment_service": "manual",
        "grams": line["grams"],
        "tax_lines": [],
        "applied_discount": None,
        "name": f"{title} - {option}" if option else title,
        "properties": line["properties"],
        "custom": line["variant_id"] is None,
        "price": in_webhooks(Bag.of(line["price"]).shop, draft["currency"]),
        "admin_graphql_api_id": f"gid://shopify/DraftOrderLineItem/{line['id']}",
    }
