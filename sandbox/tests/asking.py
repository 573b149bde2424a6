"""Fulfillment orders as tests ask for them."""

from typing import Any

from sandbox.tests.running import Sandbox

FIELDS = """fragment F on FulfillmentOrder { id status updatedAt supportedActions { action } assignedLocation { name }
  fulfillmentHolds { id handle reason reasonNotes displayReason heldByRequestingApp }
  lineItems(first: 9) { nodes { id totalQuantity remainingQuantity sku } } }"""
OF_ORDER = f"""query($id: ID!) {{ order(id: $id) {{ updatedAt displayFulfillmentStatus
  fulfillmentOrders(first: 20) {{ nodes {{ ...F }} }} }} }} {FIELDS}"""

Document = dict[str, Any]


def ask(shopify: Sandbox, query: str, **variables: Any) -> Document:
    """The data of an answer without errors at the top level."""
    answer = shopify.ask(query, **variables)
    assert "errors" not in answer, answer
    return dict(answer["data"])


def of_order(shopify: Sandbox, order: Document) -> list[Document]:
    """The fulfillment orders of an order that was placed by ``place``, oldest first."""
    data = ask(shopify, OF_ORDER, id=order["admin_graphql_api_id"])
    return list(data["order"]["fulfillmentOrders"]["nodes"])


def units(one: Document) -> list[tuple[int, int]]:
    """(total, remaining) of each line."""
    return [(part["totalQuantity"], part["remainingQuantity"]) for part in one["lineItems"]["nodes"]]


def actions(one: Document) -> list[str]:
    """What can be done with it next."""
    return [supported["action"] for supported in one["supportedActions"]]


def part(one: Document, position: int = 0) -> str:
    """The id of a line."""
    return str(one["lineItems"]["nodes"][position]["id"])
