"""Customers, their store credit and gift cards as GraphQL sees them."""

import sqlite3
from decimal import Decimal
from typing import Any

from sandbox import clock, customers, metafields, store_credit
from sandbox.connections import page_of_list
from sandbox.line_bodies import full_name
from sandbox.money import in_graphql
from sandbox.order_documents import gid

Document = dict[str, Any]

GIFT_CARD = "gift_card"


def customer_fields(connection: sqlite3.Connection, shop: str, customer: Document) -> Document:
    """The fields of ``Customer``."""

    def accounts(info: Any, **asked: Any) -> Document:
        found = store_credit.accounts_of(connection, shop, customer["id"])
        return page_of_list([(one["id"], account_fields(connection, shop, one)) for one in found], **asked)

    return {
        "__typename": "Customer",
        "id": gid("Customer", customer["id"]),
        "legacyResourceId": str(customer["id"]),
        "firstName": customer["first_name"],
        "lastName": customer["last_name"],
        "defaultEmailAddress": {"emailAddress": customer["email"]} if customer["email"] else None,
        "defaultPhoneNumber": {"phoneNumber": customer["phone"]} if customer["phone"] else None,
        "displayName": full_name(customer) or customer["email"] or "",
        "numberOfOrders": str(customer["orders"]),
        "createdAt": clock.in_graphql(customer["created_at"]),
        "updatedAt": clock.in_graphql(customer["updated_at"]),
        "tags": customer.get("tags", []),
        "note": customer.get("note"),
        "locale": "en",
        "storeCreditAccounts": accounts,
        "metafield": lambda info, key, namespace="$app": metafields.shown(
            connection, customer["id"], "CUSTOMER", namespace, key
        ),
        "metafields": lambda info, **asked: metafields.page(connection, customer["id"], "CUSTOMER", **asked),
    }


def account_fields(connection: sqlite3.Connection, shop: str, account: Document) -> Document:
    """The fields of ``StoreCreditAccount``."""

    def owner(info: Any) -> Document | None:
        found = customers.by_id(connection, shop, account["customer_id"])
        return customer_fields(connection, shop, found) if found else None

    def movements(info: Any, **asked: Any) -> Document:
        found = store_credit.movements_of(connection, shop, account["id"])
        return page_of_list([(one["id"], movement_fields(connection, shop, account, one)) for one in found], **asked)

    return {
        "id": gid("StoreCreditAccount", account["id"]),
        "balance": money(account["balance"], account["currency"]),
        "owner": owner,
        "transactions": movements,
    }


def movement_fields(connection: sqlite3.Connection, shop: str, account: Document, movement: Document) -> Document:
    """The fields of ``StoreCreditAccountCreditTransaction`` and ``…DebitTransaction``."""
    currency = account["currency"]
    kind = f"StoreCreditAccount{'Debit' if movement['amount'].startswith('-') else 'Credit'}Transaction"
    return {
        "__typename": kind,
        "id": gid(kind, movement["id"]),
        "account": account_fields(connection, shop, account),
        "amount": money(movement["amount"], currency),
        "balanceAfterTransaction": money(movement["balance"], currency),
        "remainingAmount": money(movement["amount"], currency),
        "createdAt": clock.in_graphql(movement["created_at"]),
        "expiresAt": clock.in_graphql(movement["expires_at"]),
        "event": movement["event"],
    }


def gift_card_fields(connection: sqlite3.Connection, shop: str, card: Document) -> Document:
    """The fields of ``GiftCard``; its code is not among them."""
    amount = money(card["amount"], card["currency"])

    def customer(info: Any) -> Document | None:
        found = customers.by_id(connection, shop, card["customer_id"])
        return customer_fields(connection, shop, found) if found else None

    return {
        "id": gid("GiftCard", card["id"]),
        "balance": amount,
        "initialValue": amount,
        "createdAt": clock.in_graphql(card["created_at"]),
        "updatedAt": clock.in_graphql(card["created_at"]),
        "customer": customer,
        "deactivatedAt": None,
        "enabled": True,
        "expiresOn": card["expires_on"],
        "lastCharacters": card["last_characters"],
        "maskedCode": f"•••• •••• •••• {card['last_characters']}",
        "note": card["note"],
    }


def money(amount: str, currency: str) -> Document:
    """A ``MoneyV2``."""
    return {"amount": in_graphql(Decimal(amount), currency), "currencyCode": currency}
