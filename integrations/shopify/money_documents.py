"""The GraphQL documents that give money and goods back, and the look-ups before them."""

_MONEY = "fragment Money on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"

SUGGEST_REFUND = f"""
query SuggestRefund(
  $id: ID!, $lines: [RefundLineItemInput!], $shipping: Boolean, $shippingAmount: Money, $full: Boolean
) {{
  order(id: $id) {{
    id presentmentCurrencyCode
    suggestedRefund(
      refundLineItems: $lines, refundShipping: $shipping, shippingAmount: $shippingAmount, suggestFullRefund: $full
    ) {{
      amountSet {{ ...Money }} maximumRefundableSet {{ ...Money }}
      suggestedTransactions {{
        gateway parentTransaction {{ id }} amountSet {{ ...Money }} maximumRefundableSet {{ ...Money }}
      }}
    }}
  }}
}}
{_MONEY}"""

REFUND = f"""
mutation Refund($input: RefundInput!, $key: String!) {{
  refundCreate(input: $input) @idempotent(key: $key) {{
    refund {{ id totalRefundedSet {{ ...Money }} }}
    userErrors {{ field message }}
  }}
}}
{_MONEY}"""

RETURNABLE = """
query ReturnableItems($id: ID!) {
  order(id: $id) {
    id
    returns(first: 50, reverse: true) {
      nodes {
        id name status createdAt
        returnLineItems(first: 50) { nodes { ... on ReturnLineItem {
          quantity returnReasonNote fulfillmentLineItem { lineItem { id } }
        } } }
      }
    }
  }
  returnableFulfillments(orderId: $id, first: 20) {
    nodes {
      id returnableFulfillmentLineItems(first: 50) {
        nodes { quantity fulfillmentLineItem { id lineItem { id } } }
      }
    }
  }
}"""

RETURN_REASONS = """
query ReturnReasons($handles: [String!]) {
  returnReasonDefinitions(first: 50, handles: $handles) { nodes { id handle } }
}"""

CREATE_RETURN = """
mutation CreateReturn($returnInput: ReturnInput!) {
  returnCreate(returnInput: $returnInput) { return { id name status } userErrors { field message code } }
}"""

STORE_CREDIT = """
mutation StoreCredit($id: ID!, $creditInput: StoreCreditAccountCreditInput!) {
  storeCreditAccountCredit(id: $id, creditInput: $creditInput) {
    storeCreditAccountTransaction { id }
    userErrors { field message code }
  }
}"""

GIFT_CARDS = """
query GiftCardsSince($q: String!) {
  giftCards(first: 250, query: $q, reverse: true) { nodes { id note lastCharacters } }
}"""

GIFT_CARD = """
mutation GiftCard($input: GiftCardCreateInput!) {
  giftCardCreate(input: $input) { giftCard { id lastCharacters } userErrors { field message code } }
}"""
