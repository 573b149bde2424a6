"""The questions the Admin API answers: the fields of ``QueryRoot``."""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError

from sandbox import (
    app_settings,
    bulk_api,
    catalogue,
    clock,
    customers,
    disputes,
    fulfillment_queries,
    installations,
    jobs,
    kept_orders,
    records,
    stock_queries,
    subscriptions,
    versions,
)
from sandbox.connections import Place, page, page_of_list, page_size, read_cursor
from sandbox.credit_queries import credit_queries
from sandbox.customer_fields import customer_fields
from sandbox.draft_queries import draft_queries
from sandbox.order_documents import gid, number_of
from sandbox.order_fields import (
    OWN_APP,
    fulfillment_with,
    order_fields,
    refund_with,
)
from sandbox.own_data_queries import own_data_queries
from sandbox.return_queries import return_queries
from sandbox.search import conditions
from sandbox.shops import Shop
from sandbox.stock_fields import stocked_variant

Document = dict[str, Any]

# Further fields of QueryRoot, one module a theme: each makes (connection, shop, queries) → resolvers by name.
PARTS: tuple[Callable[[sqlite3.Connection, Shop, "Queries"], Document], ...] = (
    bulk_api.queries,
    credit_queries,
    draft_queries,
    own_data_queries,
    fulfillment_queries.fields,
    return_queries,
    stock_queries.fields,
)

# What orders can be sorted by here; the other keys of OrderSortKeys fall back to the order's creation.
SORT_COLUMNS = {"UPDATED_AT": "updated_at", "ID": "id"}


class Queries:
    """Answers for one shop, read through one connection."""

    def __init__(self, connection: sqlite3.Connection, shop: Shop) -> None:
        self._connection = connection
        self._shop = shop

    @property
    def connection(self) -> sqlite3.Connection:
        """What is read through; it sees what a mutation has just committed."""
        return self._connection

    def fields(self) -> Document:
        """Resolvers by the name of the field."""
        fields: Document = {
            "currentAppInstallation": lambda info: self._installation(),
            "customer": lambda info, id: self.customer(id),
            "dispute": lambda info, id: self._dispute(_number(id)),
            "disputes": lambda info, **asked: disputes.page(self._connection, self._shop.domain, self.order, **asked),
            "events": lambda info, **asked: self._events(**asked),
            "fulfillment": lambda info, id: self._part(id, "fulfillments"),
            "refund": lambda info, id: self.refund(id),
            "job": lambda info, id: self._job(id),
            "order": lambda info, id: self.order(id),
            "orderByIdentifier": lambda info, identifier: self._order_by_identifier(identifier),
            "orders": lambda info, **asked: self._orders(**asked),
            "ordersCount": lambda info, query=None, limit=10_000: self._count(query, limit),
            "publicApiVersions": lambda info: [versions.fields(one) for one in versions.PUBLISHED],
            "productVariant": lambda info, id: self._variant(catalogue.by_id(_number(id))),
            "productVariants": lambda info, **asked: self._variants(**asked),
            "shop": lambda info: self._about_shop(),
            "webhookSubscription": lambda info, id: self.subscription(_number(id)),
            "webhookSubscriptions": lambda info, **asked: self._subscriptions(**asked),
        }
        for part in PARTS:
            fields |= part(self._connection, self._shop, self)
        return fields

    def order(self, order_gid: str) -> Document | None:
        """One order of this shop."""
        return self._shown(kept_orders.load(self._connection, _number(order_gid)))

    def refund(self, refund_gid: str) -> Document | None:
        """One refund of this shop."""
        return self._part(refund_gid, "refunds")

    def customer(self, customer_gid: str) -> Document | None:
        """One customer of this shop."""
        found = customers.by_id(self._connection, self._shop.domain, _number(customer_gid))
        return customer_fields(self._connection, self._shop.domain, found) if found else None

    def subscription(self, subscription_id: int | None) -> Document | None:
        """One webhook subscription of this shop."""
        found = subscriptions.by_id(self._connection, self._shop.domain, subscription_id)
        return subscription_fields(found, app_settings.webhook_version(self._connection)) if found else None

    def _job(self, job_gid: str) -> Document | None:
        found = jobs.find(self._connection, self._shop.domain, job_gid)
        return {"id": found.gid, "done": found.done} if found else None

    def _shown(self, order: Document | None) -> Document | None:
        if order is None or order["shop"] != self._shop.domain:
            return None
        return order_fields(self._connection, order)

    def _part(self, part_gid: str, name: str) -> Document | None:
        number = _number(part_gid)
        order = kept_orders.with_part(self._connection, number)
        if order is None or order["shop"] != self._shop.domain:
            return None
        shown = fulfillment_with(self._connection) if name == "fulfillments" else refund_with(self._connection)
        return next((shown(part, order) for part in order[name] if part["id"] == number), None)

    def _order_by_identifier(self, identifier: Document) -> Document | None:
        if identifier.get("id"):
            return self.order(identifier["id"])
        custom = identifier.get("customId")
        if not custom:
            raise GraphQLError("identifier must have an id or a customId")
        row = self._connection.execute(
            "SELECT order_id FROM metafields"
            " WHERE type = 'id' AND shop = ? AND namespace = ? AND key = ? AND value = ?",
            (self._shop.domain, custom.get("namespace") or "$app", custom["key"], custom["value"]),
        ).fetchone()
        return self._shown(kept_orders.load(self._connection, row["order_id"])) if row else None

    def _orders(
        self,
        first: int | None = None,
        after: str | None = None,
        query: str | None = None,
        sortKey: str = "PROCESSED_AT",
        reverse: bool = False,
    ) -> Document:
        size = page_size(first)
        wanted = conditions(query)
        wanted.add("shop = ?", self._shop.domain)
        column = SORT_COLUMNS.get(sortKey, "created_at")
        way, beyond = ("DESC", "<") if reverse else ("ASC", ">")
        if after is not None:
            place = read_cursor(after)
            wanted.sql.append(f"({column}, id) {beyond} (?, ?)")
            wanted.values += [place.id if column == "id" else place.value, place.id]
        rows = self._connection.execute(
            f"SELECT id, {column} AS value, document FROM orders WHERE {' AND '.join(wanted.sql)}"  # noqa: S608
            f" ORDER BY {column} {way}, id {way} LIMIT ?",
            (*wanted.values, size + 1),
        ).fetchall()
        found = [
            (Place(row["id"], str(row["value"])), order_fields(self._connection, json.loads(row["document"])))
            for row in rows[:size]
        ]
        return page(found, has_next=len(rows) > size, has_previous=after is not None)

    def _count(self, query: str | None, limit: int | None) -> Document:
        wanted = conditions(query)
        wanted.add("shop = ?", self._shop.domain)
        sql = f"SELECT count(*) FROM orders WHERE {' AND '.join(wanted.sql)}"  # noqa: S608
        count = int(self._connection.execute(sql, wanted.values).fetchone()[0])
        if limit is not None and count > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": count, "precision": "EXACT"}

    def _dispute(self, number: int) -> Document | None:
        found = records.find(self._connection, self._shop.domain, disputes.DISPUTE, number)
        if found is None:
            return None
        return disputes.dispute_fields(found, lambda info: self.order(gid("Order", found["order_id"])))

    def _events(self, first: int | None = None, query: str | None = None, **asked: Any) -> Document:
        """Only deletions of orders are remembered as events here."""
        wanted = conditions(" ".join(term for term in (query or "").split() if term.startswith("created_at")))
        rows = self._connection.execute(
            f"SELECT * FROM deletions WHERE {' AND '.join(['shop = ?', *wanted.sql])} ORDER BY id",  # noqa: S608
            (self._shop.domain, *wanted.values),
        )
        every = [
            (
                row["id"],
                {
                    "__typename": "BasicEvent",
                    "id": gid("BasicEvent", row["id"]),
                    "action": "destroy",
                    "createdAt": clock.in_graphql(row["created_at"]),
                    "message": f"Order {row['name']} was deleted ({gid('Order', row['order_id'])}).",
                    "subjectId": gid("Order", row["order_id"]),
                },
            )
            for row in rows
        ]
        return page_of_list(every, first=first, **asked)

    def _variants(self, first: int | None = None, query: str | None = None, **asked: Any) -> Document:
        sku = (query or "").removeprefix("sku:").strip("'\"")
        every = [(one.id, self._variant(one)) for one in catalogue.VARIANTS if sku in ("", one.sku)]
        return page_of_list(every, first=first, **asked)

    def _variant(self, variant: catalogue.Variant | None) -> Document | None:
        if variant is None:
            return None
        return stocked_variant(self._connection, self._shop.domain, variant)

    def _subscriptions(
        self, first: int | None = None, topics: list[str] | None = None, uri: str | None = None, **asked: Any
    ) -> Document:
        version = app_settings.webhook_version(self._connection)
        every = [
            (one.id, subscription_fields(one, version))
            for one in subscriptions.of_shop(self._connection, self._shop.domain)
            if (not topics or subscriptions.enum_of(one.topic) in topics) and uri in (None, one.uri)
        ]
        asked.pop("query", None)
        return page_of_list(every, first=first, **asked)

    def _installation(self) -> Document:
        granted = installations.of(self._connection, self._shop.domain).scopes
        return {
            "id": gid("AppInstallation", 510_000_001),
            "accessScopes": [{"handle": scope} for scope in granted],
            "app": {"id": OWN_APP["id"], "handle": "back-office"},
        }

    def _about_shop(self) -> Document:
        shop = self._shop
        return {
            "id": gid("Shop", shop.id),
            "name": shop.name,
            "myshopifyDomain": shop.domain,
            "currencyCode": shop.currency,
            "ianaTimezone": clock.SHOP_ZONE_NAME,
            "timezoneAbbreviation": "EST",
            "createdAt": clock.in_graphql(shop.created_at),
            "email": f"owner@{shop.domain}",
            "contactEmail": f"hello@{shop.domain}",
            "url": f"https://{shop.domain}",
            "primaryDomain": {"id": gid("Domain", shop.id), "host": shop.domain, "url": f"https://{shop.domain}"},
            "weightUnit": "GRAMS",
            "shopAddress": {"country": "United States", "countryCodeV2": "US"},
            "plan": {"publicDisplayName": "Development", "shopifyPlus": False, "partnerDevelopment": True},
        }


def subscription_fields(subscription: subscriptions.Subscription, version: str) -> Document:
    """The fields of ``WebhookSubscription``; the API version is the app's, the same for all."""
    return {
        "id": gid("WebhookSubscription", subscription.id),
        "legacyResourceId": str(subscription.id),
        "topic": subscriptions.enum_of(subscription.topic),
        "name": subscription.name,
        "uri": subscription.uri,
        "filter": subscription.filter,
        "includeFields": subscription.include_fields,
        "metafieldNamespaces": subscription.namespaces,
        "format": subscription.format,
        "createdAt": clock.in_graphql(subscription.created_at),
        "updatedAt": clock.in_graphql(subscription.updated_at),
        "apiVersion": versions.fields(version),
    }


def _number(text: str) -> int:
    number = number_of(text)
    if number is None:
        raise GraphQLError(f"Invalid global id '{text}'")
    return number
