"""The GraphQL documents that change something at the shop, and the look-ups before them; reading is in queries.py."""

ORDER_VALUES = """
query OrderValues($id: ID!) {
  order(id: $id) {
    id email phone note tags
    shippingAddress {
      firstName lastName company address1 address2 city provinceCode countryCodeV2 zip phone
    }
  }
}"""

UPDATE_ORDER = """
mutation UpdateOrder($input: OrderInput!) {
  orderUpdate(input: $input) { order { id updatedAt } userErrors { field message } }
}"""

TAGS_ADD = """
mutation TagsAdd($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) { node { id } userErrors { field message } }
}"""

TAGS_REMOVE = """
mutation TagsRemove($id: ID!, $tags: [String!]!) {
  tagsRemove(id: $id, tags: $tags) { node { id } userErrors { field message } }
}"""

ORDER_CANCELLED = "query OrderCancelled($id: ID!) { order(id: $id) { id cancelledAt } }"

CANCEL_ORDER = """
mutation CancelOrder(
  $orderId: ID!, $reason: OrderCancelReason!, $restock: Boolean!, $refundMethod: OrderCancelRefundMethodInput,
  $notifyCustomer: Boolean, $staffNote: String
) {
  orderCancel(
    orderId: $orderId, reason: $reason, restock: $restock, refundMethod: $refundMethod,
    notifyCustomer: $notifyCustomer, staffNote: $staffNote
  ) { job { id done } orderCancelUserErrors { field message code } }
}"""

JOB = "query JobDone($id: ID!) { job(id: $id) { id done } }"

EDIT_LOOK = """
query EditLook($id: ID!, $after: String) {
  order(id: $id) {
    id cancelledAt
    lineItems(first: 250, after: $after) {
      pageInfo { hasNextPage endCursor } nodes { id currentQuantity variant { id } }
    }
  }
}"""

EDIT_BEGIN = """
mutation EditBegin($id: ID!) {
  orderEditBegin(id: $id) { calculatedOrder { id } userErrors { field message } }
}"""

EDIT_SET = """
mutation EditSetQuantity($id: ID!, $lineItemId: ID!, $quantity: Int!, $restock: Boolean) {
  orderEditSetQuantity(id: $id, lineItemId: $lineItemId, quantity: $quantity, restock: $restock) {
    calculatedOrder { id } userErrors { field message }
  }
}"""

EDIT_ADD = """
mutation EditAddVariant($id: ID!, $variantId: ID!, $quantity: Int!) {
  orderEditAddVariant(id: $id, variantId: $variantId, quantity: $quantity, allowDuplicates: true) {
    calculatedLineItem { id } userErrors { field message }
  }
}"""

EDIT_COMMIT = """
mutation EditCommit($id: ID!, $notifyCustomer: Boolean, $staffNote: String) {
  orderEditCommit(id: $id, notifyCustomer: $notifyCustomer, staffNote: $staffNote) {
    order { id updatedAt } userErrors { field message }
  }
}"""
