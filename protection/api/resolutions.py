"""Remedies for partners: /v1/resolutions, /v1/resolutions/{id}, and taking one back."""

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
from orders.models import Change
from protection import reversing
from protection.api.body import PlainText, among, since, valid
from protection.api.remedies import represent
from protection.eligibility import ClaimRefused
from protection.models import Resolution
from protection.models.claim import MoveRefused
from protection.verdicts import DecisionRefused

FILTERS = {"status": ("state", Resolution.State), "kind": ("kind", Resolution.Kind)}
NAMED = (("claim", "claim__public_id"), ("order", "claim__order__public_id"), ("shop", "claim__order__shop__domain"))


class Resolutions(APIView):
    """A page of remedies, newest first. Filters: claim, order, shop, status, kind, updated_since, created_at[gte]."""

    scopes = {"GET": "claims:read"}

    def get(self, request: Request) -> Response:
        found = visible_resolutions(key_of(request))
        for name, column in NAMED:
            if value := request.query_params.get(name):
                found = found.filter(**{column: value.replace("\x00", "")})
        return page(request, since(request, among(request, found, FILTERS)), represent)


class OneResolution(APIView):
    scopes = {"GET": "claims:read"}

    def get(self, request: Request, public_id: str) -> Response:
        return Response(represent(get_object_or_404(visible_resolutions(key_of(request)), public_id=public_id)))


class ReverseInput(serializers.Serializer[Any]):
    why = PlainText(max_length=1_000)


class Reverse(APIView):
    """POST {"why"}: take a remedy back that was carried out; its claim is decided anew.

    202 while the shop has yet to cancel the replacement (Location is that change), 200 when it is taken back.
    """

    scopes = {"POST": "resolutions:write"}

    def post(self, request: Request, public_id: str) -> Response:
        resolution = get_object_or_404(visible_resolutions(key_of(request)), public_id=public_id)
        return once(request, lambda: self._reverse(request, resolution))

    def _reverse(self, request: Request, resolution: Resolution) -> Response:
        why = valid(ReverseInput, request)["why"]
        try:
            reversing.reverse(resolution, why, by=f"partner:{key_of(request).partner.name}")
        except MoveRefused as refusal:
            raise Problem(409, "wrong_state", str(refusal)) from refusal
        except (ClaimRefused, DecisionRefused) as refusal:
            raise Problem(409, refusal.code, str(refusal), refusal.pointer) from refusal
        now = visible_resolutions(key_of(request)).get(pk=resolution.pk)
        if now.state == Resolution.State.REVERSED:
            return Response(represent(now))
        change = Change.objects.filter(reference=now.public_id).latest("id")
        return Response(represent(now), status=202, headers={"Location": f"/v1/changes/{change.public_id}"})


def visible_resolutions(key: ApiKey) -> QuerySet[Resolution]:
    """Remedies this key may see: of its shop, or of all when it is bound to none."""
    found = Resolution.objects.select_related("claim__order__shop", "instead_of", "replacement_order")
    return found.filter(claim__order__shop__domain=key.shop_domain) if key.shop_domain else found
