"""Scopes: what a store lets us do, what each is for, and what does not work without it.

https://shopify.dev/docs/api/usage/access-scopes. A writing scope includes the reading one. What a topic needs is
Shopify's own list of its webhook topics.
"""

from dataclasses import dataclass

from django.utils import timezone

from integrations.models import Connection
from integrations.shopify import app_queries
from integrations.shopify.client import Shopify


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope. `topics`: subjects ("orders") or whole topics that it opens; several scopes may open the same.

    Without a required one orders cannot be kept the same; without another only its own features are missing. `asked`:
    whether the consent page may be asked for it; the rest is asked for in Shopify's dashboard.
    """

    handle: str
    purpose: str
    features: tuple[str, ...]
    topics: tuple[str, ...] = ()
    required: bool = False
    asked: bool = True


_FULFILLMENT_ORDERS = ("fulfillment_orders", "fulfillment_holds")

SCOPES = [
    Scope("read_orders", "Read orders, with their payments and refunds",
          ("synced orders", "claims"), ("orders", "refunds", "order_transactions"), required=True),
    Scope("read_customers", "Read who ordered",
          ("synced orders", "customer history in a claim"), ("customers",), required=True),
    Scope("read_products", "Read which product and variant a line is",
          ("synced orders", "replacements by variant"), ("products", "variants", "inventory_items"), required=True),
    Scope("read_fulfillments", "Read parcels and their tracking",
          ("tracking", "claims about late parcels"), ("fulfillments", "fulfillment_events"), required=True),
    Scope("read_merchant_managed_fulfillment_orders", "Read what is still to be sent from the merchant's own places",
          ("fulfilment",), _FULFILLMENT_ORDERS, required=True),
    Scope("read_returns", "Read returns", ("returns",), ("returns",), required=True),
    Scope("read_locations", "Read the places goods are sent from", ("fulfilment", "stock"), ("locations",),
          required=True),
    Scope("write_orders", "Place replacement orders, refund, cancel, and change addresses, notes and tags",
          ("replacements", "refunds", "changes of an order"), required=True),
    Scope("read_assigned_fulfillment_orders", "Read what is to be sent from places of this app",
          ("fulfilment",), _FULFILLMENT_ORDERS),
    Scope("read_third_party_fulfillment_orders", "Read what warehouses of others are to send",
          ("fulfilment",), _FULFILLMENT_ORDERS),
    Scope("read_inventory", "Read stock in each place", ("stock",), ("inventory_levels", "inventory_items")),
    Scope("read_shopify_payments_disputes", "Read chargebacks", ("chargebacks beside a claim",), ("disputes",)),
    Scope("read_draft_orders", "Read drafts that become orders", ("drafts",), ("draft_orders",)),
    Scope("read_customer_merge", "Learn when two customers become one", ("customer history in a claim",),
          ("customers/merge",)),
    Scope("write_order_edits", "Change the lines of an order", ("order edits",)),
    Scope("write_fulfillments", "Post scans of a parcel", ("tracking from partners",)),
    Scope("write_merchant_managed_fulfillment_orders", "Hold, move and fulfil what is to be sent",
          ("holds", "fulfilment from partners")),
    Scope("write_third_party_fulfillment_orders", "Hold and move what warehouses of others are to send", ("holds",)),
    Scope("write_returns", "Open returns", ("returns from a claim",)),
    Scope("write_inventory", "Correct stock", ("stock from partners",)),
    Scope("write_gift_cards", "Make gift cards", ("claims settled by gift card",)),
    Scope("write_customers", "Make a gift card out to a customer", ("claims settled by gift card",)),
    Scope("write_store_credit_account_transactions", "Give store credit", ("claims settled by store credit",)),
    Scope("read_all_orders", "Read orders older than 60 days", ("history", "claims about older orders"), asked=False),
]  # fmt: skip
WANTED = [scope.handle for scope in SCOPES if scope.asked]


def is_granted(handle: str, granted: list[str]) -> bool:
    """Whether these scopes include this one."""
    return handle in granted or (handle.startswith("read_") and f"write_{handle[5:]}" in granted)


def missing(connection: Connection) -> list[Scope]:
    """What the store has not granted, the required first; empty while it was never asked."""
    if connection.scopes_at is None:
        return []
    absent = [scope for scope in SCOPES if not is_granted(scope.handle, connection.scopes)]
    return sorted(absent, key=lambda scope: not scope.required)


def scopes_for(topic: str) -> list[str]:
    """The scopes of which a topic needs any one; empty when it needs none."""
    exact = [scope.handle for scope in SCOPES if topic in scope.topics]
    return exact or [scope.handle for scope in SCOPES if topic.split("/")[0] in scope.topics]


def is_open(topic: str, granted: list[str]) -> bool:
    """Whether a topic may be subscribed with these scopes."""
    needed = scopes_for(topic)
    return not needed or any(is_granted(handle, granted) for handle in needed)


def refresh_scopes(connection: Connection) -> list[Scope]:
    """Ask the store what it grants now, keep it, and return what is missing. Raises RetryLater or GiveUp."""
    installation = Shopify(connection).run(app_queries.INSTALLATION, {})["currentAppInstallation"]
    connection.scopes = sorted(scope["handle"] for scope in installation["accessScopes"])
    connection.scopes_at = timezone.now()
    connection.save(update_fields=["scopes", "scopes_at"])
    return missing(connection)
