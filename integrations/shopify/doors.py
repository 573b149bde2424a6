"""The two doors by which a store comes to be connected without a token typed in: the callback, and the session token.

Both are open to strangers, so every bad input is answered with a page or a problem that has a name, never with a 5xx.
"""

import logging
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.problems import Problem
from integrations import connecting
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection, StoreHealth
from integrations.shopify import grants, installing, session_tokens
from integrations.shopify.session_tokens import Unacceptable

logger = logging.getLogger(__name__)
TEMPLATE = "integrations/consent.html"


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """GET: the store's owner comes back from the consent page; 200 once the store is connected, or a named 4xx page."""
    try:
        connection = installing.finish(request.META.get("QUERY_STRING", ""))
    except installing.Refused as refusal:
        logger.warning("A consent was refused: %s", refusal.code)
        return _page(request, refusal.status, refusal.code, str(refusal))
    except GiveUp as refusal:
        return _page(request, 403, "no_token", str(refusal))
    except RetryLater as later:
        return _page(request, 409, "try_again", f"{later} Begin again in the console.")
    page = reverse("admin:integrations_connection_guide", args=[connection.pk])
    return render(request, TEMPLATE, {"connection": connection, "page": page})


def _page(request: HttpRequest, status: int, code: str, why: str) -> HttpResponse:
    return render(request, TEMPLATE, {"code": code, "why": why}, status=status)


class SessionToken(BaseAuthentication):
    """DRF authentication by a session token; request.user becomes the connection whose store proved itself."""

    def authenticate(self, request: Request) -> tuple[Any, str]:
        kind, _, raw = get_authorization_header(request).partition(b" ")
        token = raw.decode("ascii", "replace").strip()
        try:
            if kind.lower() != b"bearer" or not token:
                raise Unacceptable("Send the session token as Authorization: Bearer.")
            return _proven(token), token
        except Unacceptable as why:
            raise AuthenticationFailed(str(why), "bad_session_token") from why

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _proven(token: str) -> Connection:
    shop = session_tokens.shop_of(token)
    rows = Connection.objects.filter(system="shopify", shop__domain=shop).exclude(client_id="")
    connection = rows.select_related("shop").first()
    if connection is None:
        raise Unacceptable("This store was not prepared here.")
    signing = connection.secrets["signing"]
    session_tokens.verify(token, shop=shop, client_id=connection.client_id, secrets=signing)
    return connection


class SessionTokenExchange(APIView):
    """POST with `Authorization: Bearer <session token>`: a page embedded in the store's admin connects its store.

    200 {"connected": true}; the token is exchanged only when the store has none that works. Staff prepare the store in
    the console first: whose secret would verify the token otherwise?
    """

    authentication_classes = (SessionToken,)
    permission_classes = ()

    def post(self, request: Request) -> Response:
        connection: Connection = request.user  # type: ignore[assignment]
        if _needs_token(connection):
            try:
                granted = grants.by_session_token(connection, str(request.auth))
            except GiveUp as refusal:
                raise Problem(403, "no_token", str(refusal)) from refusal
            except RetryLater as later:
                raise Problem(409, "try_again", str(later)) from later
            with transaction.atomic():
                row = Connection.objects.select_for_update(of=["self"]).get(pk=connection.pk)
                grant = Connection.Grant.TOKEN_EXCHANGE if granted.refresh_token else Connection.Grant.STATIC
                secret = row.secrets["signing"][0]
                connecting.connected(row, granted, grant=grant, client_id=row.client_id, secret=secret)
        return Response({"connected": True})


def _needs_token(connection: Connection) -> bool:
    if connection.uninstalled_at or not connection.secrets.get("token"):
        return True
    return StoreHealth.objects.filter(connection=connection).exclude(token_problem="").exists()
