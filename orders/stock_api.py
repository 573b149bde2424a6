"""POST /v1/stock_changes: some more or fewer units of an item at a location, or a count; accepted with 202."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from backoffice.rest.problems import Problem
from orders import changes
from orders.changes_api import accepted, body_of, partner, told, visible_changes
from orders.models import Change, Shop

FIELDS = ("item", "location", "delta", "quantity", "reason")


class StockChanges(APIView):
    """{"shop", "item": SKU or number, "location": number or name, "delta" or "quantity", "reason"}."""

    scopes = {"POST": "orders:write"}

    def post(self, request: Request) -> Response:
        return once(request, lambda: accepted(self._adjust(request)))

    def _adjust(self, request: Request) -> Change:
        key, body = key_of(request), body_of(request)
        domain = body.pop("shop", key.shop_domain)
        shop = Shop.objects.filter(domain=domain).first() if isinstance(domain, str) and "\x00" not in domain else None
        if shop is None or key.shop_domain not in ("", shop.domain):
            raise Problem(422, "unknown_shop", "There is no shop with this domain.", "/shop")
        if unknown := sorted(set(body) - set(FIELDS)):
            raise Problem(422, "unknown_field", f"{unknown[0]!r} is not known here.", f"/{unknown[0]}")
        if missing := [name for name in ("item", "location") if not isinstance(body.get(name), str | int)]:
            raise Problem(422, "required", f"{missing[0]} is needed.", f"/{missing[0]}")
        item, location = str(body.pop("item")), str(body.pop("location"))
        change = told(lambda: changes.adjust_stock(shop, item, location, by=partner(request), **body))
        return get_object_or_404(visible_changes(key), pk=change.pk)
