"""Tags and metafields in the Admin API: of orders and of customers."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox import customers, kept_orders, metafields
from sandbox.announcing import Announcement
from sandbox.bodies import customer_body
from sandbox.order_documents import number_of
from sandbox.queries import Queries
from sandbox.shops import Shop
from sandbox.store import Store, Writing

Document = dict[str, Any]


class NoOwner(Exception):
    """There is no order and no customer with this gid."""


def own_data_mutations(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """Resolvers by the name of the field."""

    def node(gid: str) -> Document | None:
        return queries.customer(gid) if "/Customer/" in gid else queries.order(gid)

    def tag(gid: str, change: Callable[[list[str]], list[str]]) -> Document:
        try:
            with store.write() as writing, _owner(writing, shop, gid) as owner:
                owner["tags"] = sorted(change(owner.get("tags", [])), key=str.lower)
        except NoOwner:
            return {"node": None, "userErrors": [{"field": ["id"], "message": f"{gid} does not exist"}]}
        return {"node": node(gid), "userErrors": []}

    def add(info: GraphQLResolveInfo, id: str, tags: list[str]) -> Document:
        def added(before: list[str]) -> list[str]:
            known = {one.lower() for one in before}
            new = {one.lower(): one for one in _split(tags) if one.lower() not in known}
            return [*before, *new.values()]

        return tag(id, added)

    def remove(info: GraphQLResolveInfo, id: str, tags: list[str]) -> Document:
        unwanted = {one.lower() for one in _split(tags)}
        return tag(id, lambda before: [one for one in before if one.lower() not in unwanted])

    def put(info: GraphQLResolveInfo, **given: list[Document]) -> Document:
        try:
            with store.write() as writing:
                numbers = _set_all(writing, shop, given["metafields"])
        except _Element as problem:
            shown = {**problem.shown, "elementIndex": problem.position}
            return {"metafields": [], "userErrors": [shown]}
        return {"metafields": [_shown(queries.connection, one) for one in numbers], "userErrors": []}

    def define(info: GraphQLResolveInfo, definition: Document) -> Document:
        try:
            with store.write() as writing:
                made = metafields.define(writing, shop.domain, definition)
        except metafields.Refused as refusal:
            return {"createdDefinition": None, "userErrors": [refusal.shown]}
        return {"createdDefinition": metafields.definition_fields(made), "userErrors": []}

    return {"tagsAdd": add, "tagsRemove": remove, "metafieldsSet": put, "metafieldDefinitionCreate": define}


class _Element(Exception):
    """One of several metafields was refused: which, and why."""

    def __init__(self, position: int, shown: Document) -> None:
        super().__init__(position)
        self.position = position
        self.shown = shown


def _set_all(writing: Writing, shop: Shop, given: list[Document]) -> list[tuple[int, str, Document]]:
    """All or none; returns the owner, its type and the input of each."""
    numbers = []
    if len(given) > metafields.MOST_AT_ONCE:
        text = f"Exceeded the maximum metafields input limit of {metafields.MOST_AT_ONCE}."
        raise _Element(0, {"field": ["metafields"], "message": text, "code": "LESS_THAN_OR_EQUAL_TO"})
    for position, one in enumerate(given):
        path = ["metafields", str(position)]
        kind = "CUSTOMER" if "/Customer/" in one["ownerId"] else "ORDER"
        try:
            with _owner(writing, shop, one["ownerId"]) as owner:
                metafields.put(writing, shop.domain, owner["id"], kind, one, path)
        except metafields.Refused as refusal:
            raise _Element(position, refusal.shown) from None
        except NoOwner:
            shown = {"field": [*path, "ownerId"], "message": "Owner does not exist.", "code": "INVALID"}
            raise _Element(position, shown) from None
        numbers.append((owner["id"], kind, one))
    return numbers


def _shown(connection: sqlite3.Connection, one: tuple[int, str, Document]) -> Document | None:
    owner_id, kind, given = one
    namespace = given.get("namespace") or metafields.DEFAULT_NAMESPACE
    return metafields.shown(connection, owner_id, kind, namespace, given["key"])


@contextmanager
def _owner(writing: Writing, shop: Shop, gid: str) -> Iterator[Document]:
    """The order or customer with this gid, to be changed and announced; raises NoOwner."""
    number = number_of(gid)
    if "/Customer/" in gid:
        customer = customers.by_id(writing.connection, shop.domain, number)
        if customer is None:
            raise NoOwner(gid)
        yield customer
        changed = customers.keep(writing, customer)
        announcement = Announcement(writing, shop.domain, None)
        announcement.add("customers/update", lambda: customer_body(changed))
        return
    order = kept_orders.load(writing.connection, number)
    if order is None or order["shop"] != shop.domain or "/Order/" not in gid:
        raise NoOwner(gid)
    with kept_orders.within(writing, order["id"]) as order:
        yield order
        Announcement(writing, shop.domain, order["id"]).order(order, "orders/updated")


def _split(tags: list[str]) -> list[str]:
    """Tags may be given with commas between them."""
    return [tag.strip() for text in tags for tag in text.split(",") if tag.strip()]
