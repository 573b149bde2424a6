"""``orderEdit…``: the calls of a line edit, and the calculated order they answer with."""

import sqlite3
from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox import catalogue, kept_orders, order_editing, records
from sandbox.connections import page_of_list
from sandbox.money import NOTHING, Bag, graphql_bag
from sandbox.order_documents import gid, number_of
from sandbox.product_fields import variant_fields
from sandbox.queries import Queries
from sandbox.refund_requests import UserError
from sandbox.shops import Shop
from sandbox.store import Store, Writing
from sandbox.totals import current_quantity, editable_quantity, totals

Document = dict[str, Any]
Step = Callable[[Writing, Document], Document]


def edit_mutations(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """Resolvers by the name of the field."""

    def begin(info: GraphQLResolveInfo, id: str) -> Document:
        try:
            with store.write() as writing:
                session = order_editing.begin(writing, shop.domain, id)
        except UserError as problem:
            return _failed(problem)
        return _payload(queries, session, None)

    def step(edit_gid: str, change: Step) -> Document:
        try:
            with store.write() as writing:
                session = _session(writing.connection, shop.domain, edit_gid)
                line = change(writing, session)
        except UserError as problem:
            return _failed(problem)
        return _payload(queries, session, line)

    def set_quantity(
        info: GraphQLResolveInfo, id: str, lineItemId: str, quantity: int, restock: bool | None = None, **_: Any
    ) -> Document:
        return step(
            id,
            lambda writing, session: order_editing.set_quantity(
                writing, shop.domain, session, lineItemId, quantity, restock=bool(restock)
            ),
        )

    def add_variant(
        info: GraphQLResolveInfo, id: str, variantId: str, quantity: int, allowDuplicates: bool = False, **_: Any
    ) -> Document:
        return step(
            id,
            lambda writing, session: order_editing.add_variant(
                writing, shop.domain, session, variantId, quantity, duplicates=allowDuplicates
            ),
        )

    def add_custom_item(info: GraphQLResolveInfo, id: str, **given: Any) -> Document:
        return step(id, lambda writing, session: order_editing.add_custom_item(writing, shop.domain, session, given))

    def commit(
        info: GraphQLResolveInfo, id: str, notifyCustomer: bool | None = None, staffNote: str | None = None
    ) -> Document:
        try:
            with store.write() as writing:
                session = _session(writing.connection, shop.domain, id)
                order_editing.commit(writing, shop.domain, session, notify=bool(notifyCustomer), note=staffNote)
        except UserError as problem:
            return {"order": None, "successMessages": [], "userErrors": [problem.shown]}
        order = queries.order(gid("Order", session["order_id"]))
        return {"order": order, "successMessages": ["Order updated"], "userErrors": []}

    return {
        "orderEditBegin": begin,
        "orderEditSetQuantity": set_quantity,
        "orderEditAddVariant": add_variant,
        "orderEditAddCustomItem": add_custom_item,
        "orderEditCommit": commit,
    }


def _session(connection: sqlite3.Connection, shop: str, edit_gid: str) -> Document:
    """The edit a ``CalculatedOrder`` or ``OrderEditSession`` gid means."""
    found = records.find(connection, shop, order_editing.EDIT, number_of(edit_gid))
    if found is None:
        raise UserError(["id"], "The calculated order does not exist.")
    return found


def _failed(problem: UserError) -> Document:
    nothing = dict.fromkeys(("calculatedOrder", "calculatedLineItem", "orderEditSession"))
    return {**nothing, "userErrors": [problem.shown]}


def _payload(queries: Queries, session: Document, line: Document | None) -> Document:
    before = kept_orders.load(queries.connection, session["order_id"])
    assert before is not None
    after = order_editing.staged(before, session)
    sums = totals(after)
    was = {one["id"]: editable_quantity(one) for one in before["lines"]}

    def shown(one: Document) -> Document:
        return _line(one, after, was.get(one["id"], 0), session)

    def lines(added: bool) -> Callable[..., Document]:
        found = [(one["id"], shown(one)) for one in after["lines"] if ("uuid" in one) is added]
        return lambda info, **asked: page_of_list(found, **asked)

    calculated = {
        "id": gid("CalculatedOrder", session["id"]),
        "originalOrder": lambda info: queries.order(gid("Order", session["order_id"])),
        "lineItems": lines(False),
        "addedLineItems": lines(True),
        "cartDiscountAmountSet": graphql_bag(NOTHING, after),
        "subtotalLineItemsQuantity": sum(current_quantity(one) for one in after["lines"]),
        "subtotalPriceSet": graphql_bag(sums.current_subtotal, after),
        "totalPriceSet": graphql_bag(sums.current_total, after),
        "totalOutstandingSet": graphql_bag(sums.outstanding, after),
    }
    return {
        "calculatedOrder": calculated,
        "calculatedLineItem": shown(line) if line else None,
        "orderEditSession": {"id": gid("OrderEditSession", session["id"])},
        "userErrors": [],
    }


def _line(line: Document, order: Document, editable_before: int, session: Document) -> Document:
    variant = catalogue.by_id(line["variant_id"]) if line["variant_id"] else None
    price, discount = Bag.of(line["price"]), Bag.of(line["discount"])
    quantity, editable = current_quantity(line), editable_quantity(line)
    change = session["changes"].get(str(line["id"]), {})
    return {
        "id": f"gid://shopify/CalculatedLineItem/{line.get('uuid') or line['id']}",
        "title": line["title"],
        "variantTitle": line["variant_title"],
        "sku": line["sku"],
        "variant": variant_fields(variant) if variant else None,
        "customAttributes": [{"key": one["name"], "value": one["value"]} for one in line["properties"]],
        "quantity": quantity,
        "editableQuantity": editable,
        "editableQuantityBeforeChanges": editable_before,
        "restockable": line["requires_shipping"],
        "restocking": bool(change.get("restock")),
        "hasStagedLineItemDiscount": False,
        "originalUnitPriceSet": graphql_bag(price, order),
        "discountedUnitPriceSet": graphql_bag(price - discount, order),
        "editableSubtotalSet": graphql_bag((price - discount) * editable, order),
        "uneditableSubtotalSet": graphql_bag((price - discount) * (quantity - editable), order),
    }
