"""Webhook bodies of orders and customers: the shape of Shopify's REST resources, snake_case, money as ``20.00``."""

from typing import Any

from sandbox import clock
from sandbox.line_bodies import address_body, line_body, tax_lines_of_order
from sandbox.money import NOTHING, Bag, in_webhooks, webhook_set
from sandbox.shipment_bodies import fulfillment_body, refund_body
from sandbox.totals import Totals, fulfillment_status, shown_financial_status, totals

Document = dict[str, Any]


def order_body(order: Document) -> Document:
    """A whole order, as in orders/create, orders/updated, orders/paid …"""
    sums = totals(order)
    return {
        "id": order["id"],
        "admin_graphql_api_id": f"gid://shopify/Order/{order['id']}",
        "app_id": order["app_id"],
        "browser_ip": None,
        "buyer_accepts_marketing": False,
        "cancel_reason": order["cancel_reason"],
        "cancelled_at": clock.in_webhooks(order["cancelled_at"]),
        "cart_token": None,
        "checkout_id": None,
        "checkout_token": None,
        "client_details": None,
        "closed_at": clock.in_webhooks(order["closed_at"]),
        "confirmation_number": order["confirmation_number"],
        "confirmed": True,
        "contact_email": order["email"],
        "created_at": clock.in_webhooks(order["created_at"]),
        "currency": order["currency"],
        "customer_locale": order.get("customer_locale") or "en",
        "device_id": None,
        "discount_codes": _discount_codes(order, sums),
        "duties_included": False,
        "email": order["email"],
        "estimated_taxes": False,
        "financial_status": shown_financial_status(order, sums),
        "fulfillment_status": fulfillment_status(order),
        "landing_site": None,
        "landing_site_ref": None,
        "location_id": order.get("location_id"),
        "merchant_of_record_app_id": None,
        "name": order["name"],
        "note": order["note"],
        "note_attributes": order["attributes"],
        "number": order["number"] - 1000,
        "order_number": order["number"],
        "order_status_url": status_page(order),
        "original_total_additional_fees_set": maybe_set(sums.fees, order),
        "original_total_duties_set": maybe_set(sums.duties, order),
        "payment_gateway_names": gateways(order),
        "phone": order["phone"],
        "po_number": order["po_number"],
        "presentment_currency": order["presentment_currency"],
        "processed_at": clock.in_webhooks(order["processed_at"]),
        "reference": None,
        "referring_site": None,
        "source_identifier": order["source_identifier"],
        "source_name": order["source_name"],
        "source_url": None,
        "tags": ", ".join(order["tags"]),
        "tax_exempt": False,
        "tax_lines": tax_lines_of_order(order),
        "taxes_included": False,
        "test": order["test"],
        "token": order["token"],
        "total_weight": sum(line["grams"] * line["quantity"] for line in order["lines"]),
        "updated_at": clock.in_webhooks(order["updated_at"]),
        "user_id": None,
        "current_total_additional_fees_set": maybe_set(sums.fees, order),
        "current_total_duties_set": maybe_set(sums.current_duties, order) if sums.duties.shop else None,
        **_money(order, sums),
        "billing_address": address_body(order["billing_address"]),
        "customer": _customer_in_order(order["customer"]) if order["customer"] else None,
        "discount_applications": _discount_applications(order),
        "fulfillments": [fulfillment_body(one, order) for one in order["fulfillments"]],
        "line_items": [line_body(line, order) for line in order["lines"]],
        "payment_terms": None,
        "refunds": [refund_body(refund, order) for refund in order["refunds"]],
        "shipping_address": address_body(order["shipping_address"]),
        "shipping_lines": [_shipping_line(line, order) for line in order["shipping_lines"]],
    }


def customer_body(customer: Document) -> Document:
    """A customer, as in customers/create and customers/update."""
    return {
        **_customer_core(customer),
        "orders_count": customer["orders"],
        "total_spent": "0.00",
        "last_order_id": customer["last_order"]["id"] if customer["last_order"] else None,
        "last_order_name": customer["last_order"]["name"] if customer["last_order"] else None,
        "addresses": [_default_address(customer)] if customer["address"] else [],
        "default_address": _default_address(customer) if customer["address"] else None,
    }


def status_page(order: Document) -> str:
    """Where the customer would look at the order."""
    return f"https://{order['shop']}/{order['shop_id']}/orders/{order['token']}"


def gateways(order: Document) -> list[str]:
    """Who moved the money, each once."""
    return list(dict.fromkeys(transaction["gateway"] for transaction in order["transactions"]))


def rounding(order: Document) -> Bag:
    """What paying in cash rounded off (negative) or on, where coins are fewer than amounts."""
    rounded_by = NOTHING
    for transaction in order["transactions"]:
        if transaction.get("rounding"):
            rounded_by = rounded_by + Bag.of(transaction["rounding"])
    return rounded_by


def maybe_set(bag: Bag, order: Document) -> Document | None:
    """A bag, or None for nothing: Shopify leaves out what an order never had."""
    return webhook_set(bag, order) if bag.shop else None


def _money(order: Document, sums: Totals) -> Document:
    amounts = {
        "current_subtotal_price": sums.current_subtotal,
        "current_total_discounts": sums.current_discounts,
        "current_total_price": sums.current_total,
        "current_total_tax": sums.current_tax,
        "subtotal_price": sums.subtotal,
        "total_discounts": sums.discounts,
        "total_line_items_price": sums.lines,
        "total_price": sums.total,
        "total_tax": sums.tax,
    }
    fields: Document = {}
    for name, bag in amounts.items():
        fields[name] = in_webhooks(bag.shop, order["currency"])
        fields[f"{name}_set"] = webhook_set(bag, order)
    fields["current_shipping_price_set"] = webhook_set(sums.current_shipping, order)
    fields["total_shipping_price_set"] = webhook_set(sums.shipping, order)
    fields["total_outstanding"] = in_webhooks(sums.outstanding.shop, order["currency"])
    fields["total_tip_received"] = in_webhooks(sums.tip.shop, order["currency"])
    fields["total_cash_rounding_payment_adjustment_set"] = webhook_set(rounding(order), order)
    fields["total_cash_rounding_refund_adjustment_set"] = webhook_set(NOTHING, order)
    return fields


def _discount_codes(order: Document, sums: Totals) -> list[Document]:
    if not order["discount_code"]:
        return []
    amount = in_webhooks(sums.discounts.shop, order["currency"])
    return [{"code": order["discount_code"], "amount": amount, "type": "percentage"}]


def _discount_applications(order: Document) -> list[Document]:
    if not order["discount_code"]:
        return []
    return [
        {
            "target_type": "line_item",
            "type": "discount_code",
            "value": str(order["discount_percentage"]),
            "value_type": "percentage",
            "allocation_method": "across",
            "target_selection": "all",
            "code": order["discount_code"],
        }
    ]


def _shipping_line(line: Document, order: Document) -> Document:
    price = Bag.of(line["price"])
    return {
        "id": line["id"],
        "carrier_identifier": None,
        "code": line["code"],
        "current_discounted_price_set": webhook_set(price, order),
        "discounted_price": in_webhooks(price.shop, order["currency"]),
        "discounted_price_set": webhook_set(price, order),
        "is_removed": False,
        "phone": None,
        "price": in_webhooks(price.shop, order["currency"]),
        "price_set": webhook_set(price, order),
        "requested_fulfillment_service_id": None,
        "source": line["source"],
        "title": line["title"],
        "tax_lines": [],
        "discount_allocations": [],
    }


def _customer_in_order(customer: Document) -> Document:
    return {**_customer_core(customer), "default_address": _default_address(customer)}


def _customer_core(customer: Document) -> Document:
    return {
        "id": customer["id"],
        "admin_graphql_api_id": f"gid://shopify/Customer/{customer['id']}",
        "email": customer["email"],
        "created_at": clock.in_webhooks(customer["created_at"]),
        "updated_at": clock.in_webhooks(customer["updated_at"]),
        "first_name": customer["first_name"],
        "last_name": customer["last_name"],
        "state": "disabled",
        "note": customer.get("note"),
        "verified_email": True,
        "multipass_identifier": None,
        "tax_exempt": False,
        "phone": customer["phone"],
        "email_marketing_consent": {"state": "not_subscribed", "opt_in_level": None, "consent_updated_at": None},
        "sms_marketing_consent": None,
        "tags": ", ".join(customer.get("tags", [])),
        "currency": customer["currency"],
        "tax_exemptions": [],
    }


def _default_address(customer: Document) -> Document | None:
    body = address_body(customer["address"])
    if body is None:
        return None
    return {
        "id": customer["id"] + 1,
        "customer_id": customer["id"],
        **{key: value for key, value in body.items() if key not in ("latitude", "longitude")},
        "country_name": body["country"],
        "default": True,
    }
