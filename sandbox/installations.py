"""Where the app is installed and what the merchant allowed it there.

A shop nobody uninstalled or restricted has no row: the app is installed with all its scopes, as before OAuth.
"""

import json
import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from sandbox import clock, subscriptions
from sandbox.announcing import Announcement
from sandbox.shop_bodies import shop_body
from sandbox.shops import Shop
from sandbox.store import Writing

# All the app asks for. Shopify adds the reading half to every writing scope.
SCOPES = (
    "read_customers", "write_customers", "read_fulfillments", "write_fulfillments", "read_inventory",
    "write_inventory", "read_locations", "read_orders", "write_orders", "read_all_orders", "read_order_edits",
    "write_order_edits", "read_products", "write_products", "read_returns", "write_returns",
    "read_merchant_managed_fulfillment_orders", "write_merchant_managed_fulfillment_orders",
    "read_assigned_fulfillment_orders", "write_assigned_fulfillment_orders",
    "read_third_party_fulfillment_orders", "write_third_party_fulfillment_orders", "read_draft_orders",
    "write_draft_orders", "read_shopify_payments_disputes", "read_customer_merge", "read_gift_cards",
    "write_gift_cards", "read_store_credit_accounts", "read_store_credit_account_transactions",
    "write_store_credit_account_transactions",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Installation:
    """The app in one shop. ``static_token``: the old token that never expires still opens the API."""

    shop: str
    scopes: tuple[str, ...] = SCOPES
    installed: bool = True
    static_token: bool = True
    protected_data: bool = True


def of(connection: sqlite3.Connection, shop: str) -> Installation:
    """The installation in this shop."""
    row = connection.execute("SELECT * FROM installations WHERE shop = ?", (shop,)).fetchone()
    if row is None:
        return Installation(shop)
    flags = (bool(row[name]) for name in ("installed", "static_token", "protected_data"))
    return Installation(shop, tuple(json.loads(row["scopes"])), *flags)


def install(writing: Writing, shop: Shop, scopes: tuple[str, ...]) -> None:
    """The merchant accepts the app with these scopes; a change of them is announced."""
    known = of(writing.connection, shop.domain)
    if known.installed:
        set_scopes(writing, shop, scopes)
    else:
        _keep(writing, replace(known, installed=True, scopes=scopes))


def restore_static_token(writing: Writing, shop: Shop) -> None:
    """Install again as a merchant-made app of old: its token works as it did."""
    known = of(writing.connection, shop.domain)
    _keep(writing, replace(known, installed=True, static_token=True, scopes=known.scopes or SCOPES))


def set_scopes(writing: Writing, shop: Shop, scopes: tuple[str, ...]) -> None:
    """Grant exactly these scopes and say so in app/scopes_update."""
    known = of(writing.connection, shop.domain)
    if set(scopes) == set(known.scopes):
        return
    _keep(writing, replace(known, scopes=scopes))
    body = {
        "id": shop.id,
        "previous": list(known.scopes),
        "current": list(scopes),
        "updated_at": clock.in_webhooks(clock.now()),
    }
    Announcement(writing, shop.domain, None).add("app/scopes_update", lambda: body)


def protect_data(writing: Writing, shop: Shop, readable: bool) -> None:
    """Whether Shopify approved the app for protected customer data."""
    _keep(writing, replace(of(writing.connection, shop.domain), protected_data=readable))


def uninstall(writing: Writing, shop: Shop) -> None:
    """The merchant removes the app: its tokens die, its subscriptions go, app/uninstalled is the last it hears."""
    body: dict[str, Any] = shop_body(shop)
    Announcement(writing, shop.domain, None).add("app/uninstalled", lambda: body)
    _keep(writing, replace(of(writing.connection, shop.domain), installed=False, static_token=False))
    writing.connection.execute("DELETE FROM tokens WHERE shop = ?", (shop.domain,))
    for subscription in subscriptions.of_shop(writing.connection, shop.domain):
        subscriptions.remove(writing, subscription.id)


def with_reading(scopes: list[str]) -> tuple[str, ...]:
    """What is granted when these are asked for: every writing scope brings its reading half along."""
    granted = dict.fromkeys(scopes)
    granted |= {f"read_{scope.removeprefix('write_')}": None for scope in scopes if scope.startswith("write_")}
    return tuple(granted)


def _keep(writing: Writing, one: Installation) -> None:
    writing.connection.execute(
        "INSERT OR REPLACE INTO installations VALUES (?, ?, ?, ?, ?)",
        (one.shop, json.dumps(one.scopes), one.installed, one.static_token, one.protected_data),
    )
