"""Every GraphQL document we send about orders, in one place; a test holds them against Shopify's published schemas.

An order is read in a few documents of less than 100 points each, with the first page of every list in them, so that a
usual order costs three calls. What has more pages is asked for page by page: `PAGES` names the document that gives the
rest of a connection, by the kind of its owner and its name; in it the owner is `part` and the connection `page`.
Fulfillment orders and returns have documents of their own: a store that denies them denies nothing else.
"""

_MONEY = "fragment Money on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_ADDRESS = """fragment Addr on MailingAddress {
  firstName lastName company address1 address2 city province provinceCode zip country countryCodeV2 phone
}"""
_MORE = "pageInfo { hasNextPage endCursor }"

_LINE = """
  id title variantTitle sku vendor quantity currentQuantity unfulfilledQuantity requiresShipping taxable isGiftCard
  variant { id } product { id } lineItemGroup { id title quantity }
  customAttributes { key value }
  originalUnitPriceSet { ...Money }
  discountAllocations { allocatedAmountSet { ...Money } }
  taxLines { priceSet { ...Money } }"""
_SHIPPING_LINE = "id title code isRemoved originalPriceSet { ...Money }"
_SENT_LINE = "id quantity lineItem { id }"
_SCAN = "id status happenedAt estimatedDeliveryAt message city province country zip"
_REFUND_LINE = "quantity restockType lineItem { id } subtotalSet { ...Money } totalTaxSet { ...Money }"
_REFUND_SHIPPING = "id subtotalAmountSet { ...Money } taxAmountSet { ...Money }"
_ADJUSTMENT = "id reason amountSet { ...Money } taxAmountSet { ...Money }"
_MOVEMENT = "id kind status gateway amountSet { ...Money }"
_WORK_LINE = "id totalQuantity remainingQuantity lineItem { id }"
_RETURN_LINE = """
  id quantity processedQuantity refundedQuantity customerNote returnReasonNote returnReasonDefinition { handle }
  ... on ReturnLineItem { fulfillmentLineItem { id lineItem { id } } }"""
_EXCHANGE_LINE = "id quantity lineItems { id }"

ORDER_READ = f"""
query OrderRead($id: ID!) {{
  order(id: $id) {{
    id name number confirmationNumber poNumber customerLocale sourceName sourceIdentifier
    test createdAt processedAt updatedAt cancelledAt cancelReason closedAt
    displayFinancialStatus displayFulfillmentStatus returnStatus
    email phone note tags customAttributes {{ key value }}
    currencyCode presentmentCurrencyCode taxesIncluded dutiesIncluded discountCodes
    totalPriceSet {{ ...Money }} subtotalPriceSet {{ ...Money }} totalDiscountsSet {{ ...Money }}
    totalTaxSet {{ ...Money }} totalShippingPriceSet {{ ...Money }} totalTipReceivedSet {{ ...Money }}
    currentTotalPriceSet {{ ...Money }} currentSubtotalPriceSet {{ ...Money }} currentTotalTaxSet {{ ...Money }}
    currentTotalDiscountsSet {{ ...Money }}
    currentTotalDutiesSet {{ ...Money }} currentTotalAdditionalFeesSet {{ ...Money }}
    totalCashRoundingAdjustment {{ paymentSet {{ ...Money }} }}
    risk {{ recommendation }}
    customer {{
      id firstName lastName updatedAt
      defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }}
    }}
    shippingAddress {{ ...Addr }} billingAddress {{ ...Addr }}
    lineItems(first: 50) {{ {_MORE} nodes {{ {_LINE} }} }}
    shippingLines(first: 10, includeRemovals: true) {{ {_MORE} nodes {{ {_SHIPPING_LINE} }} }}
  }}
}}
{_MONEY} {_ADDRESS}"""

# Parcels, refunds and transactions are lists without pages: how many there are is said beside them.
ORDER_EVENTS = f"""
query OrderEvents($id: ID!) {{
  order(id: $id) {{
    id updatedAt
    fulfillments(first: 250) {{
      id name status displayStatus createdAt updatedAt location {{ id }}
      trackingInfo(first: 250) {{ company number url }}
      fulfillmentLineItems(first: 10) {{ {_MORE} nodes {{ {_SENT_LINE} }} }}
      events(first: 10) {{ {_MORE} nodes {{ {_SCAN} }} }}
    }}
    refunds(first: 250) {{
      id createdAt processedAt note return {{ id }} duties {{ amountSet {{ ...Money }} }}
      refundLineItems(first: 10) {{ {_MORE} nodes {{ {_REFUND_LINE} }} }}
      refundShippingLines(first: 2) {{ {_MORE} nodes {{ {_REFUND_SHIPPING} }} }}
      orderAdjustments(first: 3) {{ {_MORE} nodes {{ {_ADJUSTMENT} }} }}
      transactions(first: 5) {{ {_MORE} nodes {{ {_MOVEMENT} }} }}
    }}
    transactions(first: 250) {{
      id kind status gateway test createdAt processedAt amountSet {{ ...Money }} parentTransaction {{ id }}
    }}
    fulfillmentsCount {{ count }} transactionsCount {{ count }}
  }}
}}
{_MONEY}"""

ORDER_MOMENT = "query OrderMoment($id: ID!) { order(id: $id) { id updatedAt } }"

FULFILLMENT_ORDERS = f"""
query FulfillmentOrdersOfOrder($id: ID!, $after: String) {{
  order(id: $id) {{
    id
    fulfillmentOrders(first: 10, after: $after) {{
      {_MORE}
      nodes {{
        id status requestStatus createdAt updatedAt fulfillAt fulfillBy
        assignedLocation {{ name location {{ id }} }}
        destination {{ firstName lastName company address1 address2 city province zip countryCode phone }}
        deliveryMethod {{ methodType }}
        fulfillmentHolds {{ id reason reasonNotes heldByRequestingApp handle }}
        supportedActions {{ action }}
        lineItems(first: 20) {{ {_MORE} nodes {{ {_WORK_LINE} }} }}
      }}
    }}
  }}
}}"""
FULFILLMENT_ORDER_OWNER = "query FulfillmentOrderOwner($id: ID!) { fulfillmentOrder(id: $id) { id orderId } }"

RETURNS = f"""
query ReturnsOfOrder($id: ID!, $after: String) {{
  order(id: $id) {{
    id
    returns(first: 10, after: $after) {{
      {_MORE}
      nodes {{
        id name status createdAt closedAt decline {{ reason }}
        returnLineItems(first: 20) {{ {_MORE} nodes {{ {_RETURN_LINE} }} }}
        exchangeLineItems(first: 3) {{ {_MORE} nodes {{ {_EXCHANGE_LINE} }} }}
      }}
    }}
  }}
}}"""
RETURN_OWNER = "query ReturnOwner($id: ID!) { return(id: $id) { id order { id } } }"


def _rest(owner: str, connection: str, fields: str, more: str = "", fragments: str = "") -> str:
    """A document for the rest of a connection; `more` are the connection's own arguments."""
    name = f"More{owner[0].upper()}{owner[1:]}{connection[0].upper()}{connection[1:]}"
    moment = "updatedAt" if owner in ("order", "fulfillmentOrder") else ""
    page = f"page: {connection}(first: 100, after: $after{more}) {{ {_MORE} nodes {{ {fields} }} }}"
    return f"query {name}($id: ID!, $after: String) {{ part: {owner}(id: $id) {{ id {moment} {page} }} }} {fragments}"


MORE_LINES = _rest("order", "lineItems", _LINE, fragments=_MONEY)
MORE_SHIPPING = _rest("order", "shippingLines", _SHIPPING_LINE, ", includeRemovals: true", _MONEY)
MORE_SENT_LINES = _rest("fulfillment", "fulfillmentLineItems", _SENT_LINE)
MORE_SCANS = _rest("fulfillment", "events", _SCAN)
MORE_REFUND_LINES = _rest("refund", "refundLineItems", _REFUND_LINE, fragments=_MONEY)
MORE_REFUND_SHIPPING = _rest("refund", "refundShippingLines", _REFUND_SHIPPING, fragments=_MONEY)
MORE_ADJUSTMENTS = _rest("refund", "orderAdjustments", _ADJUSTMENT, fragments=_MONEY)
MORE_MOVEMENTS = _rest("refund", "transactions", _MOVEMENT, fragments=_MONEY)
MORE_WORK_LINES = _rest("fulfillmentOrder", "lineItems", _WORK_LINE)
MORE_RETURN_LINES = _rest("return", "returnLineItems", _RETURN_LINE)
MORE_EXCHANGE_LINES = _rest("return", "exchangeLineItems", _EXCHANGE_LINE)

PAGES = {
    ("Order", "lineItems"): MORE_LINES,
    ("Order", "shippingLines"): MORE_SHIPPING,
    ("Fulfillment", "fulfillmentLineItems"): MORE_SENT_LINES,
    ("Fulfillment", "events"): MORE_SCANS,
    ("Refund", "refundLineItems"): MORE_REFUND_LINES,
    ("Refund", "refundShippingLines"): MORE_REFUND_SHIPPING,
    ("Refund", "orderAdjustments"): MORE_ADJUSTMENTS,
    ("Refund", "transactions"): MORE_MOVEMENTS,
    ("FulfillmentOrder", "lineItems"): MORE_WORK_LINES,
    ("Return", "returnLineItems"): MORE_RETURN_LINES,
    ("Return", "exchangeLineItems"): MORE_EXCHANGE_LINES,
}

FIND_BY_SOURCE = """
query FindReplacementBySource($q: String!) {
  orders(first: 2, query: $q) { nodes { id name createdAt sourceIdentifier } }
}"""

FIND_BY_INTENT = """
query FindReplacementByIntent($key: String!, $value: String!) {
  orderByIdentifier(identifier: { customId: { namespace: "$app", key: $key, value: $value } }) {
    id name createdAt sourceIdentifier
  }
}"""

DEFINE_INTENT = """
mutation DefineIntent($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) { createdDefinition { id } userErrors { message code } }
}"""

CREATE_REPLACEMENT = """
mutation CreateReplacement($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput) {
  orderCreate(order: $order, options: $options) {
    order { id name sourceIdentifier }
    userErrors { field message code }
  }
}"""
