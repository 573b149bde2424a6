"""Store credit and gift cards, asked for by id."""

import sqlite3
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox import records, store_credit
from sandbox.connections import page_of_list
from sandbox.customer_fields import GIFT_CARD, account_fields, gift_card_fields
from sandbox.order_documents import number_of
from sandbox.shops import Shop

Document = dict[str, Any]


def credit_queries(connection: sqlite3.Connection, shop: Shop, _: object) -> Document:
    """Resolvers by the name of the field."""

    def account(info: GraphQLResolveInfo, id: str) -> Document | None:
        found = records.find(connection, shop.domain, store_credit.ACCOUNT, number_of(id))
        return account_fields(connection, shop.domain, found) if found else None

    def card(info: GraphQLResolveInfo, id: str) -> Document | None:
        found = records.find(connection, shop.domain, GIFT_CARD, number_of(id))
        return gift_card_fields(connection, shop.domain, found) if found else None

    def cards(info: GraphQLResolveInfo, **asked: Any) -> Document:
        found = records.every(connection, shop.domain, GIFT_CARD)
        return page_of_list([(one["id"], gift_card_fields(connection, shop.domain, one)) for one in found], **asked)

    return {"storeCreditAccount": account, "giftCard": card, "giftCards": cards}
