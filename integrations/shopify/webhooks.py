"""Where Shopify delivers: one INSERT between a checked signature and a 200.

The address carries a secret token per connection, for Shopify's signature covers the body only: with one app secret a
body signed for one shop would verify for another. So the shop is the token's, and the header, and the body where it
names a shop, must agree. https://shopify.dev/docs/apps/build/webhooks/subscribe/https
"""

import base64
import hashlib
import hmac
import json
import logging
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.problems import Problem
from integrations import inbox
from integrations.models import Connection
from integrations.shopify.topics import compliance

logger = logging.getLogger(__name__)

KNOWN_SECONDS = 5.0
KEPT_HEADERS = {
    name: f"HTTP_X_SHOPIFY_{name.upper().replace('-', '_')}"
    for name in ("Shop-Domain", "API-Version", "Triggered-At", "Name", "Test", "Event-Id")
}


@dataclass(frozen=True, slots=True)
class Sender:
    """A connection as the signature check needs it; `until` is when it is read again (monotonic seconds)."""

    connection_id: int
    domain: str
    secrets: tuple[bytes, ...]
    until: float


_known: dict[str, Sender] = {}


def sender_of(token: str) -> Sender | None:
    """The connection behind an address; remembered for five seconds, so a rotated secret is in force by then."""
    known = _known.get(token)
    now = time.monotonic()
    if known is None or known.until < now:
        connection = Connection.objects.by_token(token)
        if connection is None or connection.shop is None:
            _known.pop(token, None)
            return None
        secrets = tuple(secret.encode() for secret in connection.secrets["signing"])
        known = _known[token] = Sender(connection.pk, connection.shop.domain, secrets, now + KNOWN_SECONDS)
    return known


class ShopifySignature(BaseAuthentication):
    """DRF authentication by HMAC over the raw body; request.user becomes the Sender."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        raw: HttpRequest = request._request
        sender = self.sender(request)
        if int(raw.META.get("CONTENT_LENGTH") or 0) > settings.WEBHOOK_MAX_BYTES:
            raise Problem(413, "too_large", f"A webhook may have {settings.WEBHOOK_MAX_BYTES} bytes.")
        given = raw.META.get("HTTP_X_SHOPIFY_HMAC_SHA256", "")
        if not any(hmac.compare_digest(given.encode(), signature(secret, raw.body)) for secret in sender.secrets):
            raise AuthenticationFailed("The signature does not fit the body.", "bad_signature")
        named = raw.META.get("HTTP_X_SHOPIFY_SHOP_DOMAIN", sender.domain)
        if named != sender.domain or _names_other_shop(raw, sender):
            raise AuthenticationFailed("This message is about another shop.", "wrong_shop")
        return sender, None

    def sender(self, request: Request) -> Sender:
        """Whoever the address belongs to; raises NotFound."""
        sender = sender_of(request.parser_context["kwargs"]["token"])
        if sender is None:
            raise NotFound("No connection has this address.")
        return sender

    def authenticate_header(self, request: Request) -> str:
        return "HMAC-SHA256"


class ComplianceSignature(ShopifySignature):
    """For the one address of an app in many stores: the header names the shop, its secret must fit, the body agrees."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        sender = super().authenticate(request)
        if b'"shop_domain"' not in request._request.body:
            raise AuthenticationFailed("This message names no shop.", "wrong_shop")
        return sender

    def sender(self, request: Request) -> Sender:
        domain = request._request.META.get("HTTP_X_SHOPIFY_SHOP_DOMAIN", "")
        connection = Connection.objects.select_related("shop").filter(system="shopify", shop__domain=domain).first()
        if connection is None or connection.shop is None:
            raise AuthenticationFailed("We know no such shop.", "wrong_shop")
        secrets = tuple(secret.encode() for secret in connection.secrets["signing"])
        return Sender(connection.pk, connection.shop.domain, secrets, 0)


def signature(secret: bytes, body: bytes) -> bytes:
    """Base64 of HMAC-SHA256, as Shopify puts it into X-Shopify-Hmac-Sha256."""
    return base64.b64encode(hmac.digest(secret, body, hashlib.sha256))


def _names_other_shop(raw: HttpRequest, sender: Sender) -> bool:
    """Bodies about the shop itself name it; parsed only where the name occurs, for parsing costs more than the rest."""
    if b'_domain"' not in raw.body:
        return False
    try:
        body = json.loads(raw.body)
    except (ValueError, RecursionError):
        return False  # unreadable bodies are stored and parked, like every signed message
    if not isinstance(body, dict):
        return False
    named = body.get("myshopify_domain") or body.get("shop_domain")
    return named is not None and named != sender.domain


class ShopifyWebhook(APIView):
    """POST /webhooks/shopify/<token>/: 200 once stored, 401 bad signature or shop, 404, 405, 413.

    503 while the database is away or its disk is full: nothing was promised, and Shopify sends it again.

    Headers are read from META, and those of the answer are fixed: `request.headers` and DRF's search for the methods
    allowed cost more than the signature.
    """

    authentication_classes = (ShopifySignature,)
    permission_classes = ()
    default_response_headers = {"Allow": "POST"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Only what a webhook needs: no content negotiation, versioning, permission or throttle."""
        if request.method != "POST":
            raise MethodNotAllowed(request.method or "")
        self.perform_authentication(request)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, psycopg.OperationalError | OperationalError):
            logger.error("A webhook was not stored: %s", exc)
            exc = Problem(503, "try_again", "The message could not be stored just now. Send it again.")
        return super().handle_exception(exc)

    def post(self, request: Request, token: str) -> HttpResponse:
        raw = request._request
        sender: Sender = request.user  # type: ignore[assignment]
        headers = {name: value for name, key in KEPT_HEADERS.items() if (value := raw.META.get(key))}
        inbox.store(
            inbox.Received(
                connection_id=sender.connection_id,
                topic=raw.META.get("HTTP_X_SHOPIFY_TOPIC", "")[:255],
                # Without an id (never seen from Shopify) the body itself is the key.
                delivery_key=(raw.META.get("HTTP_X_SHOPIFY_WEBHOOK_ID") or hashlib.sha256(raw.body).hexdigest())[:255],
                event_key=raw.META.get("HTTP_X_SHOPIFY_EVENT_ID", "")[:255],
                headers=headers,
                body=raw.body,
            )
        )
        return HttpResponse(status=200)


class ComplianceWebhook(ShopifyWebhook):
    """POST /webhooks/shopify/compliance/: the three topics of privacy law, for all stores of an app."""

    authentication_classes = (ComplianceSignature,)

    def post(self, request: Request, token: str = "") -> HttpResponse:
        if request._request.META.get("HTTP_X_SHOPIFY_TOPIC") not in compliance.TOPICS:
            raise NotFound("Only compliance topics are taken here; each store has an address of its own for the rest.")
        return super().post(request, token)
