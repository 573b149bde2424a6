"""Returns, what can be returned, and the reasons one may give."""

import sqlite3
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from sandbox import kept_orders
from sandbox.connections import page_of_list
from sandbox.line_fields import line_fields
from sandbox.order_documents import gid, number_of
from sandbox.order_fields import fulfillment_with, return_with
from sandbox.return_fields import REASONS, fulfillment_line_fields, reason_fields
from sandbox.returns import returnable_quantity
from sandbox.shops import Shop

Document = dict[str, Any]


def return_queries(connection: sqlite3.Connection, shop: Shop, _: object) -> Document:
    """Resolvers by the name of the field."""

    def one(info: GraphQLResolveInfo, id: str) -> Document | None:
        return shown_return(connection, shop, number_of(id))

    def returnable(info: GraphQLResolveInfo, orderId: str, **asked: Any) -> Document:
        order = kept_orders.load(connection, number_of(orderId))
        if order is None or order["shop"] != shop.domain:
            raise GraphQLError(f"Order {orderId} does not exist", extensions={"code": "NOT_FOUND"})
        shown = (_returnable(connection, order, one) for one in order["fulfillments"] if one["status"] == "success")
        return page_of_list([found for found in shown if found], **asked)

    def reasons(
        info: GraphQLResolveInfo, handles: list[str] | None = None, ids: list[str] | None = None, **asked: Any
    ) -> Document:
        wanted = [
            (number, reason_fields(number))
            for number, (_, handle) in REASONS.items()
            if (handles is None or handle in handles) and (ids is None or gid("ReturnReasonDefinition", number) in ids)
        ]
        return page_of_list(wanted, **{**asked, "query": None})

    return {"return": one, "returnableFulfillments": returnable, "returnReasonDefinitions": reasons}


def shown_return(connection: sqlite3.Connection, shop: Shop, number: int | None) -> Document | None:
    """One return of this shop with the fields of ``Return``."""
    order = kept_orders.with_part(connection, number)
    if order is None or order["shop"] != shop.domain:
        return None
    found = next((one for one in order.get("returns", ()) if one["id"] == number), None)
    return return_with(connection)(found, order) if found else None


def _returnable(connection: sqlite3.Connection, order: Document, fulfillment: Document) -> tuple[int, Document] | None:
    lines = {line["id"]: line for line in order["lines"]}
    parts = [
        (
            part["id"],
            {
                "quantity": left,
                "fulfillmentLineItem": fulfillment_line_fields(
                    part, order, lambda line_id: line_fields(lines[line_id], order)
                ),
            },
        )
        for part in fulfillment["line_items"]
        if (left := returnable_quantity(order, part))
    ]
    if not parts:
        return None
    return fulfillment["id"], {
        "id": gid("ReturnableFulfillment", fulfillment["id"]),
        "fulfillment": fulfillment_with(connection)(fulfillment, order),
        "returnableFulfillmentLineItems": lambda info, **asked: page_of_list(parts, **asked),
    }
