"""``storeCreditAccountCredit``, ``…Debit`` and ``giftCardCreate``."""

import hashlib
import secrets
import string
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox import clock, customers, records, store_credit
from sandbox.customer_fields import GIFT_CARD, gift_card_fields, movement_fields
from sandbox.order_documents import number_of
from sandbox.queries import Queries
from sandbox.shops import Shop
from sandbox.store import Store, Writing

Document = dict[str, Any]

LETTERS = string.ascii_lowercase + string.digits
SHORTEST_CODE, LONGEST_CODE = 8, 20


def credit_mutations(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """Resolvers by the name of the field."""

    def moving(way: str) -> Callable[..., Document]:
        def move(info: GraphQLResolveInfo, id: str, **given: Document) -> Document:
            try:
                with store.write() as writing:
                    moved = store_credit.move(writing, shop.domain, id, given[f"{way}Input"], way)
            except store_credit.Refused as refusal:
                return {"storeCreditAccountTransaction": None, "userErrors": [refusal.shown]}
            with store.read() as connection:
                account = records.find(connection, shop.domain, store_credit.ACCOUNT, moved["account_id"])
            assert account is not None
            shown = movement_fields(queries.connection, shop.domain, account, moved)
            return {"storeCreditAccountTransaction": shown, "userErrors": []}

        return move

    def create(info: GraphQLResolveInfo, input: Document) -> Document:
        try:
            with store.write() as writing:
                made, code = _new_card(writing, shop, input)
        except store_credit.Refused as refusal:
            return {"giftCard": None, "giftCardCode": None, "userErrors": [refusal.shown]}
        # Only here: afterwards nobody can read more than its last four characters.
        shown = gift_card_fields(queries.connection, shop.domain, made)
        return {"giftCard": shown, "giftCardCode": code, "userErrors": []}

    return {
        "storeCreditAccountCredit": moving("credit"),
        "storeCreditAccountDebit": moving("debit"),
        "giftCardCreate": create,
    }


def _new_card(writing: Writing, shop: Shop, given: Document) -> tuple[Document, str]:
    amount = given.get("initialAmount")
    if amount is None:
        raise store_credit.Refused(["input", "initialAmount"], "Initial amount is required", "MISSING_ARGUMENT")
    value = Decimal(str(amount["amount"]))
    if not value.is_finite() or value <= 0:
        raise store_credit.Refused(["input", "initialAmount"], "Initial amount must be greater than 0", "GREATER_THAN")
    customer_id = number_of(given["customerId"]) if given.get("customerId") else None
    if given.get("customerId") and customers.by_id(writing.connection, shop.domain, customer_id) is None:
        raise store_credit.Refused(["input", "customerId"], "The customer could not be found.", "CUSTOMER_NOT_FOUND")
    code = (given.get("code") or "".join(secrets.choice(LETTERS) for _ in range(16))).lower()
    if not SHORTEST_CODE <= len(code) <= LONGEST_CODE:
        too = "TOO_SHORT" if len(code) < SHORTEST_CODE else "TOO_LONG"
        text = f"Code must be {SHORTEST_CODE} to {LONGEST_CODE} characters long"
        raise store_credit.Refused(["input", "code"], text, too)
    digest = hashlib.sha256(code.encode()).hexdigest()
    if any(one["digest"] == digest for one in records.every(writing.connection, shop.domain, GIFT_CARD)):
        raise store_credit.Refused(["input", "code"], "Code has already been taken", "TAKEN")
    card = {
        "id": writing.new_id(),
        "amount": str(value),
        "currency": amount["currencyCode"],
        "customer_id": customer_id,
        "note": given.get("note"),
        "expires_on": given.get("expiresOn"),
        "last_characters": code[-4:],
        "digest": digest,
        "created_at": clock.now(),
    }
    records.keep(writing, shop.domain, GIFT_CARD, card)
    return card, code
