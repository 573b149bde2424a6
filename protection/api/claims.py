"""Claims for partners: /v1/claims and /v1/claims/{id}; what else may be done with one is in claim_verbs.py."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.models import ApiKey
from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from backoffice.rest.pages import page
from backoffice.rest.problems import Problem
from orders.api import visible_orders
from orders.models import LineItem
from protection import filing
from protection.api.body import among, since, valid
from protection.api.claim_body import ClaimInput
from protection.api.remedies import represent_remedy
from protection.appeals import appeal_until
from protection.eligibility import ClaimRefused, ItemAsked
from protection.filing import Wishes
from protection.models import Claim, InfoRequest

FILTERS = {
    "status": ("state", Claim.State),
    "reason": ("reason", Claim.Reason),
    "outcome": ("outcome", Claim.Outcome),
    "next_actor": ("next_actor", Claim.Actor),
}


class Claims(APIView):
    """GET: a page of claims, newest first. POST: file a claim.

    Filters: order, shop, status, reason, outcome, next_actor, updated_since, created_at[gte].
    """

    scopes = {"GET": "claims:read", "POST": "claims:write"}

    def get(self, request: Request) -> Response:
        claims = visible_claims(key_of(request))
        for name, column in (("order", "order__public_id"), ("shop", "order__shop__domain")):
            if value := request.query_params.get(name):
                claims = claims.filter(**{column: value.replace("\x00", "")})
        return page(request, since(request, among(request, claims, FILTERS)), represent)

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
                wishes=Wishes(data["choices"], data["ship_to"], data["happened_on"]),
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


def visible_claims(key: ApiKey) -> QuerySet[Claim]:
    claims = Claim.objects.select_related("order__shop", "rule", "follows").prefetch_related(
        "info_requests", "replies", "items__line", "items__decisions", "resolutions__replacement_order",
        "resolutions__instead_of",
    )  # fmt: skip
    return claims.filter(order__shop__domain=key.shop_domain) if key.shop_domain else claims


def _asked(known: dict[str, LineItem], item: dict[str, Any], index: int) -> ItemAsked:
    line = known.get(item["line_item"])
    if line is None:
        pointer = f"/items/{index}/line_item"
        raise Problem(422, "unknown_line", f"{item['line_item']} is not a line of this order.", pointer)
    return ItemAsked(line, item["quantity"])


def _asked_for(request: InfoRequest) -> dict[str, Any]:
    return {"id": request.public_id, "items": request.asked, "due_at": request.due_at, "reminders": request.reminders}


def represent(claim: Claim) -> dict[str, Any]:
    """A claim as JSON."""
    return {
        "id": claim.public_id,
        "order": claim.order.public_id,
        "shop": claim.order.shop.domain,
        "reason": claim.reason,
        "rule": claim.rule and claim.rule.public_id,
        "rule_version": claim.rule and claim.rule.number,
        "description": claim.description,
        "status": claim.state,
        "outcome": claim.outcome or None,
        "next_actor": claim.next_actor or None,
        "version": claim.version,
        "choices": claim.choices,
        "ship_to": claim.ship_to,
        "happened_on": claim.happened_on,
        "follows": claim.follows and claim.follows.public_id,
        "eligible_at": claim.eligible_at,
        "asked": next((_asked_for(asked) for asked in claim.info_requests.all() if asked.ended_at is None), None),
        "replies": [
            {"id": reply.public_id, "text": reply.text, "created_at": reply.created_at} for reply in claim.replies.all()
        ],
        "appealed_at": claim.appealed_at,
        "appeal": claim.appeal_why or None,
        "appeal_until": appeal_until(claim),
        "parcel_found_at": claim.found_at,
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
                        "amount": decision.amount or None,
                        "exchange_variant_id": decision.variant_id and str(decision.variant_id),
                        "otherwise": decision.otherwise,
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
        "resolutions": [represent_remedy(resolution) for resolution in claim.resolutions.all()],
        "submitted_at": claim.submitted_at,
        "decided_at": claim.decided_at,
        "closed_at": claim.closed_at,
        "created_at": claim.created_at,
        "updated_at": claim.updated_at,
    }
