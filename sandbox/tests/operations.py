"""GraphQL documents several tests send."""

MONEY = "fragment M on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } } "

REFUND = (
    MONEY
    + """mutation($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id note totalRefundedSet { ...M } refundLineItems(first: 5) { nodes { quantity restockType restocked } }
      orderAdjustments(first: 5) { nodes { reason amountSet { ...M } } }
      transactions(first: 5) { nodes { id kind status gateway amountSet { ...M } } } }
    order { id displayFinancialStatus totalRefundedSet { ...M } }
    userErrors { field message } } }"""
)

ORDER = (
    MONEY
    + """query($id: ID!) { order(id: $id) {
    id name displayFinancialStatus displayFulfillmentStatus returnStatus edited
    lineItems(first: 100) { nodes { id title sku quantity currentQuantity refundableQuantity unfulfilledQuantity
      variant { id } product { id } lineItemGroup { id title quantity } duties { id price { ...M } } } }
    transactions(first: 50) { id kind status gateway amountSet { ...M } parentTransaction { id } }
    subtotalPriceSet { ...M } totalPriceSet { ...M } currentTotalPriceSet { ...M } totalOutstandingSet { ...M }
    totalTipReceivedSet { ...M } currentTotalDutiesSet { ...M } currentTotalAdditionalFeesSet { ...M }
    totalTaxSet { ...M } totalShippingPriceSet { ...M } refundDiscrepancySet { ...M } totalRefundedSet { ...M }
    totalCashRoundingAdjustment { paymentSet { ...M } }
    returns(first: 10) { nodes { id name status totalQuantity } }
  } }"""
)


def shop(bag: dict[str, dict[str, str]]) -> str:
    """The amount in the shop's currency."""
    return bag["shopMoney"]["amount"]
