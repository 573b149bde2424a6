"""Orders as partners read them: GET /v1/orders, GET /v1/orders/{id}."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.models import ApiKey
from backoffice.rest.authentication import key_of
from backoffice.rest.pages import page, time_of
from backoffice.rest.problems import Problem
from orders.models import Fulfillment, Order


def visible_orders(key: ApiKey) -> QuerySet[Order]:
    """Orders this key may see: of its shop, or of all when it is bound to none."""
    orders = Order.objects.select_related("shop", "customer")
    return orders.filter(shop__domain=key.shop_domain) if key.shop_domain else orders


class Orders(APIView):
    """A page of orders, newest first. Filters: name, remote_id, email, shop, updated_since."""

    scopes = {"GET": "orders:read"}

    def get(self, request: Request) -> Response:
        orders = visible_orders(key_of(request))
        for parameter, column in (("name", "name"), ("email", "email"), ("shop", "shop__domain")):
            if value := request.query_params.get(parameter):
                orders = orders.filter(**{column: value.replace("\x00", "")})
        if (remote_id := request.query_params.get("remote_id")) is not None:
            if not remote_id.isascii() or not remote_id.isdigit() or len(remote_id) > 18:
                raise Problem(
                    400, "invalid_parameter", "remote_id must be the shop's number for the order.", "remote_id"
                )
            orders = orders.filter(remote_id=int(remote_id))
        if since := time_of(request, "updated_since"):
            orders = orders.filter(updated_at__gte=since)
        return page(request, with_parts(orders), represent)


class OneOrder(APIView):
    scopes = {"GET": "orders:read"}

    def get(self, request: Request, public_id: str) -> Response:
        order = get_object_or_404(with_parts(visible_orders(key_of(request))), public_id=public_id)
        return Response(represent(order), headers={"ETag": f'"{order.version}"'})


def with_parts(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Everything `represent` reads, in a fixed number of queries."""
    parcels = Fulfillment.objects.order_by("remote_created_at", "id").prefetch_related("scans")
    return orders.prefetch_related("lines", Prefetch("fulfillments", parcels), "refunds")


def represent(order: Order) -> dict[str, Any]:
    """An order as JSON. Money is text in both currencies, remote ids are text (they exceed 2^53)."""
    lines = list(order.lines.all())
    public_ids = {line.remote_id: line.public_id for line in lines}
    return {
        "id": order.public_id,
        "shop": order.shop.domain,
        "remote_id": str(order.remote_id),
        "name": order.name,
        "number": order.number,
        "version": order.version,
        "test": order.test,
        "email": order.email,
        "phone": order.phone,
        "note": order.note,
        "tags": order.tags,
        "attributes": order.attributes,
        "source_name": order.source_name,
        "source_identifier": order.source_identifier,
        "financial_status": order.financial_status,
        "fulfillment_status": order.fulfillment_status,
        "cancel_reason": order.cancel_reason,
        "currency": order.currency,
        "presentment_currency": order.presentment_currency,
        "amounts": order.amounts,
        "customer": order.customer
        and {
            "id": order.customer.public_id,
            "remote_id": str(order.customer.remote_id),
            "email": order.customer.email,
            "phone": order.customer.phone,
            "first_name": order.customer.first_name,
            "last_name": order.customer.last_name,
        },
        "shipping_address": order.shipping_address,
        "billing_address": order.billing_address,
        "line_items": [
            {
                "id": line.public_id,
                "remote_id": str(line.remote_id),
                "title": line.title,
                "variant_title": line.variant_title,
                "sku": line.sku,
                "vendor": line.vendor,
                "variant_id": line.variant_id and str(line.variant_id),
                "product_id": line.product_id and str(line.product_id),
                "quantity": line.quantity,
                "current_quantity": line.current_quantity,
                "requires_shipping": line.requires_shipping,
                "taxable": line.taxable,
                "gift_card": line.gift_card,
                "tip": line.tip,
                "fulfillment_status": line.fulfillment_status,
                "amounts": line.amounts,
                "properties": line.properties,
            }
            for line in lines
        ],
        "fulfillments": [_fulfillment(parcel, public_ids) for parcel in order.fulfillments.all()],
        "refunds": [
            {
                "id": refund.public_id,
                "remote_id": str(refund.remote_id),
                "note": refund.note,
                "created_at": refund.remote_created_at,
                "processed_at": refund.processed_at,
                "lines": [_line_part(part, public_ids) for part in refund.lines],
                "transactions": refund.transactions,
            }
            for refund in order.refunds.all()
        ],
        "placed_at": order.placed_at,
        "remote_created_at": order.remote_created_at,
        "remote_updated_at": order.remote_updated_at,
        "processed_at": order.processed_at,
        "cancelled_at": order.cancelled_at,
        "closed_at": order.closed_at,
        "deleted_at": order.deleted_at,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


def _fulfillment(parcel: Fulfillment, public_ids: dict[int, str]) -> dict[str, Any]:
    return {
        "id": parcel.public_id,
        "remote_id": str(parcel.remote_id),
        "name": parcel.name,
        "status": parcel.status,
        "shipment_status": parcel.shipment_status,
        "tracking_company": parcel.tracking_company,
        "tracking_numbers": parcel.tracking_numbers,
        "tracking_urls": parcel.tracking_urls,
        "lines": [_line_part(part, public_ids) for part in parcel.lines],
        "scans": [
            {
                "status": scan.status,
                "message": scan.message,
                "happened_at": scan.happened_at,
                "city": scan.city,
                "province": scan.province,
                "country": scan.country,
                "zip": scan.zip,
            }
            for scan in parcel.scans.all()
        ],
        "created_at": parcel.remote_created_at,
        "updated_at": parcel.remote_updated_at,
    }


def _line_part(part: dict[str, Any], public_ids: dict[int, str]) -> dict[str, Any]:
    """A stored {"line": remote id, …} with both ids as text."""
    return {**part, "line": public_ids.get(part["line"]), "line_remote_id": str(part["line"])}
