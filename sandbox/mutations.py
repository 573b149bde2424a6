"""The changes the Admin API takes: the fields of ``Mutation``. What was wrong is told in ``userErrors``."""

from collections.abc import Callable
from typing import Any

from sandbox import (
    access,
    bulk_api,
    cancelling,
    changing,
    fulfillment_mutations,
    order_create,
    parcel_mutations,
    stock_mutations,
    subscriptions,
)
from sandbox.address_checks import address_problems, phone_is_valid
from sandbox.credit_mutations import credit_mutations
from sandbox.draft_mutations import draft_mutations
from sandbox.edit_mutations import edit_mutations
from sandbox.money_mutations import money_mutations
from sandbox.order_documents import gid, number_of
from sandbox.own_data_mutations import own_data_mutations
from sandbox.places import address_of
from sandbox.program import running
from sandbox.queries import Queries
from sandbox.return_mutations import return_mutations
from sandbox.shops import Shop
from sandbox.store import Store

Document = dict[str, Any]

Resolvers = dict[str, Callable[..., Document]]

# Further fields of Mutation, one module a theme: each makes (store, shop, queries) → resolvers by name.
PARTS: tuple[Callable[[Store, Shop, Queries], Resolvers], ...] = (
    bulk_api.mutations,
    cancelling.mutations,
    credit_mutations,
    draft_mutations,
    edit_mutations,
    fulfillment_mutations.fields,
    money_mutations,
    own_data_mutations,
    parcel_mutations.fields,
    return_mutations,
    stock_mutations.fields,
)

# Fields of OrderInput and what they are called inside an order document.
PLAIN_FIELDS = {"note": "note", "tags": "tags", "email": "email", "phone": "phone", "poNumber": "po_number"}


class Mutations:
    """Changes for one shop; what they return is read by ``queries``."""

    def __init__(self, store: Store, shop: Shop, queries: Queries) -> None:
        self._store = store
        self._shop = shop
        self._queries = queries

    def fields(self) -> Resolvers:
        """Resolvers by the name of the field."""
        fields: Resolvers = {
            "orderCreate": lambda info, order, options=None: self._create(order, options or {}),
            "orderUpdate": lambda info, input: self._update(input),
            "webhookSubscriptionCreate": lambda info, **given: self._subscribe(info.context, **given),
            "webhookSubscriptionDelete": lambda info, id: self._unsubscribe(id),
            "webhookSubscriptionUpdate": lambda info, **given: self._change_subscription(**given),
        }
        for part in PARTS:
            fields |= part(self._store, self._shop, self._queries)
        return fields

    def _create(self, wanted: Document, options: Document) -> Document:
        if running().faults.settings.order_limit and order_create.too_many(self._queries.connection, self._shop):
            return {"order": None, "userErrors": [{**_error(None, order_create.TOO_MANY), "code": None}]}
        try:
            order = order_create.create(self._store, self._shop, wanted, options)
        except order_create.UserError as problem:
            return {"order": None, "userErrors": [problem.shown]}
        return {"order": self._queries.order(gid("Order", order["id"])), "userErrors": []}

    def _update(self, wanted: Document) -> Document:
        shown = self._queries.order(wanted["id"])
        if shown is None:
            return {"order": None, "userErrors": [_error(["id"], "Order does not exist")]}
        changes = {kept: wanted[name] for name, kept in PLAIN_FIELDS.items() if name in wanted}
        if wanted.get("customAttributes") is not None:
            changes["attributes"] = [{"name": one["key"], "value": one["value"]} for one in wanted["customAttributes"]]
        if wanted.get("shippingAddress") is not None:
            changes["shipping_address"] = address_of(wanted["shippingAddress"])
        if not changes:
            return {"order": shown, "userErrors": [_error(None, "No valid update parameters have been provided")]}
        problems = [] if phone_is_valid(wanted.get("phone")) else [_error(["phone"], "Phone is invalid")]
        problems += address_problems(wanted["shippingAddress"]) if "shipping_address" in changes else []
        if problems:
            return {"order": shown, "userErrors": problems}
        changing.change(self._store, int(shown["legacyResourceId"]), changes, retax=True)
        return {"order": self._queries.order(wanted["id"]), "userErrors": []}

    def _subscribe(self, allowed: access.Access, topic: str, webhookSubscription: Document) -> Document:
        name = subscriptions.topic_of(topic)
        if problem := access.topic_problem(allowed, name):
            return {"webhookSubscription": None, "userErrors": [_error(["topic"], problem)]}
        try:
            with self._store.write() as writing:
                made = subscriptions.create(writing, self._shop.domain, name, webhookSubscription)
        except subscriptions.Refused as refusal:
            return {"webhookSubscription": None, "userErrors": [_error(refusal.field, refusal.message)]}
        return {"webhookSubscription": self._queries.subscription(made), "userErrors": []}

    def _change_subscription(self, id: str, webhookSubscription: Document) -> Document:
        number = number_of(id)
        try:
            with self._store.write() as writing:
                known = subscriptions.by_id(writing.connection, self._shop.domain, number)
                if known is None:
                    return {"webhookSubscription": None, "userErrors": [_no_subscription()]}
                subscriptions.update(writing, known, webhookSubscription)
        except subscriptions.Refused as refusal:
            return {"webhookSubscription": None, "userErrors": [_error(refusal.field, refusal.message)]}
        return {"webhookSubscription": self._queries.subscription(number), "userErrors": []}

    def _unsubscribe(self, id: str) -> Document:
        with self._store.write() as writing:
            known = subscriptions.by_id(writing.connection, self._shop.domain, number_of(id))
            if known is None:
                return {"deletedWebhookSubscriptionId": None, "userErrors": [_no_subscription()]}
            subscriptions.remove(writing, known.id)
        return {"deletedWebhookSubscriptionId": gid("WebhookSubscription", known.id), "userErrors": []}


def _error(field: list[str] | None, message: str) -> Document:
    return {"field": field, "message": message}


def _no_subscription() -> Document:
    return _error(["id"], "Webhook subscription does not exist")
