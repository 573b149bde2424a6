"""The price of protection for a cart: /v1/quotes."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.problems import Problem
from orders.money import Money
from protection.api.body import PlainText, valid
from protection.models import Plan
from protection.quoting import NotQuotable, fee_for


class QuoteInput(serializers.Serializer[Any]):
    shop = PlainText(max_length=255)
    subtotal = serializers.DecimalField(max_digits=14, decimal_places=4, min_value=0)
    currency = serializers.RegexField(r"^[A-Z]{3}$")


class Quotes(APIView):
    """POST /v1/quotes: the fee for a cart under the plan in force now. Nothing is stored."""

    scopes = {"POST": "quotes:read"}

    def post(self, request: Request) -> Response:
        data = valid(QuoteInput, request)
        if key_of(request).shop_domain and key_of(request).shop_domain != data["shop"]:
            raise Problem(403, "permission_denied", "This key is for another shop.", "/shop")
        plan = Plan.objects.filter(shop__domain=data["shop"]).first()
        version = plan.in_force(timezone.now()) if plan else None
        if version is None:
            raise Problem(422, "no_plan", "This shop has no delivery guarantee.", "/shop")
        try:
            fee = fee_for(version, Money(data["subtotal"], data["currency"]))
        except NotQuotable as refusal:
            raise Problem(422, "not_quotable", str(refusal), "/subtotal") from refusal
        amount, currency = str(fee).split()
        return Response(
            {
                "fee": {"amount": amount, "currency": currency},
                "text": version.text,
                "text_version": version.text_version,
                "plan_version": version.number,
            }
        )
