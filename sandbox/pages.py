"""The one page of the stand-in: buttons, and what came of them. It refreshes its lists itself."""

import secrets
import sqlite3
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sandbox import (
    catalogue,
    customers,
    disputes,
    fulfillment_orders,
    installations,
    kept_orders,
    returns,
    shops,
    sink,
    subscriptions,
)
from sandbox.line_bodies import full_name
from sandbox.money import in_webhooks
from sandbox.program import running
from sandbox.return_fields import return_status
from sandbox.scenario import HAPPENINGS
from sandbox.totals import financial_status, fulfillable_quantity, fulfillment_status, refundable_quantity, totals

Document = dict[str, Any]

ORDERS_SHOWN = 25
DELIVERIES_SHOWN = 40
MESSAGES_SHOWN = 25
TONES = {"delivered": "good", "waiting": "wait", "given up": "bad", "lost": "bad", "forged": "bad"}


def livez(request: HttpRequest) -> HttpResponse:
    """Answers as soon as requests are answered at all."""
    return HttpResponse("ok\n", content_type="text/plain")


def page(request: HttpRequest) -> HttpResponse:
    """The page; ``?part=lists`` is only what changes, for its own script."""
    with running().store.read() as connection:
        app = installations.of(connection, shops.first(connection).domain)
        lists = {
            "app": app,
            "revoked": [scope for scope in installations.SCOPES if scope not in app.scopes],
            "orders": [
                _order(
                    order,
                    fulfillment_orders.of_order(connection, order["id"]),
                    any(one["status"] in disputes.OPEN for one in disputes.of_order(connection, order)),
                )
                for order in kept_orders.newest(connection, ORDERS_SHOWN)
            ],
            "deliveries": _deliveries(connection),
            "subscriptions": subscriptions.every(connection),
            "messages": sink.newest(connection, MESSAGES_SHOWN),
            "faults": running().faults.on(),
        }
        if request.GET.get("part") == "lists":
            return render(request, "lists.html", lists)
        nonce = secrets.token_urlsafe(16)
        whole = {
            **lists,
            "nonce": nonce,
            "shops": shops.every(connection),
            "variants": catalogue.VARIANTS,
            "customers": customers.regulars(connection, app.shop),
            "happenings": list(HAPPENINGS),
        }
    response = render(request, "page.html", whole)
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src data:"
    )
    return response


def _order(order: Document, to_ship: list[Document], disputed: bool) -> Document:
    sums = totals(order)
    under_way = [one for one in order["fulfillments"] if one["status"] != "cancelled"]
    shipped = under_way[-1] if under_way else None
    states = [one["status"] for one in to_ship]
    ready = [one for one in to_ship if one["status"] in ("open", "in_progress")]
    scans = shipped["events"] if shipped else []
    return {
        "id": order["id"],
        "name": order["name"],
        "shop": order["shop"],
        "at": order["created_at"],
        "customer": full_name(order["customer"]) if order["customer"] else "",
        "total": f"{in_webhooks(sums.current_total.shop, order['currency'])} {order['currency']}",
        "lines": [{"title": line["title"], "quantity": line["quantity"]} for line in order["lines"]],
        "protected": any(line["sku"] == catalogue.PROTECTION.sku for line in order["lines"]),
        "paid": financial_status(order, sums).replace("_", " "),
        "shipped": {"partial": "partly shipped", "fulfilled": "shipped", None: "not shipped"}[
            fulfillment_status(order)
        ],
        "tracking": f"{shipped['tracking_company']} {shipped['tracking_number']}" if shipped else "",
        "scan": scans[-1]["status"].replace("_", " ") if scans else "",
        "city": (order["shipping_address"] or {}).get("city"),
        "cancelled": bool(order["cancelled_at"]),
        "on_hold": "on_hold" in states,
        # An order kept by an earlier version gets its fulfillment orders when it is shipped.
        "can_ship": bool(ready) or (not to_ship and any(fulfillable_quantity(line) for line in order["lines"])),
        "can_split": any(fulfillment_orders.remaining(one) > 1 for one in ready),
        "can_scan": shipped is not None,
        "can_refund": any(refundable_quantity(line) for line in order["lines"]),
        "can_return": any(returns.returnable(order).values()),
        "returns": return_status(order).replace("_", " ").lower() if order.get("returns") else "",
        "pending": any(one["status"] == "pending" for one in order["transactions"]),
        "risky": order.get("risk", "low") != "low",
        "disputed": disputed,
        "can_cancel": not order["cancelled_at"]
        and not any(line["fulfilled"] > line["returned"] for line in order["lines"]),
    }


def _deliveries(connection: sqlite3.Connection) -> list[Document]:
    rows = connection.execute(
        "SELECT d.id, d.topic, d.uri, d.state, d.tries, d.answer, d.triggered_at, o.name FROM deliveries d"
        " LEFT JOIN orders o ON o.id = d.order_id ORDER BY d.id DESC LIMIT ?",
        (DELIVERIES_SHOWN,),
    )
    return [{**dict(row), "tone": TONES.get(row["state"], "wait")} for row in rows]
