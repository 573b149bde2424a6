"""Claims for partners: /v1/claims, /v1/claims/{id}, /v1/claims/{id}/withdraw."""

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
from backoffice.rest.pages import page, time_of
from backoffice.rest.problems import Problem
from orders.api import visible_orders
from orders.models import LineItem
from protection import filing
from protection.api.body import PlainText, valid
from protection.eligibility import ClaimRefused, ItemAsked
from protection.models import Claim
from protection.models.claim import MoveRefused


class ItemInput(serializers.Serializer[Any]):
    line_item = PlainText(max_length=64, help_text="Our id (li_…) or the shop's line item id")
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)


class ClaimInput(serializers.Serializer[Any]):
    order = PlainText(max_length=40, help_text="ord_…")
    reason = serializers.ChoiceField(choices=Claim.Reason.choices)
    items = serializers.ListField(child=ItemInput(), allow_empty=False, max_length=250)
    description = PlainText(max_length=10_000, required=False, allow_blank=True, default="")


class Claims(APIView):
    """GET: a page of claims, newest first (filters: order, status, updated_since). POST: file a claim."""

    scopes = {"GET": "claims:read", "POST": "claims:write"}

    def get(self, request: Request) -> Response:
        claims = visible_claims(key_of(request))
        if order := request.query_params.get("order"):
            claims = claims.filter(order__public_id=order.replace("\x00", ""))
        if status := request.query_params.get("status"):
            if status not in Claim.State.values:
                allowed = ", ".join(Claim.State.values)
                raise Problem(400, "invalid_parameter", f"status must be one of {allowed}.", "status")
            claims = claims.filter(state=status)
        if since := time_of(request, "updated_since"):
            claims = claims.filter(updated_at__gte=since)
        return page(request, claims, represent)

    def post(self, request: Request) -> Response:
        return once(request, lambda: self._file(request))

    def _file(self, request: Request) -> Response:
        data = valid(ClaimInput, request)
        order = visible_orders(key_of(request)).filter(public_id=data["order"]).first()
        if order is None:
            raise Problem(422, "unknown_order", "There is no order with this id.", "/order")
        known = {key: line for line in order.lines.all() for key in (line.public_id, str(line.remote_id))}
        try:
            claim = filing.file_claim(
                order,
                reason=data["reason"],
                items=[_asked(known, item, index) for index, item in enumerate(data["items"])],
                description=data["description"],
                by=f"partner:{key_of(request).partner.name}",
            )
        except ClaimRefused as refusal:
            raise Problem(422, refusal.code, str(refusal), refusal.pointer) from refusal
        claim = visible_claims(key_of(request)).get(pk=claim.pk)
        return Response(represent(claim), status=201, headers={"Location": f"/v1/claims/{claim.public_id}"})


class OneClaim(APIView):
    scopes = {"GET": "claims:read"}

    def get(self, request: Request, public_id: str) -> Response:
        claim = get_object_or_404(visible_claims(key_of(request)), public_id=public_id)
        return Response(represent(claim), headers={"ETag": f'"{claim.version}"'})


class Withdraw(APIView):
    """POST /v1/claims/{id}/withdraw: the customer takes the claim back."""

    scopes = {"POST": "claims:write"}

    def post(self, request: Request, public_id: str) -> Response:
        claim = get_object_or_404(visible_claims(key_of(request)), public_id=public_id)

        def withdraw() -> Response:
            try:
                filing.withdraw(claim, by=f"partner:{key_of(request).partner.name}")
            except (ClaimRefused, MoveRefused) as refusal:
                raise Problem(409, getattr(refusal, "code", "wrong_state"), str(refusal)) from refusal
            return Response(represent(visible_claims(key_of(request)).get(pk=claim.pk)))

        return once(request, withdraw)


def visible_claims(key: ApiKey) -> QuerySet[Claim]:
    claims = Claim.objects.select_related("order__shop").prefetch_related(
        "items__line", "items__decisions", "resolutions__replacement_order"
    )
    return claims.filter(order__shop__domain=key.shop_domain) if key.shop_domain else claims


def _asked(known: dict[str, LineItem], item: dict[str, Any], index: int) -> ItemAsked:
    line = known.get(item["line_item"])
    if line is None:
        pointer = f"/items/{index}/line_item"
        raise Problem(422, "unknown_line", f"{item['line_item']} is not a line of this order.", pointer)
    return ItemAsked(line, item["quantity"])


def represent(claim: Claim) -> dict[str, Any]:
    """A claim as JSON."""
    return {
        "id": claim.public_id,
        "order": claim.order.public_id,
        "shop": claim.order.shop.domain,
        "reason": claim.reason,
        "description": claim.description,
        "status": claim.state,
        "outcome": claim.outcome or None,
        "next_actor": claim.next_actor or None,
        "version": claim.version,
        "items": [
            {
                "line_item": item.line.public_id,
                "line_item_remote_id": str(item.line.remote_id),
                "quantity": item.quantity,
                "decisions": [
                    {
                        "verdict": decision.verdict,
                        "quantity": decision.quantity,
                        "remedy": decision.remedy,
                        "reason_code": decision.reason_code or None,
                        "note": decision.note,
                        "value": decision.value,
                        "decided_at": decision.decided_at,
                    }
                    for decision in item.decisions.all()
                    if not decision.superseded
                ],
            }
            for item in claim.items.all()
        ],
        "resolutions": [
            {
                "id": resolution.public_id,
                "kind": resolution.kind,
                "status": resolution.state,
                "failure": resolution.failure or None,
                "replacement_order": resolution.replacement_order and resolution.replacement_order.public_id,
                "replacement_order_name": resolution.remote_order_name or None,
                "executed_at": resolution.executed_at,
            }
            for resolution in claim.resolutions.all()
        ],
        "submitted_at": claim.submitted_at,
        "decided_at": claim.decided_at,
        "closed_at": claim.closed_at,
        "created_at": claim.created_at,
        "updated_at": claim.updated_at,
    }
