"""Parcels as a warehouse or a carrier reports them; each becomes a change (orders.changes_api), accepted with 202.

POST /v1/orders/{id}/fulfillments, POST /v1/fulfillments/{id}/tracking, POST /v1/fulfillments/{id}/events.
"""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from orders.api import visible_orders
from orders.changes_api import accepted, asked, body_of
from orders.models import Change, Fulfillment


class Fulfillments(APIView):
    """POST {"lines": [{"line_item", "quantity"}], "company", "numbers", "urls", "notify"}: units were sent."""

    scopes = {"POST": "orders:write"}

    def post(self, request: Request, public_id: str) -> Response:
        def send() -> Response:
            order = get_object_or_404(visible_orders(key_of(request)), public_id=public_id)
            return accepted(asked(request, order, Change.Kind.FULFIL, body_of(request)))

        return once(request, send)


class OfFulfillment(APIView):
    """What is told of one parcel; `kind` is set in the address table."""

    scopes = {"POST": "orders:write"}
    kind = ""

    def post(self, request: Request, public_id: str) -> Response:
        def tell() -> Response:
            parcels = Fulfillment.objects.filter(order__in=visible_orders(key_of(request)))
            parcel = get_object_or_404(parcels, public_id=public_id)
            fields: dict[str, Any] = {**body_of(request), "fulfillment": parcel.public_id}
            return accepted(asked(request, parcel.order, self.kind, fields))

        return once(request, tell)
