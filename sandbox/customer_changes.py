"""Customers change: another e-mail address, another name; two of them turn out to be one; one is deleted."""

import json
from typing import Any

from sandbox import customers
from sandbox.announcing import Announcement
from sandbox.bodies import customer_body
from sandbox.placing import Impossible
from sandbox.shops import Shop
from sandbox.store import Store, Writing

Document = dict[str, Any]

TEXTS = ("email", "first_name", "last_name", "phone", "note")
CHANGEABLE = (*TEXTS, "tags")


class NoSuchCustomer(Impossible):
    """There is no customer with this id."""


def change(store: Store, shop: Shop, customer_id: int, changes: Document) -> Document:
    """Change the given fields (names of webhook bodies); returns the customer. Raises Impossible."""
    wanted = {name: changes[name] for name in CHANGEABLE if name in changes}
    with store.write() as writing:
        customer = _known(writing, shop, customer_id)
        email = wanted.get("email")
        other = customers.by_email(writing.connection, shop.domain, email) if email else None
        if other is not None and other["id"] != customer_id:
            raise Impossible("Email has already been taken")
        if not wanted:
            raise Impossible(f"Give at least one of {', '.join(CHANGEABLE)}")
        changed = customers.keep(writing, {**customer, **wanted})
        Announcement(writing, shop.domain, None).add("customers/update", lambda: customer_body(changed))
    return changed


def delete(store: Store, shop: Shop, customer_id: int) -> None:
    """Delete a customer who never ordered; Shopify keeps the others. Raises Impossible."""
    with store.write() as writing:
        customer = _known(writing, shop, customer_id)
        if customer["orders"]:
            raise Impossible("A customer with orders cannot be deleted")
        _remove(writing, customer)
        Announcement(writing, shop.domain, None).add("customers/delete", lambda: deleted_body(customer))


def merge(store: Store, shop: Shop, kept_id: int, other_id: int) -> Document:
    """Make two customers one: the other's orders become the kept one's; returns the kept. Raises Impossible."""
    if kept_id == other_id:
        raise Impossible("A customer cannot be merged with themselves")
    with store.write() as writing:
        kept, other = _known(writing, shop, kept_id), _known(writing, shop, other_id)
        merged = {**kept, "orders": kept["orders"] + other["orders"]}
        for name in ("email", "phone", "first_name", "last_name", "address", "last_order"):
            merged[name] = kept.get(name) or other.get(name)
        writing.connection.execute(
            "UPDATE orders SET document = json_set(document, '$.customer', json(?))"
            " WHERE json_extract(document, '$.customer.id') = ?",
            (json.dumps(merged), other_id),
        )
        _remove(writing, other)
        changed = customers.keep(writing, merged)
        announcement = Announcement(writing, shop.domain, None)
        announcement.add("customers/merge", lambda: merged_body(kept_id, other_id))
        announcement.add("customers/update", lambda: customer_body(changed))
    return changed


def deleted_body(customer: Document) -> Document:
    """``customers/delete``: who it was is not said any more."""
    return {
        "id": customer["id"],
        "phone": customer["phone"],
        "addresses": [],
        "accepts_marketing_updated_at": None,
        "marketing_opt_in_level": None,
        "tax_exemptions": [],
        "email_marketing_consent": None,
        "sms_marketing_consent": None,
        "admin_graphql_api_id": f"gid://shopify/Customer/{customer['id']}",
    }


def merged_body(kept_id: int, other_id: int) -> Document:
    """``customers/merge``."""
    return {
        "admin_graphql_api_customer_kept_id": f"gid://shopify/Customer/{kept_id}",
        "admin_graphql_api_customer_deleted_id": f"gid://shopify/Customer/{other_id}",
        "admin_graphql_api_job_id": None,
        "status": "completed",
        "errors": [],
    }


def _known(writing: Writing, shop: Shop, customer_id: int) -> Document:
    found = customers.by_id(writing.connection, shop.domain, customer_id)
    if found is None:
        raise NoSuchCustomer(f"There is no customer {customer_id}")
    return found


def _remove(writing: Writing, customer: Document) -> None:
    writing.connection.execute("DELETE FROM customers WHERE id = ?", (customer["id"],))
    writing.connection.execute("DELETE FROM metafields WHERE order_id = ?", (customer["id"],))
