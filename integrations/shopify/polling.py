"""What changed at a shop since a moment: heads of orders, fulfillment orders by their own time, deleted orders.

A head is what a list shows of an order for next to nothing (100 of them cost less than one whole order), and enough to
see whether we have missed something. Every list is walked by the shop's own cursor, which is (moment, id): what moves
while we page moves to the end of the list. https://shopify.dev/docs/api/usage/search-syntax
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from integrations.shopify.client import Shopify, number_of
from integrations.shopify.nodes.orders import address, fulfillment_status
from integrations.shopify.values import clean, required_time, tags, when
from orders.money import decimal_of

PAGE = 100

_ADDRESS = "firstName lastName company address1 address2 city province provinceCode zip country countryCodeV2 phone"

# Lists of plain objects cost next to nothing, so a head shows nearly all of an order but its lines: two changes of one
# second bear the same updatedAt, and the second of them may be the one we missed.
ORDER_HEADS = f"""
query OrderHeads($q: String!, $after: String) {{
  orders(first: {PAGE}, after: $after, query: $q, sortKey: UPDATED_AT) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      id name updatedAt cancelledAt closedAt displayFinancialStatus displayFulfillmentStatus returnStatus email phone
      note tags
      customAttributes {{ key value }}
      currentTotalPriceSet {{ shopMoney {{ amount currencyCode }} }}
      shippingAddress {{ {_ADDRESS} }} billingAddress {{ {_ADDRESS} }}
      fulfillments(first: 250) {{ id updatedAt status }}
      refunds(first: 250) {{ id }}
      transactions(first: 250) {{ id status }}
    }}
  }}
}}"""

ORDERS_COUNT = "query OrdersCount($q: String!) { ordersCount(query: $q, limit: null) { count } }"

FULFILLMENT_ORDER_HEADS = f"""
query FulfillmentOrderHeads($q: String!, $after: String) {{
  fulfillmentOrders(first: {PAGE}, after: $after, query: $q, includeClosed: true, sortKey: UPDATED_AT) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ id orderId status updatedAt }}
  }}
}}"""

ORDER_DELETIONS = f"""
query OrderDeletions($q: String!, $after: String) {{
  events(first: {PAGE}, after: $after, query: $q, sortKey: CREATED_AT) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ id action createdAt ... on BasicEvent {{ subjectId }} }}
  }}
}}"""

ORDERS_NAMED = """
query OrdersNamed($q: String!) { orders(first: 50, query: $q) { nodes { id name } } }"""

One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Page(Generic[One]):
    """`after` is where the next page begins, None when this is the last."""

    found: list[One]
    after: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """An order as a list shows it, in the words in which `orders` keeps it."""

    remote_id: int
    updated_at: datetime
    values: dict[str, Any]  # column of Order → its value at the shop
    current_total: Decimal | None
    parcels: dict[int, tuple[datetime | None, str]] = field(default_factory=dict)  # id → (updated, status)
    refunds: frozenset[int] = frozenset()
    payments: dict[int, str] = field(default_factory=dict)  # id → status


@dataclass(frozen=True, slots=True)
class PartHead:
    """Something about an order with a time of its own: a fulfillment order that changed, or the order's deletion."""

    remote_id: int
    order_id: int
    at: datetime
    status: str = ""


def count(shopify: Shopify, since: datetime, until: datetime | None) -> int:
    """How many orders changed in a window."""
    return int(shopify.run(ORDERS_COUNT, {"q": window("updated_at", since, until)})["ordersCount"]["count"])


def order_heads(shopify: Shopify, since: datetime, until: datetime | None, after: str | None) -> Page[Head]:
    """Orders that changed, by the moment they last did."""
    return _page(shopify, "orders", ORDER_HEADS, window("updated_at", since, until), after, _head)


def fulfillment_orders(shopify: Shopify, since: datetime, until: datetime | None, after: str | None) -> Page[PartHead]:
    """Fulfillment orders that changed, closed ones too: their changes do not move the order's own time."""
    asked = window("updated_at", since, until)
    return _page(shopify, "fulfillmentOrders", FULFILLMENT_ORDER_HEADS, asked, after, _fulfillment_order)


def deletions(shopify: Shopify, since: datetime, until: datetime | None, after: str | None) -> Page[PartHead]:
    """Orders that were deleted; Shopify remembers for a year."""
    asked = f"subject_type:ORDER action:destroy {window('created_at', since, until)}"
    return _page(shopify, "events", ORDER_DELETIONS, asked, after, _deletion)


def named(shopify: Shopify, name: str) -> list[int]:
    """Ids of the orders of exactly this name, such as #1001; names are not unique."""
    quoted = "".join(sign for sign in name if sign not in "\\'\"")
    nodes = shopify.run(ORDERS_NAMED, {"q": f"name:'{quoted}'"})["orders"]["nodes"]
    return [number_of(node["id"]) for node in nodes if node["name"] == name]


def window(field_name: str, since: datetime, until: datetime | None) -> str:
    """A search for a time of both ends included, in whole seconds, as Shopify keeps them."""
    parts = [f"{field_name}:>='{_second(since)}'"]
    if until is not None:
        parts.append(f"{field_name}:<='{_second(until)}'")
    return " ".join(parts)


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _page(
    shopify: Shopify, name: str, document: str, query: str, after: str | None, read: Callable[[dict[str, Any]], One]
) -> Page[One]:
    answer = shopify.run(document, {"q": query, "after": after})[name]
    info = answer["pageInfo"]
    return Page([read(node) for node in answer["nodes"]], info["endCursor"] if info["hasNextPage"] else None)


def _head(node: dict[str, Any]) -> Head:
    total = node["currentTotalPriceSet"]
    return Head(
        remote_id=number_of(node["id"]),
        updated_at=required_time(node, "updatedAt"),
        values={
            "name": clean(node["name"]),
            "cancelled_at": when(node["cancelledAt"]),
            "closed_at": when(node["closedAt"]),
            "financial_status": clean(node["displayFinancialStatus"]).lower(),
            "fulfillment_status": fulfillment_status(node["displayFulfillmentStatus"]),
            "email": clean(node["email"]),
            "phone": clean(node["phone"]),
            "note": clean(node["note"]),
            "tags": tags(node["tags"]),
            "attributes": [
                {"name": clean(one["key"]), "value": clean(one["value"])} for one in node["customAttributes"]
            ],
            "shipping_address": _address(node["shippingAddress"]),
            "billing_address": _address(node["billingAddress"]),
            # No message tells that nothing is to come back.
            **({} if node["returnStatus"] == "NO_RETURN" else {"return_status": clean(node["returnStatus"]).lower()}),
        },
        current_total=decimal_of(total["shopMoney"]["amount"]) if total else None,
        parcels={
            number_of(one["id"]): (when(one["updatedAt"]), clean(one["status"]).lower()) for one in node["fulfillments"]
        },
        refunds=frozenset(number_of(one["id"]) for one in node["refunds"]),
        payments={number_of(one["id"]): clean(one["status"]).lower() for one in node["transactions"]},
    )


def _address(node: dict[str, Any] | None) -> dict[str, str] | None:
    found = address(node)
    return found.as_json() if found else None


def _fulfillment_order(node: dict[str, Any]) -> PartHead:
    at = required_time(node, "updatedAt")
    return PartHead(number_of(node["id"]), number_of(node["orderId"]), at, clean(node["status"]).lower())


def _deletion(node: dict[str, Any]) -> PartHead:
    return PartHead(number_of(node["id"]), number_of(node["subjectId"]), required_time(node, "createdAt"))
