"""The three compliance webhooks: a customer asks for their data, a customer is to be forgotten, a shop is.

They are no subscriptions of the Admin API: the app's developer names one address for them in the dashboard, and they
come there even after the app was uninstalled. https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
"""

import sqlite3
from typing import Any

from sandbox import app_settings, customers
from sandbox.announcing import Announcement
from sandbox.placing import Impossible
from sandbox.shops import Shop
from sandbox.store import Writing

Document = dict[str, Any]

TOPICS = ("customers/data_request", "customers/redact", "shop/redact")


def send(writing: Writing, shop: Shop, topic: str, *, customer_id: int | None, email: str | None) -> Document:
    """Send one to the app's compliance address; raises Impossible. Returns the body.

    A customer is named by id or, when the shop knows no more of them, by e-mail alone.
    """
    uri = app_settings.get(writing.connection, app_settings.COMPLIANCE_URI)
    if uri is None:
        raise Impossible("The app has no compliance address yet: POST /sandbox/compliance_uri.json")
    if topic not in TOPICS:
        raise Impossible(f"{topic} is not a compliance topic; known are {', '.join(TOPICS)}")
    body: Document = {"shop_id": shop.id, "shop_domain": shop.domain}
    if topic != "shop/redact":
        customer = _customer(writing.connection, shop, customer_id, email)
        listed = "orders_requested" if topic == "customers/data_request" else "orders_to_redact"
        body |= {"customer": customer, listed: _orders(writing.connection, shop, customer)}
    if topic == "customers/data_request":
        body["data_request"] = {"id": writing.new_id()}
    Announcement(writing, shop.domain, None).send(topic, uri, body)
    return body


def _customer(connection: sqlite3.Connection, shop: Shop, customer_id: int | None, email: str | None) -> Document:
    if customer_id is None:
        if email is None:
            raise Impossible("Name the customer: customer_id or email")
        return {"email": email, "phone": None}
    known = customers.by_id(connection, shop.domain, customer_id)
    if known is None:
        raise Impossible(f"There is no customer {customer_id}")
    return {"id": known["id"], "email": known["email"], "phone": known["phone"]}


def _orders(connection: sqlite3.Connection, shop: Shop, customer: Document) -> list[int]:
    rows = connection.execute(
        "SELECT id FROM orders WHERE shop = ?1 AND (json_extract(document, '$.customer.id') = ?2"
        " OR (?2 IS NULL AND lower(email) = lower(?3))) ORDER BY id",
        (shop.domain, customer.get("id"), customer["email"]),
    )
    return [row["id"] for row in rows]
