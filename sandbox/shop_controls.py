"""Buttons for what happens around orders: risk, disputes, customers, products, the shop itself."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase

from sandbox import catalogue, clock, customer_changes, customers, disputes, shops
from sandbox.announcing import Announcement
from sandbox.fields import Fields, Unclear, answer, verb
from sandbox.money import PER_DOLLAR
from sandbox.order_documents import gid
from sandbox.platform_controls import shop_named
from sandbox.product_bodies import product_body, variant_body
from sandbox.program import running
from sandbox.shop_bodies import shop_body

PRODUCT_EVENTS = ("update", "in_stock", "out_of_stock")


@verb
def risk(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"level": "low", "medium", "high", "none" or "pending"}``."""
    level = Fields(request).required("level")
    disputes.set_risk(running().store, order_id, level)
    return answer(request, {"order_id": order_id, "risk_level": level})


@verb
def dispute(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"status": "needs_response", "under_review", "won", "lost" …, "type", "reason", "amount"}``.

    The first press opens a dispute, later ones move it on, a state like won or lost closes it.
    """
    fields = Fields(request)
    made = disputes.press(
        running().store,
        order_id,
        status=fields.text("status") or "needs_response",
        reason=fields.text("reason") or "product_not_received",
        kind=fields.choice("type", ("chargeback", "inquiry")),
        amount=fields.amount("amount"),
    )
    return answer(request, {"dispute": disputes.dispute_body(made)}, 201)


def all_customers(request: HttpRequest) -> HttpResponseBase:
    """The customers of a shop (``?shop=``): id, name, e-mail, how many orders."""
    domain = request.GET.get("shop")
    with running().store.read() as connection:
        shop = shops.by_domain(connection, domain) if domain else shops.first(connection)
        found = customers.every(connection, shop.domain) if shop else []
    return answer(request, {"customers": [_named(one) for one in found]})


@verb
def change_customer(request: HttpRequest, customer_id: int) -> HttpResponseBase:
    """``{"email", "first_name", "last_name", "phone", "note", "tags": []}``: what is given changes."""
    fields = Fields(request)
    changes: dict[str, Any] = {name: fields.text(name) for name in customer_changes.TEXTS if name in fields.given}
    if "tags" in fields.given:
        changes["tags"] = fields.words("tags")
    changed = customer_changes.change(running().store, shop_named(fields), customer_id, changes)
    return answer(request, {"customer": _named(changed)})


@verb
def delete_customer(request: HttpRequest, customer_id: int) -> HttpResponseBase:
    """``{"shop"}``; only a customer without orders can be deleted."""
    customer_changes.delete(running().store, shop_named(Fields(request)), customer_id)
    return answer(request, {"deleted": customer_id})


@verb
def merge_customer(request: HttpRequest, customer_id: int) -> HttpResponseBase:
    """``{"other": id}``: the other customer becomes this one."""
    fields = Fields(request)
    other = fields.number("other")
    if other is None:
        raise Unclear("other is missing")
    kept = customer_changes.merge(running().store, shop_named(fields), customer_id, other)
    return answer(request, {"customer": _named(kept)})


@verb
def product(request: HttpRequest) -> HttpResponseBase:
    """``{"sku", "event": "update", "in_stock" or "out_of_stock", "shop"}``: tell about a product or its variant."""
    fields = Fields(request)
    variant = catalogue.by_sku(fields.required("sku"))
    if variant is None:
        raise Unclear("There is no such SKU")
    event, shop, moment = fields.choice("event", PRODUCT_EVENTS), shop_named(fields), clock.now()
    topic = "products/update" if event == "update" else f"variants/{event}"
    build = product_body if event == "update" else variant_body
    with running().store.write() as writing:
        Announcement(writing, shop.domain, None).add(
            topic, lambda: build(writing.connection, shop.domain, variant, moment)
        )
    return answer(request, {"sku": variant.sku, "topic": topic})


@verb
def shop_settings(request: HttpRequest) -> HttpResponseBase:
    """``{"currency", "shop"}``: what new orders are booked in; ``shop/update`` is sent in any case."""
    fields = Fields(request)
    shop = shop_named(fields)
    currency = fields.text("currency") or shop.currency
    if currency not in PER_DOLLAR:
        raise Unclear(f"currency must be one of {', '.join(PER_DOLLAR)}")
    with running().store.write() as writing:
        changed = shops.change_currency(writing, shop, currency)
        Announcement(writing, shop.domain, None).add("shop/update", lambda: shop_body(changed))
    return answer(request, {"shop": {"domain": changed.domain, "currency": changed.currency}})


def _named(customer: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "email", "first_name", "last_name", "orders")
    return {**{name: customer[name] for name in names}, "admin_graphql_api_id": gid("Customer", customer["id"])}
