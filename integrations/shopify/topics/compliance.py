"""The three topics that privacy laws ask of every app. They are set in the app's own configuration, never subscribed.

Ids are numeric; a customer may have only an e-mail. https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
"""

import time

from integrations import privacy
from integrations.models import Connection, PrivacyRequest
from integrations.shopify.arriving import Result
from integrations.shopify.translate import reading
from integrations.shopify.values import Body, identifier, maybe_identifier, text

TOPICS = ("customers/data_request", "customers/redact", "shop/redact")


def _export(connection: Connection, body: Body) -> Result:
    request = _request(connection, body, PrivacyRequest.Kind.EXPORT, "orders_requested")
    return f"{request.public_id}: hand over by {request.due_at:%d %b %Y}", None


def _erase_customer(connection: Connection, body: Body) -> Result:
    request = _request(connection, body, PrivacyRequest.Kind.REDACT_CUSTOMER, "orders_to_redact")
    return _begin(request)


def _erase_shop(connection: Connection, body: Body) -> Result:
    return _begin(_request(connection, body, PrivacyRequest.Kind.REDACT_SHOP, ""))


def _begin(request: PrivacyRequest) -> Result:
    done = privacy.carry_out(request, until=time.monotonic() + privacy.INLINE_SECONDS, by="shopify")
    return f"{request.public_id}: {'done' if done else 'begun'}", None


def _request(connection: Connection, body: Body, kind: str, orders: str) -> PrivacyRequest:
    customer = body.get("customer") or {}
    ids, number = reading(
        "demand",
        lambda: ([identifier(one) for one in body.get(orders) or []], maybe_identifier(customer.get("id"))),
    )
    demand = body.get("data_request") or {}
    return privacy.receive(
        connection, kind, customer_id=number, email=text(customer, "email"), orders=ids, demand=text(demand, "id")
    )


HANDLERS = {
    "customers/data_request": _export,
    "customers/redact": _erase_customer,
    "shop/redact": _erase_shop,
}
