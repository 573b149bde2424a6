"""Orders as partners read them: GET /v1/orders, GET /v1/orders/{id}."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.models import ApiKey
from backoffice.rest.authentication import key_of
from backoffice.rest.pages import page, time_of
from backoffice.rest.problems import Problem
from orders.models import Order
from orders.representation import represent, with_parts


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
