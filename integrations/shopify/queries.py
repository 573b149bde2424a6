"""Every GraphQL document we send, in one place, so that one test can hold them against Shopify's published schemas."""

_MONEY = "fragment Money on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_ADDRESS = """fragment Addr on MailingAddress {
  firstName lastName company address1 address2 city province provinceCode zip country countryCodeV2 phone
}"""
_LINE = """fragment LineFields on LineItem {
  id title variantTitle sku vendor quantity currentQuantity requiresShipping taxable isGiftCard
  variant { id } product { id }
  customAttributes { key value }
  originalUnitPriceSet { ...Money }
  discountAllocations { allocatedAmountSet { ...Money } }
  taxLines { priceSet { ...Money } }
}"""

ORDER_READ = f"""
query OrderRead($id: ID!) {{
  order(id: $id) {{
    id name number sourceName sourceIdentifier
    test createdAt processedAt updatedAt cancelledAt cancelReason closedAt
    displayFinancialStatus displayFulfillmentStatus
    email phone note tags customAttributes {{ key value }}
    currencyCode presentmentCurrencyCode
    totalPriceSet {{ ...Money }} subtotalPriceSet {{ ...Money }} totalDiscountsSet {{ ...Money }}
    totalTaxSet {{ ...Money }} totalShippingPriceSet {{ ...Money }}
    currentTotalPriceSet {{ ...Money }} currentSubtotalPriceSet {{ ...Money }} currentTotalTaxSet {{ ...Money }}
    currentTotalDiscountsSet {{ ...Money }}
    customer {{
      id firstName lastName updatedAt
      defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }}
    }}
    shippingAddress {{ ...Addr }} billingAddress {{ ...Addr }}
    lineItems(first: 50) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...LineFields }} }}
  }}
}}
{_MONEY} {_ADDRESS} {_LINE}"""

ORDER_LINES_PAGE = f"""
query OrderLinesPage($id: ID!, $after: String) {{
  order(id: $id) {{
    id updatedAt
    lineItems(first: 100, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...LineFields }} }}
  }}
}}
{_MONEY} {_LINE}"""

ORDER_EVENTS = """
query OrderEvents($id: ID!) {
  order(id: $id) {
    id updatedAt
    fulfillments(first: 250) { id }
    refunds(first: 250) { id }
  }
}"""

FULFILLMENT_READ = """
query FulfillmentRead($id: ID!) {
  fulfillment(id: $id) {
    id name status displayStatus createdAt updatedAt location { id }
    trackingInfo(first: 10) { company number url }
    fulfillmentLineItems(first: 250) { pageInfo { hasNextPage } nodes { id quantity lineItem { id } } }
  }
}"""

REFUND_READ = f"""
query RefundRead($id: ID!) {{
  refund(id: $id) {{
    id createdAt processedAt note
    refundLineItems(first: 250) {{
      pageInfo {{ hasNextPage }}
      nodes {{ id quantity restockType lineItem {{ id }} subtotalSet {{ ...Money }} totalTaxSet {{ ...Money }} }}
    }}
    transactions(first: 20) {{ nodes {{ id kind status gateway amountSet {{ ...Money }} }} }}
  }}
}}
{_MONEY}"""

FIND_BY_SOURCE = """
query FindReplacementBySource($q: String!) {
  orders(first: 2, query: $q) { nodes { id name createdAt sourceIdentifier } }
}"""

CREATE_REPLACEMENT = """
mutation CreateReplacement($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput) {
  orderCreate(order: $order, options: $options) {
    order { id name sourceIdentifier }
    userErrors { field message code }
  }
}"""
