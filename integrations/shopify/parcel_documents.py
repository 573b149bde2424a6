"""The GraphQL documents about parcels, work for locations and stock, and the look-ups before them."""

SENDING = """
query Sending($id: ID!) {
  order(id: $id) {
    id
    fulfillments(first: 250) {
      id status trackingInfo(first: 50) { number }
      fulfillmentLineItems(first: 250) { nodes { quantity lineItem { id } } }
    }
  }
}"""

WORK = """
query Work($id: ID!, $after: String) {
  order(id: $id) {
    id
    fulfillmentOrders(first: 10, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id status assignedLocation { location { id } }
        fulfillmentHolds { id handle heldByRequestingApp }
        lineItems(first: 250) { nodes { id remainingQuantity lineItem { id } } }
      }
    }
  }
}"""

FULFIL = """
mutation Fulfil($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status } userErrors { field message } }
}"""

PARCEL = """
query Parcel($id: ID!) {
  fulfillment(id: $id) {
    id status trackingInfo(first: 50) { company number url }
    events(first: 250, sortKey: HAPPENED_AT, reverse: true) { nodes { id status happenedAt message } }
  }
}"""

TRACKING = """
mutation Tracking($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify) {
    fulfillment { id } userErrors { field message }
  }
}"""

SCAN = """
mutation TrackingEvent($event: FulfillmentEventInput!) {
  fulfillmentEventCreate(fulfillmentEvent: $event) { fulfillmentEvent { id } userErrors { field message } }
}"""

HOLD = """
mutation Hold($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {
    fulfillmentHold { id handle } userErrors { field message code }
  }
}"""

RELEASE = """
mutation ReleaseHold($id: ID!, $holds: [ID!]) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) { fulfillmentOrder { id } userErrors { field message code } }
}"""

MOVE = """
mutation MoveFulfillmentOrder($id: ID!, $location: ID!) {
  fulfillmentOrderMove(id: $id, newLocationId: $location) {
    movedFulfillmentOrder { id status } userErrors { field message code }
  }
}"""

ADJUST_STOCK = """
mutation AdjustInventory($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { field message code }
  }
}"""

SET_STOCK = """
mutation SetInventory($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { field message code }
  }
}"""
