"""Webhook endpoints as their partner manages them: /v1/webhook_endpoints. A secret is shown once, when it is made."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.db import transaction
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
from integrations import endpoints, failing, pausing
from integrations.drains import slot
from integrations.endpoints import FIELDS, NotPossible, fingerprint
from integrations.models import Connection
from protection.api.body import PlainText

SCOPES = {"GET": "endpoints:read", "POST": "endpoints:write", "PATCH": "endpoints:write", "DELETE": "endpoints:write"}
CODES = {"events": "unknown_event", "shops": "unknown_shop", "payload_version": "unknown_version", "url": "invalid_url"}


class PlainNumber(serializers.FloatField):
    """DRF's float overflows on a whole number of 400 digits."""

    def to_internal_value(self, data: Any) -> float:
        try:
            return super().to_internal_value(data)
        except OverflowError:
            self.fail("invalid")


class EndpointInput(serializers.Serializer[Any]):
    url = PlainText(max_length=2048)
    events = serializers.ListField(child=PlainText(max_length=64), max_length=200)
    shops = serializers.ListField(child=PlainText(max_length=255), max_length=1000, required=False)
    payload_version = PlainText(max_length=10, required=False)
    coalesce = serializers.BooleanField(required=False)
    most_per_second = PlainNumber(required=False, allow_null=True)
    most_in_flight = serializers.IntegerField(required=False, min_value=1, max_value=endpoints.MOST_IN_FLIGHT)


class RotationInput(serializers.Serializer[Any]):
    most = int(endpoints.MOST_OVERLAP.total_seconds() // 3600)
    overlap_hours = serializers.IntegerField(min_value=0, max_value=most, required=False)


class Endpoints(APIView):
    """GET: a page of the partner's endpoints, newest first. POST: make one; the answer holds its secret."""

    scopes = {method: SCOPES[method] for method in ("GET", "POST")}

    def get(self, request: Request) -> Response:
        return page(request, visible_endpoints(key_of(request)), represent)

    def post(self, request: Request) -> Response:
        return with_secret(once(request, lambda: self._create(request)))

    def _create(self, request: Request) -> Response:
        key = key_of(request)
        settings = _within(key, _settings(request))
        if key.shop_domain:
            settings.setdefault("shops", [key.shop_domain])
        try:
            connection = endpoints.create(key.partner, settings, by=_by(key))
        except NotPossible as refusal:
            raise _problem(refusal) from refusal
        where = {"Location": f"/v1/webhook_endpoints/{connection.public_id}"}
        return Response(represent(connection), status=201, headers=where)


class OneEndpoint(APIView):
    """GET, PATCH (any of the settings; If-Match with the ETag guards against another's change), DELETE."""

    scopes = {method: SCOPES[method] for method in ("GET", "PATCH", "DELETE")}

    def get(self, request: Request, public_id: str) -> Response:
        return _answer(visible_endpoint(request, public_id))

    def patch(self, request: Request, public_id: str) -> Response:
        key, expected = key_of(request), request.headers.get("If-Match", "*")
        with transaction.atomic():
            locked = visible_endpoints(key).select_for_update(of=("self",))
            connection = get_object_or_404(locked, public_id=public_id.replace("\x00", ""))
            settings = _within(key, _settings(request, partial=True))
            if not settings:
                raise Problem(400, "invalid_request", f"Name a setting to change: {', '.join(FIELDS)}.")
            if expected != "*" and etag(connection) not in expected:
                raise Problem(412, "changed_meanwhile", "This endpoint was changed meanwhile. Read it again first.")
            try:
                endpoints.change(connection, settings, by=_by(key))
            except NotPossible as refusal:
                raise _problem(refusal) from refusal
        return _answer(visible_endpoint(request, public_id))

    def delete(self, request: Request, public_id: str) -> Response:
        endpoints.remove(visible_endpoint(request, public_id), by=_by(key_of(request)))
        return Response(status=204)


class RotateSecret(APIView):
    """POST {"overlap_hours": 24}: a new secret; the old one signs beside it for so long."""

    scopes = {"POST": "endpoints:write"}

    def post(self, request: Request, public_id: str) -> Response:
        connection = visible_endpoint(request, public_id)

        def rotate() -> Response:
            asked = _body(RotationInput, request).get("overlap_hours")
            overlap = endpoints.OVERLAP if asked is None else timedelta(hours=asked)
            endpoints.rotate(connection, overlap=overlap, by=_by(key_of(request)))
            return Response(represent(connection))

        return with_secret(once(request, rotate))


class Resume(APIView):
    """POST: go on after a pause for failures or a 410; what waited is sent, in order. Staff's own pause stays."""

    scopes = {"POST": "endpoints:write"}

    def post(self, request: Request, public_id: str) -> Response:
        connection = visible_endpoint(request, public_id)

        def resume() -> Response:
            if paused_because(connection) == "us":
                raise Problem(409, "paused_by_us", "We paused this endpoint by hand. Ask us why.")
            pausing.resume(connection)
            return Response(represent(visible_endpoint(request, public_id)))

        return once(request, resume)


class Ping(APIView):
    """POST: one signed event of type endpoint.ping, now; the answer says what came of it. One at a time."""

    scopes = {"POST": "endpoints:write"}

    def post(self, request: Request, public_id: str) -> Response:
        connection = visible_endpoint(request, public_id)
        with slot(f"ping:{connection.partner_id}", 1) as mine:
            if not mine:
                raise Problem(429, "ping_in_progress", "A ping of yours is on its way. Wait for its answer.")
            pong = endpoints.ping(connection)
        return Response(
            {
                "ok": pong.ok,
                "outcome": pong.sent.outcome,
                "status": pong.sent.status,
                "answer": pong.sent.answer[:1000],
                "milliseconds": pong.milliseconds,
            }
        )


def visible_endpoints(key: ApiKey) -> QuerySet[Connection]:
    """The key's partner's endpoints; a key bound to a shop sees those that are sent this shop's events alone."""
    found = endpoints.endpoints().filter(partner=key.partner_id).select_related("health")
    return found.filter(shops=[key.shop_domain]) if key.shop_domain else found


def visible_endpoint(request: Request, public_id: str) -> Connection:
    """The endpoint with this id if the request's key may see it; raises Http404."""
    return get_object_or_404(visible_endpoints(key_of(request)), public_id=public_id.replace("\x00", ""))


def represent(connection: Connection) -> dict[str, Any]:
    """An endpoint as JSON, without its secret."""
    health = getattr(connection, "health", None)
    signing = connection.secrets.get("signing", [])
    return {
        "id": connection.public_id,
        **{name: getattr(connection, name) for name in FIELDS},
        "state": "paused" if connection.paused_at else "active",
        "paused_at": connection.paused_at,
        "paused_because": paused_because(connection),
        "failing_since": health and health.failing_since,
        "last_success_at": health and health.last_success_at,
        "secret_fingerprint": fingerprint(signing[0]) if signing else None,
        "old_secret_until": connection.old_secret_until,
        "created_at": connection.created_at,
    }


def paused_because(connection: Connection) -> str | None:
    """failing, gone, or us: staff's own words are not for the partner."""
    if connection.paused_at is None:
        return None
    by_itself = {f"{failing.FAILED} ({failing.BY})": "failing", f"{failing.GONE} ({failing.BY})": "gone"}
    return by_itself.get(connection.paused_because, "us")


def etag(connection: Connection) -> str:
    """Changes with the settings, and not with how the endpoint does."""
    settings = json.dumps([getattr(connection, name) for name in FIELDS])
    return f'"{hashlib.sha256(settings.encode()).hexdigest()[:16]}"'


def with_secret(response: Response) -> Response:
    """Add the secret that the answer is about.

    It is added after the answer was recorded for repeats, so that no secret is stored in the clear; a repeat shows it
    again only while it still signs.
    """
    connection = Connection.objects.get(public_id=response.data["id"])
    same = (s for s in connection.secrets["signing"] if fingerprint(s) == response.data["secret_fingerprint"])
    response.data = {**response.data, "secret": next(same, None)}
    return response


def _answer(connection: Connection) -> Response:
    return Response(represent(connection), headers={"ETag": etag(connection)})


def _settings(request: Request, *, partial: bool = False) -> dict[str, Any]:
    return _body(EndpointInput, request, partial=partial)


def _body(serializer: type[serializers.Serializer[Any]], request: Request, *, partial: bool = False) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise Problem(400, "invalid_request", "Send a JSON object.")
    checked = serializer(data=request.data, partial=partial)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


def _within(key: ApiKey, settings: dict[str, Any]) -> dict[str, Any]:
    """Settings that this key may ask for; another shop is answered as one that does not exist."""
    if key.shop_domain and "shops" in settings and settings["shops"] != [key.shop_domain]:
        raise Problem(422, "unknown_shop", f"This key is for {key.shop_domain} alone.", "/shops")
    return settings


def _problem(refusal: NotPossible) -> Problem:
    return Problem(422, CODES.get(refusal.field, "invalid_setting"), str(refusal), f"/{refusal.field}")


def _by(key: ApiKey) -> str:
    return f"partner:{key.partner.name}"
