"""The buttons of the stand-in: what customers, warehouse, carrier and the shop's staff do; faults; the sink."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from sandbox import (
    catalogue,
    changing,
    fulfillment_orders,
    giving_back,
    kept_orders,
    load_controls,
    locations,
    placing,
    scanning,
    shelves,
    shipping,
    shops,
    stock_items,
    subscriptions,
)
from sandbox import sink as partner_sink
from sandbox.bodies import order_body
from sandbox.fields import Fields, Unclear, answer, page_limit, verb
from sandbox.oddities import Oddities
from sandbox.order_documents import gid, number_of
from sandbox.program import running
from sandbox.shops import Shop

MOST_AT_ONCE = 1_000
MOST_LINES = 500


def orders(request: HttpRequest) -> HttpResponseBase:
    """GET: the newest orders; with ``?after=<id, 0 to begin>&limit=&shop=`` all of them, by id. POST: place orders."""
    if request.method == "POST":
        return place(request)
    if "after" in request.GET:
        return load_controls.walk(request)
    with running().store.read() as connection:
        found = kept_orders.newest(connection, page_limit(request))
    return answer(request, {"orders": [named(order) for order in found]})


@verb
def place(request: HttpRequest) -> HttpResponseBase:
    """``{"protected", "lines", "currency", "presentment_currency", "customer", "shipping_address", "count"}``.

    Unusual orders: ``{"tip", "fee": amounts, "duties", "rounding": "1" (the smallest coin), "gift_card", "bundle",
    "deleted_product", "line_count", "name", "source_name" ("pos": over the counter), "paid": false}``.
    """
    fields = Fields(request)
    cart = placing.Cart(
        protected=fields.flag("protected", False),
        lines=tuple(fields.purchases("lines")),
        currency=fields.text("currency"),
        presentment_currency=fields.text("presentment_currency"),
        customer=fields.flag("customer", True),
        shipping_address=fields.flag("shipping_address", True),
        note=fields.text("note"),
        test=fields.flag("test", False),
        odd=_oddities(fields),
    )
    count = fields.number("count", 1)
    if count is None or not 1 <= count <= MOST_AT_ONCE:
        raise Unclear(f"count must be from 1 to {MOST_AT_ONCE}")
    shop, store = shop_of(fields), running().store
    placed = [placing.place(store, shop, cart) for _ in range(count)]
    for one in placed:
        shipping.hand_over(store, one)
    return answer(request, {"orders": [named(order) for order in placed]}, 201)


def order(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """One order as a webhook would carry it, and beside it what no body of an order holds, as it is kept."""
    with running().store.read() as connection:
        found = kept_orders.load(connection, order_id)
        work = fulfillment_orders.of_order(connection, order_id)
    if found is None:
        return answer(request, {"errors": "Not Found"}, 404)
    kept = {"transactions": found["transactions"], "fulfillment_orders": work}
    return answer(request, {"order": order_body(found), "kept": kept})


@verb
def fulfil(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"tracking_company", "tracking_number", "lines": [{"line_id" or "sku", "quantity"}]}``, all optional."""
    fields = Fields(request)
    made = shipping.fulfil(
        running().store,
        order_id,
        company=fields.text("tracking_company") or "UPS",
        number=fields.text("tracking_number"),
        lines=fields.units("lines", order_of(order_id)),
    )
    shown = [
        {
            "id": one["id"],
            "admin_graphql_api_id": gid("Fulfillment", one["id"]),
            "tracking_company": one["tracking_company"],
            "tracking_number": one["tracking_number"],
        }
        for one in made
    ]
    return answer(request, {"fulfillment": shown[0], "fulfillments": shown}, 201)


@verb
def scan(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"status": "in_transit" …, "happened_at": ISO 8601, "fulfillment_id", "message"}``; only status is needed."""
    fields = Fields(request)
    try:
        event = scanning.scan(
            running().store,
            order_id,
            status=fields.required("status"),
            happened_at=fields.text("happened_at"),
            fulfillment_id=fields.number("fulfillment_id"),
            message=fields.text("message"),
        )
    except ValueError:
        raise Unclear("happened_at is not an ISO 8601 date and time") from None
    return answer(request, {"fulfillment_event": {"id": event["id"], "status": event["status"]}}, 201)


@verb
def address(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"address1", "city", "zip" …}`` in the names of webhook bodies; without any, a new house is made up."""
    return answer(request, {"order": named(changing.change_address(running().store, order_id, Fields(request).given))})


@verb
def note(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"note", "tags": [] or "a, b", "attributes": [{"name", "value"}], "email", "phone"}``: given ones change."""
    given = dict(Fields(request).given)
    if isinstance(given.get("tags"), str):
        given["tags"] = [tag.strip() for tag in given["tags"].split(",") if tag.strip()]
    return answer(request, {"order": named(changing.edit_note(running().store, order_id, given))})


@verb
def edit(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"set": [{"line_id" or "sku", "quantity"}], "add": [{"sku", "quantity"}], "note"}``."""
    fields = Fields(request)
    changed = changing.edit_lines(
        running().store,
        order_id,
        quantities=fields.units("set", order_of(order_id)),
        additions=fields.purchases("add"),
        note=fields.text("note") or "",
    )
    return answer(request, {"order": named(changed)})


@verb
def cancel(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"reason", "restock", "refund"}``."""
    fields = Fields(request)
    cancelled = giving_back.cancel(
        running().store,
        order_id,
        reason=fields.text("reason") or "customer",
        restock=fields.flag("restock", True),
        pay_back=fields.flag("refund", True),
    )
    return answer(request, {"order": named(cancelled)})


@verb
def delete(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """No fields."""
    giving_back.delete(running().store, order_id)
    return answer(request, {"deleted": order_id})


@verb
def add_shop(request: HttpRequest) -> HttpResponseBase:
    """``{"domain", "token", "secret", "currency"}``: a further shop, or other credentials for a known one."""
    fields = Fields(request)
    domain = fields.required("domain")
    with running().store.write() as writing:
        shops.add_or_update(
            writing,
            domain=domain,
            token=fields.required("token"),
            secret=fields.required("secret"),
            currency=fields.text("currency") or "USD",
        )
    return answer(request, {"shop": {"domain": domain}}, 201)


@verb
def stock(request: HttpRequest) -> HttpResponseBase:
    """``{"sku", "available", "location", "tracked", "shop"}``: how many units lie on a shelf.

    Without a location (its id or name) they all lie in the first, and nothing anywhere else. What is not tracked is
    not counted any more.
    """
    fields = Fields(request)
    variant = catalogue.by_sku(fields.required("sku"))
    if variant is None:
        raise Unclear("There is no such SKU")
    shop, available = shop_of(fields), fields.number("available", 0) or 0
    wanted = str(fields.given.get("location") or "")
    tracked = fields.flag("tracked", True)
    with running().store.write() as writing:
        stock_items.set_tracked(writing, shop.domain, variant, tracked)
        places = locations.active(writing.connection, shop.domain)
        chosen = [one for one in places if wanted in (str(one["id"]), one["name"])] if wanted else places
        if not chosen:
            raise Unclear("There is no such location")
        for position, place in enumerate(chosen if tracked else []):
            units = available if position == 0 else 0
            shelves.connect(writing, shop.domain, variant.id, place["id"], units)
    return answer(request, {"sku": variant.sku, "available": available})


def deliveries(request: HttpRequest) -> HttpResponseBase:
    """The webhook deliveries, newest first; ``?state=waiting|delivered|given up|lost|forged&order=ID&limit=``."""
    wanted: list[Any] = [request.GET.get("state"), request.GET.get("order")]
    with running().store.read() as connection:
        rows = connection.execute(
            "SELECT id, webhook_id, event_id, shop, topic, uri, name, order_id, triggered_at, state, tries, next_at,"
            " answer, answered_at FROM deliveries WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR order_id = ?2)"
            " ORDER BY id DESC LIMIT ?3",
            (*wanted, page_limit(request)),
        ).fetchall()
        counts = connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall()
    return answer(request, {"deliveries": [dict(row) for row in rows], "counts": {row[0]: row[1] for row in counts}})


def list_subscriptions(request: HttpRequest) -> HttpResponseBase:
    """All webhook subscriptions of all shops."""
    with running().store.read() as connection:
        return answer(request, {"subscriptions": [asdict(one) for one in subscriptions.every(connection)]})


@verb
def configure_sink(request: HttpRequest, name: str) -> HttpResponseBase:
    """``{"secrets": ["whsec_…"], "status": 200, "delay_ms": 0}``: how the partner's receiver behaves from now on."""
    fields = Fields(request)
    secrets = fields.given.get("secrets")
    if isinstance(secrets, str):
        secrets = secrets.split()
    status, delay_ms = fields.number("status"), fields.number("delay_ms")
    settings = partner_sink.configure(running().store, name, secrets=secrets, status=status, delay_ms=delay_ms)
    return answer(request, settings)


def sink(request: HttpRequest, name: str) -> HttpResponseBase:
    """The partner's receiver itself."""
    if request.method != "POST":
        return HttpResponse("POST only\n", status=405)
    headers = {key.lower(): value for key, value in request.headers.items()}
    return HttpResponse(status=partner_sink.receive(running().store, name, headers, request.body))


def sink_messages(request: HttpRequest, name: str) -> HttpResponseBase:
    """``?after=<id of the last message seen>&limit=``: messages in order of arrival."""
    after = request.GET.get("after", "0")
    with running().store.read() as connection:
        found = partner_sink.messages(connection, name, after=number_of(after) or 0, limit=page_limit(request))
    return answer(request, {"messages": found})


def shop_of(fields: Fields) -> Shop:
    """The shop that is named, by default the first."""
    domain = fields.text("shop")
    with running().store.read() as connection:
        shop = shops.by_domain(connection, domain) if domain else shops.first(connection)
    if shop is None:
        raise Unclear(f"There is no shop {domain}")
    return shop


def _oddities(fields: Fields) -> Oddities:
    line_count, coin = fields.number("line_count", 0) or 0, fields.amount("rounding")
    amounts = {name: fields.amount(name) for name in ("tip", "fee")}
    if any(amount is not None and amount <= 0 for amount in (coin, *amounts.values())):
        raise Unclear("tip, fee and rounding must be more than nothing")
    if not 0 <= line_count <= MOST_LINES:
        raise Unclear(f"line_count must be from 0 to {MOST_LINES}")
    return Oddities(
        **amounts,
        rounding=coin,
        duties=fields.flag("duties", False),
        gift_card=fields.flag("gift_card", False),
        bundle=fields.flag("bundle", False),
        deleted_product=fields.flag("deleted_product", False),
        line_count=line_count,
        name=fields.text("name"),
        source_name=fields.text("source_name"),
        paid=fields.flag("paid", True),
    )


def order_of(order_id: int) -> dict[str, Any]:
    """The order a path names; raises NoSuchOrder."""
    with running().store.read() as connection:
        found = kept_orders.load(connection, order_id)
    if found is None:
        raise kept_orders.NoSuchOrder(f"There is no order {order_id}")
    return found


def named(order: dict[str, Any]) -> dict[str, Any]:
    """How buttons answer with an order: its ids and name."""
    return {"id": order["id"], "admin_graphql_api_id": gid("Order", order["id"]), "name": order["name"]}
