"""Webhook bodies of what happens to an order's units: fulfillments, carrier scans, refunds, edits."""

from collections.abc import Iterable
from typing import Any

from sandbox import clock
from sandbox.line_bodies import address_body, line_body
from sandbox.money import NOTHING, Bag, in_webhooks, webhook_set

Document = dict[str, Any]

EVENT_PLACE = ("city", "province", "country", "zip", "address1", "latitude", "longitude")
MANUAL_GATEWAYS = ("manual", "cash")


def fulfillment_body(fulfillment: Document, order: Document) -> Document:
    """A fulfillment with the units it ships."""
    lines = {line["id"]: line for line in order["lines"]}
    numbers = fulfillment.get("tracking_numbers", [fulfillment["tracking_number"]])
    urls = fulfillment.get("tracking_urls", [fulfillment["tracking_url"]])
    events = fulfillment["events"]
    return {
        "id": fulfillment["id"],
        "order_id": order["id"],
        "status": fulfillment["status"],
        "created_at": clock.in_webhooks(fulfillment["created_at"]),
        "service": "manual",
        "updated_at": clock.in_webhooks(fulfillment["updated_at"]),
        "tracking_company": fulfillment["tracking_company"],
        "shipment_status": events[-1]["status"] if events else None,
        "location_id": fulfillment["location_id"],
        "origin_address": None,
        "email": order["email"],
        "destination": address_body(order["shipping_address"]),
        "line_items": [
            line_body(lines[part["line_id"]], order, part["quantity"]) for part in fulfillment["line_items"]
        ],
        "tracking_number": fulfillment["tracking_number"],
        "tracking_numbers": numbers,
        "tracking_url": fulfillment["tracking_url"],
        "tracking_urls": urls,
        "receipt": {},
        "name": fulfillment["name"],
        "admin_graphql_api_id": f"gid://shopify/Fulfillment/{fulfillment['id']}",
    }


def fulfillment_event_body(event: Document, fulfillment: Document, order: Document) -> Document:
    """One scan by the carrier."""
    return {
        "id": event["id"],
        "fulfillment_id": fulfillment["id"],
        "status": event["status"],
        "message": event["message"],
        "happened_at": clock.in_webhooks(event["happened_at"]),
        **{name: event.get(name) for name in EVENT_PLACE},
        "shop_id": order["shop_id"],
        "created_at": clock.in_webhooks(event["created_at"]),
        "updated_at": clock.in_webhooks(event["created_at"]),
        "estimated_delivery_at": clock.in_webhooks(event.get("estimated_delivery_at")),
        "order_id": order["id"],
        "admin_graphql_api_id": f"gid://shopify/FulfillmentEvent/{event['id']}",
    }


def refund_body(refund: Document, order: Document) -> Document:
    """A refund; subtotal and total_tax of its lines are JSON numbers there, unlike all other money."""
    lines = {line["id"]: line for line in order["lines"]}
    transactions = [one for one in order["transactions"] if one["id"] in refund["transaction_ids"]]
    shipping = Bag.of(refund["shipping"])
    return {
        "id": refund["id"],
        "order_id": order["id"],
        "created_at": clock.in_webhooks(refund["created_at"]),
        "note": refund["note"],
        "user_id": None,
        "processed_at": clock.in_webhooks(refund["created_at"]),
        "restock": any(part["restock_type"] in ("cancel", "return") for part in refund["line_items"]),
        "duties": [
            {"duty_id": one["duty_id"], "amount_set": webhook_set(Bag.of(one["amount"]), order)}
            for one in refund.get("duties", ())
        ],
        "total_duties_set": webhook_set(_sum(refund.get("duties", ())), order),
        "return": _return_of(refund),
        "refund_shipping_lines": _shipping_lines(refund, order) if shipping.shop else [],
        "admin_graphql_api_id": f"gid://shopify/Refund/{refund['id']}",
        "order_adjustments": [_adjustment(one, refund, order) for one in refund.get("adjustments", ())],
        "refund_line_items": [_refund_line(part, lines[part["line_id"]], order) for part in refund["line_items"]],
        "transactions": [transaction_body(one, order) for one in transactions],
    }


def transaction_body(transaction: Document, order: Document) -> Document:
    """Money that moved, in the currency it was paid in (the customer's).

    Note ``currency`` in ``total_unsettled_set``, where every other set has ``currency_code``.
    """
    amount = Bag.of(transaction["amount"])
    rounding = {"amount_rounding": transaction["rounding"]["presentment"]} if transaction.get("rounding") else {}
    return {
        "id": transaction["id"],
        "order_id": order["id"],
        "kind": transaction["kind"],
        "gateway": transaction["gateway"],
        "status": transaction["status"],
        "message": None,
        "created_at": clock.in_webhooks(transaction["created_at"]),
        "test": transaction["test"],
        "authorization": None,
        "location_id": None,
        "user_id": None,
        "parent_id": transaction["parent_id"],
        "processed_at": clock.in_webhooks(transaction["processed_at"]),
        "device_id": None,
        "error_code": transaction.get("error_code"),
        "source_name": order["source_name"],
        "receipt": {},
        "amount": in_webhooks(amount.presentment, order["presentment_currency"]),
        "currency": order["presentment_currency"],
        **rounding,
        "payment_id": f"{order['name']}.1",
        "total_unsettled_set": {
            "presentment_money": {"amount": "0.0", "currency": order["presentment_currency"]},
            "shop_money": {"amount": "0.0", "currency": order["currency"]},
        },
        "manual_payment_gateway": transaction["gateway"] in MANUAL_GATEWAYS,
        "admin_graphql_api_id": f"gid://shopify/OrderTransaction/{transaction['id']}",
    }


def order_edit_body(edit: Document, order: Document) -> Document:
    """``orders/edited``: the order is ``order_id``, the ``id`` is the edit's own."""
    return {
        "order_edit": {
            "id": edit["id"],
            "app_id": edit.get("app_id"),
            "created_at": clock.in_webhooks(order["updated_at"]),
            "committed_at": clock.in_webhooks(order["updated_at"]),
            "notify_customer": edit.get("notify", False),
            "order_id": order["id"],
            "staff_note": edit["note"],
            "user_id": None,
            "line_items": {"additions": edit["additions"], "removals": edit["removals"]},
            "discounts": {"line_item": {"additions": [], "removals": []}},
            "shipping_lines": {"additions": [], "removals": []},
        }
    }


def _sum(parts: Iterable[Document]) -> Bag:
    total = NOTHING
    for part in parts:
        total = total + Bag.of(part["amount"])
    return total


def _return_of(refund: Document) -> Document | None:
    number = refund.get("return_id")
    return {"id": number, "admin_graphql_api_id": f"gid://shopify/Return/{number}"} if number else None


def _adjustment(adjustment: Document, refund: Document, order: Document) -> Document:
    """What the parts come to less what was paid: negative when the customer got more than that."""
    amount = Bag.of(adjustment["amount"])
    return {
        "id": adjustment["id"],
        "order_id": order["id"],
        "refund_id": refund["id"],
        "amount": in_webhooks(amount.shop, order["currency"]),
        "tax_amount": in_webhooks(NOTHING.shop, order["currency"]),
        "kind": "refund_discrepancy",
        "reason": adjustment["reason"].replace("_", " ").capitalize(),
        "amount_set": webhook_set(amount, order),
        "tax_amount_set": webhook_set(NOTHING, order),
    }


def _refund_line(part: Document, line: Document, order: Document) -> Document:
    subtotal, tax = Bag.of(part["subtotal"]), Bag.of(part["tax"])
    return {
        "id": part["id"],
        "quantity": part["quantity"],
        "line_item_id": line["id"],
        "location_id": part["location_id"],
        "restock_type": part["restock_type"],
        "subtotal": float(subtotal.shop),
        "total_tax": float(tax.shop),
        "subtotal_set": webhook_set(subtotal, order),
        "total_tax_set": webhook_set(tax, order),
        "line_item": line_body(line, order),
    }


def _shipping_lines(refund: Document, order: Document) -> list[Document]:
    shipping = Bag.of(refund["shipping"])
    return [
        {
            "id": refund["shipping_refund_id"],
            "refund_id": refund["id"],
            "shipping_line": {"id": line["id"], "title": line["title"], "code": line["code"]},
            "subtotal_amount_set": webhook_set(shipping, order),
            "tax_amount_set": webhook_set(NOTHING, order),
            "transaction_group_id": None,
        }
        for line in order["shipping_lines"][:1]
    ]
