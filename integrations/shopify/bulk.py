"""Bulk operations: Shopify runs one query over the whole store and writes the answer into a file, one object a line.

Such a query selects edges and nodes only, at most 5 connections nested at most 2 deep, parents with their `id`, and no
connection inside a list. So an order's lines come with it, while the lines of its refunds and parcels do not; that
there are any is seen by `refunds` and `fulfillments`, and parcels come by a query of their own. Ungrouped (the default
since 2026-01) a child may stand anywhere in the file. The result can be fetched for 7 days.
https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.errors import GiveUp
from integrations.shopify.client import Shopify

_MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_ADDRESS = """{
  firstName lastName company address1 address2 city province provinceCode zip country countryCodeV2 phone
}"""
_WORK = """fulfillmentOrders { edges { node {
      id status requestStatus createdAt updatedAt fulfillAt fulfillBy
      assignedLocation { name location { id } }
      destination { firstName lastName company address1 address2 city province zip countryCode phone }
      deliveryMethod { methodType }
      fulfillmentHolds { id reason reasonNotes heldByRequestingApp handle }
      supportedActions { action }
      lineItems { edges { node { id totalQuantity remainingQuantity lineItem { id } } } }
    } } }"""

# What `bulk_rows` reads. In the order of making, so that a file that breaks off says how far it came.
HISTORY = f"""
query History {{
  orders(sortKey: CREATED_AT) {{ edges {{ node {{
    id name number confirmationNumber poNumber customerLocale sourceName sourceIdentifier
    test createdAt processedAt updatedAt cancelledAt cancelReason closedAt
    displayFinancialStatus displayFulfillmentStatus returnStatus
    email phone note tags customAttributes {{ key value }}
    currencyCode presentmentCurrencyCode taxesIncluded dutiesIncluded discountCodes
    totalPriceSet {_MONEY} subtotalPriceSet {_MONEY} totalDiscountsSet {_MONEY}
    totalTaxSet {_MONEY} totalShippingPriceSet {_MONEY} totalTipReceivedSet {_MONEY}
    currentTotalPriceSet {_MONEY} currentSubtotalPriceSet {_MONEY} currentTotalTaxSet {_MONEY}
    currentTotalDiscountsSet {_MONEY}
    currentTotalDutiesSet {_MONEY} currentTotalAdditionalFeesSet {_MONEY}
    totalCashRoundingAdjustment {{ paymentSet {_MONEY} }}
    risk {{ recommendation }}
    customer {{
      id firstName lastName updatedAt
      defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }}
    }}
    shippingAddress {_ADDRESS} billingAddress {_ADDRESS}
    fulfillments {{ id }} refunds {{ id }}
    transactions {{
      id kind status gateway test createdAt processedAt amountSet {_MONEY} parentTransaction {{ id }}
    }}
    lineItems {{ edges {{ node {{
      id title variantTitle sku vendor quantity currentQuantity requiresShipping taxable isGiftCard
      variant {{ id }} product {{ id }} lineItemGroup {{ id title quantity }}
      customAttributes {{ key value }}
      originalUnitPriceSet {_MONEY}
      discountAllocations {{ allocatedAmountSet {_MONEY} }}
      taxLines {{ priceSet {_MONEY} }}
    }} }} }}
    shippingLines(includeRemovals: true) {{ edges {{ node {{
      id title code isRemoved originalPriceSet {_MONEY}
    }} }} }}
    {_WORK}
  }} }} }}
}}"""
# For a store that does not let us see fulfillment orders: then they are not known, as when an order is read.
HISTORY_WITHOUT_WORK = HISTORY.replace(_WORK, "")

# What `bulk_parcels` reads. By way of fulfillment orders: an order's own `fulfillments` is a list without connections.
PARCELS = """
query Parcels {
  fulfillmentOrders(includeClosed: true) { edges { node {
    id orderId
    fulfillments { edges { node {
      id name status displayStatus createdAt updatedAt totalQuantity location { id }
      trackingInfo(first: 250) { company number url }
      fulfillmentLineItems { edges { node { id quantity lineItem { id unfulfilledQuantity } } } }
      events { edges { node { id status happenedAt message city province country zip } } }
    } } }
  } } }
}"""

START = """
mutation BulkStart($query: String!, $grouped: Boolean!) {
  bulkOperationRunQuery(query: $query, groupObjects: $grouped) {
    bulkOperation { id }
    userErrors { field message code }
  }
}"""

LOOK = """
query BulkLook($id: ID!) {
  bulkOperation(id: $id) { id status errorCode rootObjectCount url partialDataUrl }
}"""


class Busy(Exception):
    """As many operations as may run at once are running (5 a shop; 1 before API 2026-01). Ask again later."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as Shopify shows it. `url` is None where it found nothing, `partial_url` where it wrote nothing."""

    id: str
    status: str
    error: str
    orders: int
    url: str | None
    partial_url: str | None


def history_query(since: datetime | None, *, with_work: bool = True) -> str:
    """The query for all orders made since then (all there are without it), as the operation takes it."""
    query = HISTORY if with_work else HISTORY_WITHOUT_WORK
    if since is None:
        return query
    moment = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return query.replace("sortKey: CREATED_AT", f"sortKey: CREATED_AT, query: \"created_at:>='{moment}'\"")


def parcels_query(since: datetime | None) -> str:
    """The query for the parcels of all orders made since then: nothing to send was changed before it was made."""
    if since is None:
        return PARCELS
    moment = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return PARCELS.replace("includeClosed: true", f"includeClosed: true, query: \"updated_at:>='{moment}'\"")


def start(shopify: Shopify, query: str, *, is_grouped: bool) -> str:
    """Start an operation; returns its id. Raises Busy, RetryLater, GiveUp.

    Grouped, children stand behind their orders, which is slower and fails more often.
    """
    answer = shopify.run(START, {"query": query, "grouped": is_grouped})["bulkOperationRunQuery"]
    if errors := answer["userErrors"]:
        said = " ".join(str(error["message"]) for error in errors)
        if {error.get("code") for error in errors} & {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}:
            raise Busy(said)
        raise GiveUp(f"Shopify does not run the query: {said}"[:500], parked="refused")
    return str(answer["bulkOperation"]["id"])


def look(shopify: Shopify, operation: str) -> Operation | None:
    """The operation as it is now; None when Shopify knows it no more. Raises RetryLater, GiveUp."""
    node: dict[str, Any] | None = shopify.run(LOOK, {"id": operation})["bulkOperation"]
    if node is None:
        return None
    orders = int(node["rootObjectCount"] or 0)  # comes as text
    return Operation(node["id"], node["status"], node["errorCode"] or "", orders, node["url"], node["partialDataUrl"])
