"""Reading an order whole by GraphQL, into the same snapshot that a webhook body makes.

An order is read in several documents, so it may change between them: `updatedAt` is compared after the last page of
all, and the read starts again when it moved. What could not be read to its end is not handed on: a partial order would
look like one from which something was taken away.
"""

from typing import Any

from integrations.errors import RetryLater
from integrations.models import Connection
from integrations.shopify import queries
from integrations.shopify.client import Shopify, gid, number_of
from integrations.shopify.nodes import orders, shipments
from integrations.shopify.nodes.orders import Whole
from integrations.shopify.translate import reading
from orders.snapshot import FulfillmentOrderSnapshot, OrderSnapshot

Node = dict[str, Any]

TRIES = 3
LONGEST_LIST = 250  # a list that has no pages ends here, https://shopify.dev/docs/api/usage/limits


class _Moved(Exception):
    """Something changed while we read it."""


def read_order(connection: Connection, remote_id: int, shopify: Shopify | None = None) -> OrderSnapshot | None:
    """The order as Shopify has it now, None when Shopify does not show it; `shopify` where the caller has one.

    Raises RetryLater while it keeps moving or cannot be had whole, GiveUp when Shopify refuses. Customer, fulfillment
    orders and returns that the store denies us are not known in the snapshot; whatever else is denied is refused.
    """
    shopify = shopify or Shopify(connection)
    for _ in range(TRIES):
        try:
            read = _read(shopify, gid("Order", remote_id))
        except _Moved:
            continue
        return reading("order", lambda: orders.order(read)) if read else None  # noqa: B023
    raise RetryLater(f"Order {remote_id} changed at each of three reads.")


def read_fulfillment_orders(connection: Connection, remote_id: int) -> list[FulfillmentOrderSnapshot] | None:
    """The fulfillment orders of an order; None when not shown or denied. Raises RetryLater, GiveUp."""
    shopify = Shopify(connection)
    for _ in range(TRIES):
        try:
            nodes = _fulfillment_orders(shopify, gid("Order", remote_id))
        except _Moved:
            continue
        if nodes is None:
            return None
        found: list[FulfillmentOrderSnapshot] = reading(
            "fulfillment order",
            lambda: [shipments.fulfillment_order(one) for one in nodes],  # noqa: B023
        )
        return found
    raise RetryLater(f"The fulfillment orders of order {remote_id} changed at each of three reads.")


def order_of_fulfillment_order(connection: Connection, number: int) -> int | None:
    """The number of the order that a fulfillment order belongs to; None when Shopify does not show it."""
    data, _ = Shopify(connection).run_partly(
        queries.FULFILLMENT_ORDER_OWNER, {"id": gid("FulfillmentOrder", number)}, optional={"fulfillmentOrder"}
    )
    return number_of(data["fulfillmentOrder"]["orderId"]) if data["fulfillmentOrder"] else None


def order_of_return(connection: Connection, return_id: int) -> int | None:
    """The number of the order that a return belongs to; None when Shopify does not show it."""
    data, _ = Shopify(connection).run_partly(
        queries.RETURN_OWNER, {"id": gid("Return", return_id)}, optional={"return"}
    )
    return number_of(data["return"]["order"]["id"]) if data["return"] else None


def _read(shopify: Shopify, order_gid: str) -> Whole | None:
    data, denied = shopify.run_partly(queries.ORDER_READ, {"id": order_gid}, optional={"customer"})
    if (order := data["order"]) is None:
        return None
    _complete(shopify, order, "lineItems", "shippingLines")
    read = Whole(order, customer_known="customer" not in denied)
    read.fulfillment_orders = _fulfillment_orders(shopify, order_gid)
    read.returns = [] if order["returnStatus"] == "NO_RETURN" else _returns(shopify, order_gid)
    events = shopify.run(queries.ORDER_EVENTS, {"id": order_gid})["order"]
    if events is None:
        raise _Moved
    read.fulfillments, read.refunds, read.transactions = (
        _unpaged(events, name) for name in ("fulfillments", "refunds", "transactions")
    )
    asked = [_complete(shopify, one, "fulfillmentLineItems", "events") for one in read.fulfillments]
    asked += [
        _complete(shopify, one, "refundLineItems", "refundShippingLines", "orderAdjustments", "transactions")
        for one in read.refunds
    ]
    if any(asked):
        events = shopify.run(queries.ORDER_MOMENT, {"id": order_gid})["order"]
    if events is None or events["updatedAt"] != order["updatedAt"]:
        raise _Moved
    return read


def _fulfillment_orders(shopify: Shopify, order_gid: str) -> list[Node] | None:
    """All of an order, with all their lines; None when they are denied or the order is not shown."""
    nodes = _pages(shopify, queries.FULFILLMENT_ORDERS, order_gid, "fulfillmentOrders")
    for node in nodes or []:
        _complete(shopify, node, "lineItems")
    return nodes


def _returns(shopify: Shopify, order_gid: str) -> list[Node] | None:
    nodes = _pages(shopify, queries.RETURNS, order_gid, "returns")
    for node in nodes or []:
        _complete(shopify, node, "returnLineItems", "exchangeLineItems")
    return nodes


def _pages(shopify: Shopify, document: str, order_gid: str, name: str) -> list[Node] | None:
    """All nodes of an optional connection of the order; None when it is denied."""
    nodes: list[Node] = []
    after = None
    while True:
        data, denied = shopify.run_partly(document, {"id": order_gid, "after": after}, optional={name})
        if denied or data["order"] is None:
            return None
        page = data["order"][name]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        after = page["pageInfo"]["endCursor"]


def _complete(shopify: Shopify, node: Node, *names: str) -> bool:
    """Ask for the rest of these connections of `node`, whose first pages are in it; whether there was any."""
    asked = False
    for name in names:
        page = node[name]["pageInfo"]
        while page["hasNextPage"]:
            asked = True
            document = queries.PAGES[node["id"].split("/")[3], name]
            more = shopify.run(document, {"id": node["id"], "after": page["endCursor"]})["part"]
            if more is None or more.get("updatedAt", node.get("updatedAt")) != node.get("updatedAt"):
                raise _Moved
            node[name]["nodes"] += more["page"]["nodes"]
            page = more["page"]["pageInfo"]
    return asked


def _unpaged(events: Node, name: str) -> list[Node]:
    """A list that has no pages; raises RetryLater when it is not the whole."""
    nodes: list[Node] = events[name]
    there = (events.get(f"{name}Count") or {"count": len(nodes)})["count"]
    if len(nodes) < there or (len(nodes) >= LONGEST_LIST and f"{name}Count" not in events):
        raise RetryLater(f"Shopify shows {len(nodes)} of the order's {name} and not all of them.")
    return nodes
