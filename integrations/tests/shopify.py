"""What tests need to play Shopify: a connected shop, bodies in Shopify's shape, and their signatures."""

import itertools
import json
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.test import Client

from integrations.connecting import connect_shop, webhook_url
from integrations.models import Connection, InboundMessage
from integrations.shopify.webhooks import signature
from orders.tests.builders import next_id

SHARED = Path(__file__).resolve().parents[3] / "shared" / "shopify"
SECRET = "hush"
_numbers = itertools.count(1001)


def connect(
    domain: str = "tests.myshopify.com", *, api_url: str = "http://127.0.0.1:9", token: str = "t"
) -> Connection:
    """A connected shop; nothing answers at its API unless the test starts something there."""
    return connect_shop(domain, api_url=api_url, token=token, secret=SECRET)


def post(
    connection: Connection, topic: str, body: bytes | dict[str, Any], *, secret: str = SECRET, **headers: str
) -> Any:
    """Deliver a webhook as Shopify would; `headers` with None are left out."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(secret.encode(), raw).decode(),
        "X-Shopify-Shop-Domain": connection.shop.domain if connection.shop else "",
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": str(uuid.uuid4()),
        "X-Shopify-Event-Id": str(uuid.uuid4()),
        "X-Shopify-Triggered-At": "2026-11-23T10:00:00.000000000Z",
        **headers,
    }
    path = "/webhooks/shopify/" + webhook_url(connection).rsplit("/", 2)[-2] + "/"
    return Client().post(path, raw, content_type="application/json", headers=sent)


def money(
    amount: str, currency: str = "USD", presentment: str | None = None, other: str | None = None
) -> dict[str, Any]:
    return {
        "shop_money": {"amount": amount, "currency_code": currency},
        "presentment_money": {"amount": other or amount, "currency_code": presentment or currency},
    }


def line_body(title: str = "Teapot", quantity: int = 1, price: str = "40.00", **fields: Any) -> dict[str, Any]:
    return {
        "id": next_id(),
        "title": title,
        "quantity": quantity,
        "current_quantity": quantity,
        "price": price,
        "price_set": money(price),
        "sku": title.upper(),
        "variant_id": next_id(),
        "product_id": next_id(),
        "requires_shipping": True,
        "taxable": True,
        "gift_card": False,
        "total_discount": "0.00",
        "total_discount_set": money("0.00"),
        "discount_allocations": [],
        "tax_lines": [],
        "properties": [],
        **fields,
    }


def order_body(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    rows = list(lines) or [line_body()]
    total = str(sum((Decimal(row["price"]) * row["quantity"] for row in rows), Decimal(0)))
    number = next(_numbers)
    return {
        "id": next_id(),
        "name": f"#{number}",
        "order_number": number,
        "created_at": "2026-11-20T12:00:00-05:00",
        "updated_at": "2026-11-20T12:00:00-05:00",
        "processed_at": "2026-11-20T12:00:00-05:00",
        "currency": "USD",
        "presentment_currency": "USD",
        "total_price": total,
        "total_price_set": money(total),
        "financial_status": "paid",
        "fulfillment_status": None,
        "email": "zoe@example.com",
        "customer": {"id": next_id(), "email": "zoe@example.com", "first_name": "Zoë", "last_name": "Lindqvist"},
        "shipping_address": {"first_name": "Zoë", "address1": "1 Test Street", "zip": "62701", "country_code": "US"},
        "line_items": rows,
        "tags": "vip, spring",
        "note_attributes": [],
        "fulfillments": [],
        "refunds": [],
        **fields,
    }


def states() -> dict[str, int]:
    """How many messages are in which state."""
    counted: dict[str, int] = {}
    for state in InboundMessage.objects.values_list("state", flat=True):
        counted[state] = counted.get(state, 0) + 1
    return counted


def results() -> list[tuple[str, str, str]]:
    return list(InboundMessage.objects.order_by("id").values_list("topic", "state", "result"))
