"""Store credit: an account per customer and currency, credited and debited; words and codes of refusals as recorded."""

import sqlite3
from decimal import Decimal
from typing import Any

from graphql import GraphQLError

from sandbox import clock, customers, records
from sandbox.money import rounded
from sandbox.order_documents import number_of
from sandbox.store import Writing

Document = dict[str, Any]

ACCOUNT, MOVEMENT = "credit_account", "credit_movement"
# Recorded is that 100,000 is too much; where between it and nothing the line is differs by shop.
LIMIT = Decimal(15_000)
# Currencies Shopify answers with, but does not take.
RESULT_ONLY = ("USDC", "XXX")
WORDS = {
    "credit": "A positive amount must be used to credit a store credit account",
    "debit": "A positive amount must be used to debit a store credit account",
}


class Refused(Exception):
    """What the caller got wrong: the path of the input, the words, the code."""

    def __init__(self, field: list[str], message: str, code: str) -> None:
        super().__init__(message)
        self.shown = {"field": field, "message": message, "code": code}


def move(writing: Writing, shop: str, owner_gid: str, given: Document, way: str, event: str = "ADJUSTMENT") -> Document:
    """Credit or debit (``way``) an account, or the account a customer has in that currency; returns the movement."""
    money = given[f"{way}Amount"]
    currency = money["currencyCode"]
    if currency in RESULT_ONLY:
        text = f'CurrencyCode "{currency}" is invalid. It can only be used as a result and not as an input value.'
        raise GraphQLError(text, extensions={"code": "CURRENCY_CODE_INVALID"})
    account = _account(writing, shop, owner_gid, currency, way)
    expires_at = _moment(given.get("expiresAt"))
    if expires_at and expires_at <= clock.now():
        raise Refused(["creditInput", "expiresAt"], "The expiry date must be in the future", "EXPIRES_AT_IN_PAST")
    path = [f"{way}Input", f"{way}Amount"]
    amount = Decimal(str(money["amount"]))
    if not amount.is_finite() or amount <= 0:
        raise Refused([*path, "amount"], WORDS[way], "NEGATIVE_OR_ZERO_AMOUNT")
    if account["currency"] != currency:
        text = "The currency provided does not match the currency of the store credit account"
        raise Refused([*path, "currencyCode"], text, "MISMATCHING_CURRENCY")
    amount = rounded(amount if way == "credit" else -amount, currency)
    balance = Decimal(account["balance"]) + amount
    if balance > LIMIT:
        text = "The operation would cause the account's credit limit to be exceeded"
        raise Refused([*path, "amount"], text, "CREDIT_LIMIT_EXCEEDED")
    if balance < 0:
        text = "The store credit account does not have sufficient funds to satisfy the request"
        raise Refused([*path, "amount"], text, "INSUFFICIENT_FUNDS")
    account["balance"] = str(balance)
    records.keep(writing, shop, ACCOUNT, account)
    movement = {
        "id": writing.new_id(),
        "account_id": account["id"],
        "amount": str(amount),
        "balance": str(balance),
        "event": event,
        "expires_at": expires_at,
        "created_at": clock.now(),
    }
    records.keep(writing, shop, MOVEMENT, movement)
    return movement


def credit_refund(writing: Writing, order: Document, methods: list[Document]) -> None:
    """Put what a refund gives as store credit (``RefundMethodInput``s) on the customer's account; raises Refused."""
    for one in methods:
        if given := one.get("storeCreditRefund"):
            owner = f"gid://shopify/Customer/{order['customer']['id']}"
            credit = {"creditAmount": given["amount"], "expiresAt": given.get("expiresAt")}
            move(writing, order["shop"], owner, credit, "credit", "ORDER_REFUND")


def accounts_of(connection: sqlite3.Connection, shop: str, customer_id: int) -> list[Document]:
    """The accounts of one customer, oldest first."""
    return [one for one in records.every(connection, shop, ACCOUNT) if one["customer_id"] == customer_id]


def movements_of(connection: sqlite3.Connection, shop: str, account_id: int) -> list[Document]:
    """What happened on one account, oldest first."""
    return [one for one in records.every(connection, shop, MOVEMENT) if one["account_id"] == account_id]


def _account(writing: Writing, shop: str, owner_gid: str, currency: str, way: str) -> Document:
    number = number_of(owner_gid)
    if "/StoreCreditAccount/" in owner_gid:
        account = records.find(writing.connection, shop, ACCOUNT, number)
        if account is None:
            raise Refused(["id"], "Store credit account does not exist", "ACCOUNT_NOT_FOUND")
        return account
    if customers.by_id(writing.connection, shop, number) is None or number is None:
        if way == "debit":
            raise Refused(["id"], "Store credit account does not exist", "ACCOUNT_NOT_FOUND")
        raise Refused(["id"], "Owner does not exist", "OWNER_NOT_FOUND")
    for known in accounts_of(writing.connection, shop, number):
        if known["currency"] == currency:
            return known
    if way == "debit":
        raise Refused(["id"], "Store credit account does not exist", "ACCOUNT_NOT_FOUND")
    return {"id": writing.new_id(), "customer_id": number, "currency": currency, "balance": "0"}


def _moment(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return clock.kept(text)
    except ValueError:
        raise GraphQLError(f"Invalid DateTime: {text}") from None
