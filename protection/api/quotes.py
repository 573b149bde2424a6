"""The price of protection for a cart: /v1/quotes."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.problems import Problem
from orders.models import Shop
from orders.money import Money
from protection.api.body import PlainText, valid
from protection.models import PlanVersion
from protection.plans import version_for
from protection.quoting import CartLine, NotQuotable, Quote, fee_for, quote

MOST_LINES = 500  # as many as an order of Shopify may have


def _amount(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=14, decimal_places=4, min_value=0, **options)


class CartLineInput(serializers.Serializer[Any]):
    sku = PlainText(max_length=255, required=False, allow_blank=True)
    variant_id = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    product_id = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)
    price = _amount()
    discount = _amount(required=False)
    tax = _amount(required=False)
    requires_shipping = serializers.BooleanField(required=False)
    gift_card = serializers.BooleanField(required=False)
    tags = serializers.ListField(child=PlainText(max_length=255), max_length=250, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("discount", 0) > attrs["price"] * attrs["quantity"]:
            raise serializers.ValidationError({"discount": "The discount is more than the line costs."})
        return attrs


class QuoteInput(serializers.Serializer[Any]):
    shop = PlainText(max_length=255)
    currency = serializers.RegexField(r"^[A-Z]{3}$")
    country = serializers.RegexField(r"^[A-Z]{2}$", required=False)
    subtotal = _amount(required=False)
    lines = serializers.ListField(child=CartLineInput(), min_length=1, max_length=MOST_LINES, required=False)
    taxes_included = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "lines" not in attrs and "subtotal" not in attrs:
            raise serializers.ValidationError({"lines": "Send the lines of the cart, or its subtotal."})
        if "lines" in attrs and "subtotal" in attrs:
            raise serializers.ValidationError({"subtotal": "Send the lines or the subtotal, not both."})
        return attrs


class Quotes(APIView):
    """POST /v1/quotes: the fee for a cart under the plan in force now. Nothing is stored."""

    scopes = {"POST": "quotes:read"}

    def post(self, request: Request) -> Response:
        data = valid(QuoteInput, request)
        if key_of(request).shop_domain and key_of(request).shop_domain != data["shop"]:
            raise Problem(403, "permission_denied", "This key is for another shop.", "/shop")
        version = _version(data)
        try:
            quoted = _quote(version, data)
        except NotQuotable as refusal:
            raise Problem(422, refusal.code, str(refusal), refusal.pointer) from refusal
        return Response(
            {
                "fee": _money(quoted.fee),
                "covered": _money(quoted.covered),
                "text": version.text,
                "text_version": version.text_version,
                "plan": version.plan.public_id,
                "plan_version": version.number,
                "excluded": [{"line": each.line, "code": each.code, "why": each.why} for each in quoted.excluded],
            }
        )


def _version(data: dict[str, Any]) -> PlanVersion:
    shop = Shop.objects.prefetch_related("plans__versions").filter(domain=data["shop"]).first()
    country, now = data.get("country", ""), timezone.now()
    if shop is not None:
        if version := version_for(shop, data["currency"], country=country, moment=now):
            return version
        others = sorted({plan.currency for plan in shop.plans.all() if plan.in_force(now)})
        if others and data["currency"] not in others:
            sentence = f"Plans of this shop are priced in {', '.join(others)}, the cart is in {data['currency']}."
            raise Problem(422, "wrong_currency", sentence, "/currency")
        if others:
            raise Problem(422, "no_plan_for_country", "No plan of this shop is for this country.", "/country")
    raise Problem(422, "no_plan", "This shop has no delivery guarantee.", "/shop")


def _quote(version: PlanVersion, data: dict[str, Any]) -> Quote:
    if "lines" not in data:
        subtotal = Money(data["subtotal"], data["currency"])
        return Quote(fee_for(version, subtotal), subtotal, [])
    lines = [CartLine(**{**line, "tags": frozenset(line.get("tags", ()))}) for line in data["lines"]]
    return quote(version, lines, data["currency"], taxes_included=data["taxes_included"])


def _money(money: Money) -> dict[str, str]:
    amount, currency = str(money).split()
    return {"amount": amount, "currency": currency}
