"""Incidents (/v1/incidents) and how alike claims are decided (/v1/consistency), for partners to read."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.models import ApiKey
from backoffice.rest.authentication import key_of
from backoffice.rest.pages import page
from backoffice.rest.problems import Problem
from protection.api.body import among, since
from protection.models import Incident
from protection.similar import consistency

FILTERS = {"status": ("state", Incident.State), "kind": ("kind", Incident.Kind)}


class Incidents(APIView):
    """A page of incidents, newest first. Filters: shop, status, kind, updated_since, created_at[gte]."""

    scopes = {"GET": "incidents:read"}

    def get(self, request: Request) -> Response:
        found = visible_incidents(key_of(request))
        if domain := request.query_params.get("shop"):
            found = found.filter(shop__domain=domain.replace("\x00", ""))
        return page(request, since(request, among(request, found, FILTERS)), represent)


class OneIncident(APIView):
    """One incident with the ids of its claims."""

    scopes = {"GET": "incidents:read"}

    def get(self, request: Request, public_id: str) -> Response:
        incident = get_object_or_404(visible_incidents(key_of(request)), public_id=public_id)
        claims = list(incident.members.order_by("pk").values_list("claim__public_id", flat=True))
        return Response({**represent(incident), "claims": claims})


class Consistency(APIView):
    """GET ?days=30, 90 or 365: decisions that differ from nine of ten similar ones, and appeals, by reason and rule."""

    scopes = {"GET": "claims:read"}

    def get(self, request: Request) -> Response:
        asked = request.query_params.get("days", "90")
        if asked not in {str(days) for days in consistency.PERIODS}:
            allowed = ", ".join(str(days) for days in consistency.PERIODS)
            raise Problem(400, "invalid_parameter", f"days must be one of {allowed}.", "days")
        decisions = consistency.since(int(asked))
        if domain := key_of(request).shop_domain:
            decisions = decisions.filter(claim__order__shop__domain=domain)
        return Response(
            {
                "days": int(asked),
                "reasons": [_figures(row) for row in consistency.by_reason(decisions)],
                "rules": [_figures(row) for row in consistency.by_rule(decisions)],
            }
        )


def visible_incidents(key: ApiKey) -> QuerySet[Incident]:
    incidents = Incident.objects.select_related("shop")
    return incidents.filter(shop__domain=key.shop_domain) if key.shop_domain else incidents


def represent(incident: Incident) -> dict[str, Any]:
    """An incident as JSON; `usual` is how many claims were to be expected, `chance` that of so many by themselves."""
    return {
        "id": incident.public_id,
        "shop": incident.shop.domain,
        "kind": incident.kind,
        "carrier": incident.carrier or None,
        "origin": incident.origin or None,
        "destination": incident.destination or None,
        "sku": incident.sku or None,
        "location_id": incident.location_id and str(incident.location_id),
        "reason": incident.reason or None,
        "days": incident.days,
        "status": incident.state,
        "claim_count": incident.count,
        "usual": round(incident.usual, 3),
        "chance": incident.chance,
        "sentence": incident.sentence,
        "cause": incident.cause or None,
        "notice": incident.notice or None,
        "confirmed_at": incident.confirmed_at,
        "ended_at": incident.ended_at,
        "created_at": incident.created_at,
        "updated_at": incident.updated_at,
    }


def _figures(row: consistency.Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}
