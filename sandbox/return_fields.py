"""Returns as GraphQL sees them, and what an order says of its returns as a whole."""

from collections.abc import Callable
from typing import Any

from sandbox import clock
from sandbox.connections import page_of_list
from sandbox.money import Bag, graphql_bag
from sandbox.order_documents import gid
from sandbox.refunding import net_price

Document = dict[str, Any]
LineOf = Callable[[int], Document]

REASONS = {
    1: ("Unknown", "unknown"),
    2: ("Changed my mind", "changed-my-mind"),
    3: ("Item not as described", "item-not-as-described"),
    4: ("Received the wrong item", "received-the-wrong-item"),
    5: ("Other", "other-reason"),
    6: ("Damaged or defective", "damaged-or-defective"),
}


def return_status(order: Document) -> str:
    """``Order.returnStatus``: the least finished of its returns says it."""
    states = {one["status"] for one in order.get("returns", ())}
    if "requested" in states:
        return "RETURN_REQUESTED"
    if "open" in states:
        done = all(_processed(line) for one in order["returns"] if one["status"] == "open" for line in one["lines"])
        return "INSPECTION_COMPLETE" if done else "IN_PROGRESS"
    return "RETURNED" if "closed" in states else "NO_RETURN"


def return_fields(one: Document, order: Document, line_of: LineOf) -> Document:
    """The fields of ``Return``; ``line_of`` shows the order's line with a given id."""
    decline = one.get("decline")
    reverse = {
        "id": gid("ReverseFulfillmentOrder", one["reverse_id"]),
        "status": {"open": "OPEN", "canceled": "CANCELED"}.get(one["status"], "CLOSED"),
        "lineItems": lambda info, **asked: page_of_list(
            [(line["reverse_id"], _reverse_line(line, order, line_of)) for line in one["lines"]], **asked
        ),
    }
    reversed_at_all = one["status"] not in ("requested", "declined")
    return {
        "id": gid("Return", one["id"]),
        "name": one["name"],
        "status": one["status"].upper(),
        "createdAt": clock.in_graphql(one["created_at"]),
        "closedAt": clock.in_graphql(one["closed_at"]),
        "requestApprovedAt": clock.in_graphql(one["approved_at"]),
        "totalQuantity": sum(line["quantity"] for line in one["lines"]),
        "decline": {"reason": decline["reason"].upper(), "note": decline["note"]} if decline else None,
        "returnLineItems": lambda info, **asked: page_of_list(
            [(line["id"], _return_line(line, order, line_of)) for line in one["lines"]], **asked
        ),
        "exchangeLineItems": lambda info, **asked: page_of_list([], **asked),
        "reverseFulfillmentOrders": lambda info, **asked: page_of_list(
            [(one["reverse_id"], reverse)] if reversed_at_all else [], **asked
        ),
    }


def reason_fields(number: int) -> Document:
    """The fields of ``ReturnReasonDefinition``; ids, names and handles as a live shop has them."""
    name, handle = REASONS[number]
    return {"id": gid("ReturnReasonDefinition", number), "name": name, "handle": handle, "deleted": False}


def fulfillment_line_fields(part: Document, order: Document, line_of: LineOf) -> Document:
    """The fields of ``FulfillmentLineItem``."""
    line = next(line for line in order["lines"] if line["id"] == part["line_id"])
    return {
        "id": gid("FulfillmentLineItem", part["id"]),
        "quantity": part["quantity"],
        "lineItem": line_of(part["line_id"]),
        "originalTotalSet": graphql_bag(Bag.of(line["price"]) * part["quantity"], order),
    }


def shipped_part(order: Document, number: int | None) -> Document | None:
    """The line of a fulfillment with this id."""
    parts = (part for one in order["fulfillments"] for part in one["line_items"])
    return next((part for part in parts if part["id"] == number), None)


def shipped_parts(order: Document) -> list[Document]:
    """The lines of all fulfillments that were not called back."""
    return [part for one in order["fulfillments"] if one["status"] == "success" for part in one["line_items"]]


def _return_line(line: Document, order: Document, line_of: LineOf) -> Document:
    part = shipped_part(order, line["part_id"])
    bought = next(one for one in order["lines"] if one["id"] == line["line_id"])
    open_units = line["quantity"] - line["processed"]
    return {
        "__typename": "ReturnLineItem",
        "id": gid("ReturnLineItem", line["id"]),
        "quantity": line["quantity"],
        "processedQuantity": line["processed"],
        "unprocessedQuantity": open_units,
        "processableQuantity": open_units,
        "refundedQuantity": line["refunded"],
        "refundableQuantity": line["processed"] - line["refunded"],
        "customerNote": line["customer_note"],
        "returnReasonNote": line["note"],
        "returnReasonDefinition": reason_fields(line["reason"]),
        "restockingFee": None,
        "fulfillmentLineItem": part and fulfillment_line_fields(part, order, line_of),
        "withCodeDiscountedTotalPriceSet": graphql_bag(net_price(bought) * line["quantity"], order),
    }


def _reverse_line(line: Document, order: Document, line_of: LineOf) -> Document:
    part = shipped_part(order, line["part_id"])
    return {
        "id": gid("ReverseFulfillmentOrderLineItem", line["reverse_id"]),
        "totalQuantity": line["quantity"],
        "fulfillmentLineItem": part and fulfillment_line_fields(part, order, line_of),
    }


def _processed(line: Document) -> bool:
    return bool(line["processed"] >= line["quantity"])
