"""What an app may see: fields, mutations and topics that need a scope, and protected customer data.

A field whose scope is missing becomes null and adds an ACCESS_DENIED error beside the data, as at Shopify
(https://shopify.dev/docs/api/usage/access-scopes). Only the fields named here pay for being watched.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    default_field_resolver,
)

from sandbox import schema

SCOPES_PAGE = "https://shopify.dev/api/usage/access-scopes"
PROTECTED_PAGE = "https://shopify.dev/docs/apps/launch/protected-customer-data"

FULFILLMENT_ORDERS = ("merchant_managed_fulfillment_orders", "assigned_fulfillment_orders",
                      "third_party_fulfillment_orders")  # fmt: skip

# Type → (fields, what is needed: any one of these scopes, written without read_).
READ: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("QueryRoot", ("order", "orders", "ordersCount", "orderByIdentifier", "refund"), ("orders",)),
    ("QueryRoot", ("fulfillment",), ("fulfillments", "orders", *FULFILLMENT_ORDERS)),
    ("QueryRoot", ("customer", "customers", "customerByIdentifier", "customersCount"), ("customers",)),
    ("QueryRoot", ("product", "products", "productVariant", "productVariants", "productsCount"), ("products",)),
    (
        "QueryRoot",
        ("return", "returnableFulfillments", "returnableFulfillment", "returnReasonDefinitions"),
        ("returns",),
    ),
    ("QueryRoot", ("fulfillmentOrder", "fulfillmentOrders"), FULFILLMENT_ORDERS),
    ("QueryRoot", ("assignedFulfillmentOrders",), ("assigned_fulfillment_orders",)),
    ("QueryRoot", ("inventoryItem", "inventoryItems", "inventoryLevel"), ("inventory", "products")),
    ("QueryRoot", ("location", "locations", "locationsCount"), ("locations",)),
    ("QueryRoot", ("draftOrder", "draftOrders"), ("draft_orders",)),
    ("QueryRoot", ("dispute", "disputes"), ("shopify_payments_disputes",)),
    ("QueryRoot", ("giftCard", "giftCards"), ("gift_cards",)),
    ("QueryRoot", ("storeCreditAccount",), ("store_credit_accounts",)),
    ("Order", ("customer",), ("customers",)),
    ("Order", ("returns",), ("returns", "orders")),
    ("Order", ("fulfillmentOrders",), FULFILLMENT_ORDERS),
    ("Order", ("disputes",), ("shopify_payments_disputes",)),
    ("LineItem", ("variant", "product"), ("products",)),
    ("DraftOrder", ("customer",), ("customers",)),
    ("DraftOrder", ("order",), ("orders",)),
    ("Customer", ("orders", "lastOrder"), ("orders",)),
    ("Refund", ("return",), ("returns", "orders")),
    ("Fulfillment", ("location",), ("locations", "fulfillments", *FULFILLMENT_ORDERS)),
    ("RefundLineItem", ("location",), ("locations", "orders")),
    ("GiftCard", ("customer",), ("customers",)),
    ("ProductVariant", ("inventoryItem",), ("inventory", "products")),
)

# How mutations begin → any one of these scopes, written without write_; the first that fits counts.
WRITE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("orderEdit", ("order_edits",)),
    ("order", ("orders",)),
    ("refundCreate", ("orders",)),
    ("return", ("returns",)),
    ("reverse", ("returns",)),
    ("removeFromReturn", ("returns",)),
    ("fulfillmentCreate", FULFILLMENT_ORDERS),
    ("fulfillmentEventCreate", ("fulfillments",)),
    ("fulfillmentOrder", FULFILLMENT_ORDERS),
    ("fulfillment", ("fulfillments", *FULFILLMENT_ORDERS)),
    ("inventory", ("inventory",)),
    ("draftOrder", ("draft_orders",)),
    ("customer", ("customers",)),
    ("giftCard", ("gift_cards",)),
    ("storeCreditAccount", ("store_credit_account_transactions",)),
    ("product", ("products",)),
)

# A topic's subject → any one of these scopes (the published list of topics, 2026-04); other topics need none.
TOPICS: dict[str, tuple[str, ...]] = {
    "orders": ("orders",),
    "refunds": ("orders",),
    "order_transactions": ("orders",),
    "returns": ("returns",),
    "fulfillments": ("fulfillments",),
    "fulfillment_events": ("fulfillments",),
    "fulfillment_orders": FULFILLMENT_ORDERS,
    "fulfillment_holds": FULFILLMENT_ORDERS,
    "inventory_levels": ("inventory",),
    "inventory_items": ("inventory", "products"),
    "products": ("products",),
    "variants": ("products",),
    "customers": ("customers",),
    "disputes": ("shopify_payments_disputes",),
    "draft_orders": ("draft_orders",),
    "locations": ("locations",),
}
TOPICS_OF_THEIR_OWN = {"customers/merge": ("customer_merge",)}

# Name, address, phone and e-mail: https://shopify.dev/docs/apps/launch/protected-customer-data, level 2.
ADDRESS = ("firstName", "lastName", "name", "company", "address1", "address2", "city", "zip", "phone", "latitude",
           "longitude", "formatted")  # fmt: skip
PROTECTED: dict[str, tuple[str, ...]] = {
    "Order": ("email", "phone"),
    "DraftOrder": ("email", "phone"),
    "Customer": ("firstName", "lastName", "displayName", "defaultEmailAddress", "defaultPhoneNumber"),
    "MailingAddress": ADDRESS,
    "FulfillmentOrderDestination": (*ADDRESS, "email"),
    "FulfillmentEvent": ("city", "zip", "address1", "latitude", "longitude"),
}
PROTECTED_SUBJECTS = ("orders", "refunds", "returns", "fulfillments", "customers", "draft_orders",
                      "fulfillment_orders", "order_transactions")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Access:
    """What one request may do, the API version that answers it, and where the stand-in is (``http://…``).

    It is every resolver's ``info.context``.
    """

    scopes: frozenset[str]
    protected_data: bool
    version: str
    address: str

    def may(self, kind: str, any_of: tuple[str, ...]) -> bool:
        """Whether one of these is granted; ``kind`` is read or write, and writing includes reading."""
        kinds = ("read", "write") if kind == "read" else (kind,)
        return any(f"{one}_{scope}" in self.scopes for one in kinds for scope in any_of)


def guarded(whole: GraphQLSchema) -> GraphQLSchema:
    """The schema with its guarded fields watched."""
    for type_name, names, any_of in READ:
        for name, field in _fields(whole, type_name, names):
            _require(name, field, "read", any_of)
    mutations = whole.mutation_type
    for name, field in mutations.fields.items() if mutations else ():
        needed = next((any_of for beginning, any_of in WRITE if name.startswith(beginning)), None)
        if needed:
            _require(name, field, "write", needed)
    for type_name, names in PROTECTED.items():
        for name, field in _fields(whole, type_name, names):
            _protect(name, field)
    return whole


def topic_problem(access: Access, topic: str) -> str | None:
    """Why the app may not subscribe to a topic (``orders/create``), or None when it may."""
    subject = topic.partition("/")[0]
    needed = TOPICS_OF_THEIR_OWN.get(topic) or TOPICS.get(subject)
    if needed and not access.may("read", needed):
        return f"You do not have permission to create or update webhooks with {topic} topic"
    if subject in PROTECTED_SUBJECTS and not access.protected_data:
        return (
            "This app is not approved to subscribe to webhook topics containing protected customer data."
            f" See {PROTECTED_PAGE} for more details."
        )
    return None


def _fields(whole: GraphQLSchema, type_name: str, names: tuple[str, ...]) -> Iterator[tuple[str, GraphQLField]]:
    kind = whole.get_type(type_name)
    if isinstance(kind, GraphQLObjectType):
        for name in names:
            if name in kind.fields:
                yield name, kind.fields[name]


def _require(name: str, field: GraphQLField, kind: str, any_of: tuple[str, ...]) -> None:
    words = " or ".join(f"`{kind}_{scope}` access scope" for scope in any_of)

    def resolve(source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        if not info.context.may(kind, any_of):
            raise _denied(f"Access denied for {name} field. Required access: {words}.", words)
        return default_field_resolver(source, info, **given)

    field.resolve = resolve


def _protect(name: str, field: GraphQLField) -> None:
    def resolve(source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        if info.context.protected_data:
            return default_field_resolver(source, info, **given)
        if isinstance(field.type, GraphQLNonNull):
            raise _denied(f"This app is not approved to use the {name} field. See {PROTECTED_PAGE} for more details.")
        return None

    field.resolve = resolve


def _denied(message: str, required: str | None = None) -> GraphQLError:
    more = {"requiredAccess": required} if required else {}
    return GraphQLError(message, extensions={"code": "ACCESS_DENIED", "documentation": SCOPES_PAGE, **more})


SCHEMA = guarded(schema.read())
