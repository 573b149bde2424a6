"""Which metafields an app has defined."""

import sqlite3
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox import metafields, records
from sandbox.connections import page_of_list
from sandbox.shops import Shop

Document = dict[str, Any]


def own_data_queries(connection: sqlite3.Connection, shop: Shop, _: object) -> Document:
    """Resolvers by the name of the field."""

    def definitions(
        info: GraphQLResolveInfo, ownerType: str, namespace: str | None = None, key: str | None = None, **asked: Any
    ) -> Document:
        wanted = [
            (one["id"], metafields.definition_fields(one))
            for one in records.every(connection, shop.domain, metafields.DEFINITION)
            if one["owner_type"] == ownerType and namespace in (None, one["namespace"]) and key in (None, one["key"])
        ]
        return page_of_list(wanted, **asked)

    return {"metafieldDefinitions": definitions}
