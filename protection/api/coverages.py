"""Covered orders for partners: /v1/coverages, and what one order was promised: /v1/orders/{id}/protection."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.models import ApiKey
from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from backoffice.rest.pages import page
from backoffice.rest.problems import Problem
from orders.api import visible_orders
from orders.changes import ChangeRefused
from orders.changes_api import accepted, partner, told
from protection import afterwards, fee_refunds, fees
from protection.api.body import PlainText, valid
from protection.models import Consent, Coverage, FeeRefund
from protection.promise import promise_of

CONSENTS = ("known", "unknown")


class Coverages(APIView):
    """A page of covered orders, newest first. Filters: consent (known, unknown), status, shop.

    `consent=unknown` are those whose fee stands without a receipt of the customer's choice.
    """

    scopes = {"GET": "orders:read"}

    def get(self, request: Request) -> Response:
        found = visible_coverages(key_of(request))
        if shop := request.query_params.get("shop"):
            found = found.filter(order__shop__domain=shop.replace("\x00", ""))
        if status := _choice(request, "status", Coverage.Status.values):
            found = found.filter(status=status)
        if consent := _choice(request, "consent", CONSENTS):
            known = consent == "known"
            found = found.filter(consent__isnull=False) if known else fees.without_consent(found)
        return page(request, found, represent)


class ConsentInput(serializers.Serializer[Any]):
    how = PlainText(max_length=64)
    default_on = serializers.BooleanField()
    shown_text_version = PlainText(max_length=64)
    price = PlainText(max_length=64)
    locale = PlainText(max_length=35, required=False)
    at = PlainText(max_length=64, required=False)


class WhyInput(serializers.Serializer[Any]):
    why = PlainText(max_length=1_000)


class ProtectionInput(serializers.Serializer[Any]):
    consent = ConsentInput()
    variant_id = serializers.IntegerField(min_value=1, required=False)


class GiveFeeBack(APIView):
    """POST /v1/fee_refunds/{id}/give: the shop is asked to pay this part of the fee; 202, and the change."""

    scopes = {"POST": "refunds:write"}

    def post(self, request: Request, public_id: str) -> Response:
        part = _part(request, public_id)
        return once(request, lambda: accepted(told(lambda: fee_refunds.give(part, by=partner(request)))))


class KeepFee(APIView):
    """POST /v1/fee_refunds/{id}/drop {"why"}: this part of the fee is not given back."""

    scopes = {"POST": "refunds:write"}

    def post(self, request: Request, public_id: str) -> Response:
        part = _part(request, public_id)
        return once(request, lambda: self._drop(request, part))

    def _drop(self, request: Request, part: FeeRefund) -> Response:
        why = valid(WhyInput, request)["why"]
        try:
            return Response(represent_part(fee_refunds.drop(part, why, by=partner(request))))
        except ChangeRefused as refusal:
            raise Problem(409, refusal.code, str(refusal), refusal.pointer) from refusal


class Protection(APIView):
    """GET: whether an order is covered, and if not, why; every order has an answer.

    POST adds protection after the purchase, with the receipt of the customer's choice; DELETE takes it off and gives
    the fee back. Both while nothing was sent; the answer (202) is the change, which the shop has yet to make.
    """

    scopes = {"GET": "orders:read", "POST": "orders:write", "DELETE": "refunds:write"}

    def post(self, request: Request, public_id: str) -> Response:
        order = get_object_or_404(visible_orders(key_of(request)), public_id=public_id)
        data = valid(ProtectionInput, request)
        variant = data.get("variant_id")
        return once(
            request,
            lambda: accepted(
                told(lambda: afterwards.add(order, data["consent"], variant_id=variant, by=partner(request)))
            ),
        )

    def delete(self, request: Request, public_id: str) -> Response:
        order = get_object_or_404(visible_orders(key_of(request)), public_id=public_id)
        return once(request, lambda: accepted(told(lambda: afterwards.take_off(order, by=partner(request)))))

    def get(self, request: Request, public_id: str) -> Response:
        order = get_object_or_404(visible_orders(key_of(request)), public_id=public_id)
        found = promise_of(order)
        return Response(
            {
                "order": order.public_id,
                "status": found.status,
                "code": found.code or None,
                "why": found.why or None,
                "coverage": represent(found.coverage) if found.coverage else None,
                "statutory": {"country": found.duty.country, "words": found.duty.words} if found.duty else None,
            }
        )


def visible_coverages(key: ApiKey) -> QuerySet[Coverage]:
    """Coverage of the orders this key may see."""
    found = Coverage.objects.select_related("order__shop", "plan_version__plan", "consent")
    found = found.prefetch_related("fee_refunds")
    return found.filter(order__shop__domain=key.shop_domain) if key.shop_domain else found


def represent(coverage: Coverage) -> dict[str, Any]:
    """A coverage as JSON; `consent` is null where the customer's choice is not known."""
    consent: Consent | None = getattr(coverage, "consent", None)
    return {
        "order": coverage.order.public_id,
        "order_remote_id": str(coverage.order.remote_id),
        "status": coverage.status,
        "fee": coverage.fee,
        "fee_refunds": [represent_part(part) for part in coverage.fee_refunds.all()],
        "plan": coverage.plan_version.plan.public_id,
        "plan_version": coverage.plan_version.number,
        "consent": consent and {
            "how": consent.how,
            "default_on": consent.default_on,
            "text_version": consent.text_version,
            "price": consent.price,
            "locale": consent.locale,
            "given_at": consent.given_at,
        },
        "created_at": coverage.created_at,
        "updated_at": coverage.updated_at,
    }  # fmt: skip


def represent_part(part: FeeRefund) -> dict[str, Any]:
    """A part of the fee that is due back: `removed` of what was `covered` was taken off before anything was sent."""
    return {
        "id": part.public_id,
        "status": part.state,
        "amount": part.amount,
        "removed": part.removed,
        "covered": part.covered,
        "failure": part.failure or None,
        "why": part.why or None,
        "created_at": part.created_at,
        "paid_at": part.paid_at,
    }


def _part(request: Request, public_id: str) -> FeeRefund:
    visible = FeeRefund.objects.filter(coverage__in=visible_coverages(key_of(request)))
    return get_object_or_404(visible.select_related("coverage__order"), public_id=public_id)


def _choice(request: Request, name: str, allowed: Any) -> str:
    value = request.query_params.get(name, "")
    if value and value not in allowed:
        raise Problem(400, "invalid_parameter", f"{name} must be one of {', '.join(allowed)}.", name)
    return value
