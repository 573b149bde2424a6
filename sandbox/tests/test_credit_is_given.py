"""Store credit by customer or account, per currency, refused in the recorded words; gift cards."""

from typing import Any

import pytest

from sandbox.tests.running import Sandbox

ACCOUNT = "account { id balance { amount currencyCode } owner { ... on Customer { id } } }"
TRANSACTION = f"{{ amount {{ amount }} balanceAfterTransaction {{ amount currencyCode }} event {ACCOUNT} }}"
CREDIT = f"""mutation($id: ID!, $given: StoreCreditAccountCreditInput!) {{
  storeCreditAccountCredit(id: $id, creditInput: $given) {{ storeCreditAccountTransaction {TRANSACTION}
    userErrors {{ field message code }} }} }}"""
DEBIT = f"""mutation($id: ID!, $given: StoreCreditAccountDebitInput!) {{
  storeCreditAccountDebit(id: $id, debitInput: $given) {{ storeCreditAccountTransaction {TRANSACTION}
    userErrors {{ field message code }} }} }}"""
ACCOUNTS = """query($id: ID!) { customer(id: $id) { storeCreditAccounts(first: 5) { nodes { id
  balance { amount currencyCode } transactions(first: 5) { nodes { __typename amount { amount } event } } } } } }"""
CARD = """mutation($input: GiftCardCreateInput!) { giftCardCreate(input: $input) {
  giftCard { id lastCharacters initialValue { amount currencyCode } } giftCardCode
  userErrors { field message code } } }"""


def call(shopify: Sandbox, document: str, **variables: Any) -> dict[str, Any]:
    answer = shopify.ask(document, **variables)
    assert "errors" not in answer, answer
    return dict(next(iter(answer["data"].values())))


def money(amount: str, currency: str = "USD", way: str = "credit") -> dict[str, Any]:
    return {f"{way}Amount": {"amount": amount, "currencyCode": currency}}


@pytest.fixture
def customer(shopify: Sandbox) -> str:
    order = shopify.place()["admin_graphql_api_id"]
    answer = shopify.ask("query($id: ID!) { order(id: $id) { customer { id } } }", id=order)
    return str(answer["data"]["order"]["customer"]["id"])


def test_a_customer_has_an_account_per_currency(shopify: Sandbox, customer: str):
    first = call(shopify, CREDIT, id=customer, given=money("8.34"))["storeCreditAccountTransaction"]
    assert first["balanceAfterTransaction"] == {"amount": "8.34", "currencyCode": "USD"}
    assert first["account"]["owner"] == {"id": customer}
    call(shopify, CREDIT, id=customer, given=money("2.00", "CHF"))
    spent = call(shopify, DEBIT, id=first["account"]["id"], given=money("2.22", way="debit"))
    assert spent["storeCreditAccountTransaction"]["amount"]["amount"] == "-2.22"
    accounts = call(shopify, ACCOUNTS, id=customer)["storeCreditAccounts"]["nodes"]
    assert [one["balance"] for one in accounts] == [
        {"amount": "6.12", "currencyCode": "USD"},
        {"amount": "2.0", "currencyCode": "CHF"},
    ]
    assert [one["__typename"] for one in accounts[0]["transactions"]["nodes"]] == [
        "StoreCreditAccountCreditTransaction",
        "StoreCreditAccountDebitTransaction",
    ]


@pytest.mark.parametrize(
    "given, code",
    [
        (money("0.00"), "NEGATIVE_OR_ZERO_AMOUNT"),
        (money("100000.00"), "CREDIT_LIMIT_EXCEEDED"),
        ({**money("-1.00"), "expiresAt": "2020-01-01T00:00:00Z"}, "EXPIRES_AT_IN_PAST"),
    ],
)
def test_what_cannot_be_credited_is_refused(shopify: Sandbox, customer: str, given: dict[str, Any], code: str):
    refused = call(shopify, CREDIT, id=customer, given=given)
    assert refused["storeCreditAccountTransaction"] is None
    assert refused["userErrors"][0]["code"] == code


def test_accounts_are_known_by_their_id_and_currency(shopify: Sandbox, customer: str):
    account = call(shopify, CREDIT, id=customer, given=money("1.00"))["storeCreditAccountTransaction"]["account"]["id"]
    mismatch = call(shopify, CREDIT, id=account, given=money("1.00", "CAD"))["userErrors"]
    assert mismatch == [
        {
            "field": ["creditInput", "creditAmount", "currencyCode"],
            "message": "The currency provided does not match the currency of the store credit account",
            "code": "MISMATCHING_CURRENCY",
        }
    ]
    nobody = call(shopify, CREDIT, id="gid://shopify/StoreCreditAccount/1", given=money("0.00"))["userErrors"]
    assert nobody[0]["code"] == "ACCOUNT_NOT_FOUND"
    poor = call(shopify, DEBIT, id=account, given=money("9999.00", way="debit"))["userErrors"]
    assert poor[0]["code"] == "INSUFFICIENT_FUNDS"
    assert call(shopify, CREDIT, id="gid://shopify/Customer/1", given=money("1"))["userErrors"][0]["code"] == (
        "OWNER_NOT_FOUND"
    )


def test_currencies_shopify_only_answers_with_are_an_error(shopify: Sandbox, customer: str):
    answer = shopify.ask(CREDIT, id=customer, given=money("1.00", "XXX"))
    assert answer["errors"][0]["extensions"]["code"] == "CURRENCY_CODE_INVALID"
    assert answer["data"]["storeCreditAccountCredit"] is None


def test_a_gift_cards_code_is_readable_once(shopify: Sandbox, customer: str):
    given = {"initialAmount": {"amount": "25.00", "currencyCode": "USD"}, "customerId": customer}
    made = call(shopify, CARD, input=given)
    assert len(made["giftCardCode"]) == 16
    assert made["giftCard"]["lastCharacters"] == made["giftCardCode"][-4:]
    read = shopify.ask(
        "query($id: ID!) { giftCard(id: $id) { maskedCode balance { amount } customer { id } } }",
        id=made["giftCard"]["id"],
    )["data"]["giftCard"]
    assert read == {
        "maskedCode": f"•••• •••• •••• {made['giftCardCode'][-4:]}",
        "balance": {"amount": "25.0"},
        "customer": {"id": customer},
    }


def test_a_gift_cards_code_is_given_once(shopify: Sandbox):
    given = {"initialAmount": {"amount": "25.00", "currencyCode": "USD"}, "code": "THANKYOU2026"}
    assert call(shopify, CARD, input=given)["giftCardCode"] == "thankyou2026"
    assert call(shopify, CARD, input=given)["userErrors"][0]["code"] == "TAKEN"
    assert call(shopify, CARD, input={**given, "code": "short"})["userErrors"][0]["code"] == "TOO_SHORT"
    worthless = {"initialAmount": {"amount": "0", "currencyCode": "USD"}}
    assert call(shopify, CARD, input=worthless)["userErrors"][0]["code"] == "GREATER_THAN"
