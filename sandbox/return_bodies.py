"""Webhook bodies of returns: snake_case, statuses and reasons in lower case."""

from typing import Any

from sandbox.return_fields import REASONS

Document = dict[str, Any]

# The words of the older ``ReturnReason``, which bodies still carry.
OLD_REASONS = {1: "unknown", 2: "unwanted", 3: "not_as_described", 4: "wrong_item", 5: "other", 6: "defective"}


def whole_return_body(one: Document, order: Document) -> Document:
    """``returns/request`` and ``returns/approve``."""
    return {
        **_core(one),
        "order": {"id": order["id"], "admin_graphql_api_id": f"gid://shopify/Order/{order['id']}"},
        "total_return_line_items": sum(line["quantity"] for line in one["lines"]),
        "name": one["name"],
        "return_line_items": [_line(line) for line in one["lines"]],
        "return_shipping_fees": [],
        "exchange_line_items": [],
        "total_exchange_line_items": 0,
    }


def declined_return_body(one: Document) -> Document:
    """``returns/decline``."""
    return {**_core(one), "decline": one["decline"]}


def moved_return_body(one: Document, order: Document) -> Document:
    """``returns/cancel``, ``returns/close`` and ``returns/reopen``."""
    return {**_core(one), "order_id": order["id"]}


def changed_return_body(one: Document, removals: list[tuple[int, int]]) -> Document:
    """``returns/update``: (return line id, units) that came off."""
    return {
        "admin_graphql_api_id": f"gid://shopify/Return/{one['id']}",
        "return_line_items": {
            "removals": [
                {"admin_graphql_api_id": f"gid://shopify/ReturnLineItem/{number}", "delta": units}
                for number, units in removals
            ]
        },
        "restocking_fees": {"updates": [], "removals": []},
        "return_shipping_fees": {"updates": [], "removals": []},
    }


def _core(one: Document) -> Document:
    return {"id": one["id"], "admin_graphql_api_id": f"gid://shopify/Return/{one['id']}", "status": one["status"]}


def _line(line: Document) -> Document:
    return {
        "id": line["id"],
        "admin_graphql_api_id": f"gid://shopify/ReturnLineItem/{line['id']}",
        "fulfillment_line_item": {
            "id": line["part_id"],
            "admin_graphql_api_id": f"gid://shopify/FulfillmentLineItem/{line['part_id']}",
            "line_item": {
                "id": line["line_id"],
                "admin_graphql_api_id": f"gid://shopify/LineItem/{line['line_id']}",
            },
        },
        "quantity": line["quantity"],
        "return_reason": OLD_REASONS[line["reason"]],
        "return_reason_definition": {
            "id": line["reason"],
            "admin_graphql_api_id": f"gid://shopify/ReturnReasonDefinition/{line['reason']}",
            "name": REASONS[line["reason"]][0],
        },
        "return_reason_note": line["note"],
        "customer_note": line["customer_note"],
        "restocking_fee": None,
    }
