"""What an endpoint was sent and what it answered, and sending again: /v1/webhook_endpoints/{id}/deliveries."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Left
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from backoffice.rest.pages import limit_of
from backoffice.rest.problems import Problem
from integrations import outbox
from integrations.api.endpoints import visible_endpoint
from integrations.events import VERSIONS, Event, represent
from integrations.models import Connection, Delivery, DeliveryAttempt
from orders.models import JournalEntry

SHOWN_TRIES = 20
SHOWN_CHARACTERS = 1000  # of an answer


class Log(APIView):
    """A page of deliveries, the newest event first. Filters: state, order. The cursor is the last event's id."""

    scopes = {"GET": "endpoints:read"}

    def get(self, request: Request, public_id: str) -> Response:
        deliveries = visible_deliveries(request, visible_endpoint(request, public_id))
        if state := request.query_params.get("state"):
            if state not in Delivery.State.values:
                allowed = ", ".join(Delivery.State.values)
                raise Problem(400, "invalid_parameter", f"state must be one of {allowed}.", "state")
            deliveries = deliveries.filter(state=state)
        if order := request.query_params.get("order"):
            deliveries = deliveries.filter(order__public_id=order.replace("\x00", ""))
        if cursor := request.query_params.get("cursor"):
            last = JournalEntry.objects.filter(public_id=cursor.replace("\x00", "")).first()
            if last is None:
                detail = "This cursor is not one of ours; start without it."
                raise Problem(400, "invalid_parameter", detail, "cursor")
            deliveries = deliveries.filter(entry_id__lt=last.pk)
        limit = limit_of(request)
        # By event, which the unique (connection, event) serves; a delivery is made in the moment of its event.
        found = list(deliveries.order_by("-entry_id")[: limit + 1])
        more, found = len(found) > limit, found[:limit]
        next_cursor = found[-1].entry.public_id if more else None
        return Response({"data": [represent_delivery(d) for d in found], "has_more": more, "next_cursor": next_cursor})


class OneDelivery(APIView):
    """One event's delivery, with the body as it is sent (`webhook-id` is the event's id, the signature each try's)."""

    scopes = {"GET": "endpoints:read"}

    def get(self, request: Request, public_id: str, event: str) -> Response:
        connection = visible_endpoint(request, public_id)
        delivery = _one(visible_deliveries(request, connection), event)
        return Response({**represent_delivery(delivery), "request": _body(delivery, connection)})


class SendOneAgain(APIView):
    """POST: a parked or waiting delivery is due now, with all its tries back; 409 when there is nothing to do."""

    scopes = {"POST": "endpoints:write"}

    def post(self, request: Request, public_id: str, event: str) -> Response:
        connection = visible_endpoint(request, public_id)

        def again() -> Response:
            delivery = _one(visible_deliveries(request, connection), event)
            if not outbox.send_again(delivery, by=_by(request)):
                detail = "This delivery is done. Send everything since a time again, or read the event in the feed."
                raise Problem(409, "nothing_to_send", detail)
            return Response(represent_delivery(_one(visible_deliveries(request, connection), event)), status=202)

        return once(request, again)


class SendAgainInput(serializers.Serializer[Any]):
    since = serializers.DateTimeField(required=False, default_timezone=UTC)
    parked = serializers.BooleanField(required=False)


class SendAgain(APIView):
    """POST {"parked": true}: all that is parked. POST {"since": time}: all since then, also what was delivered."""

    scopes = {"POST": "endpoints:write"}

    def post(self, request: Request, public_id: str) -> Response:
        connection = visible_endpoint(request, public_id)
        return once(request, lambda: Response({"sent_again": _send_again(request, connection)}, status=202))


def _send_again(request: Request, connection: Connection) -> int:
    if not isinstance(request.data, dict):
        raise Problem(400, "invalid_request", "Send a JSON object.")
    try:
        checked = SendAgainInput(data=request.data)
        checked.is_valid(raise_exception=True)
        asked = checked.validated_data
        since: datetime | None = asked.get("since") and asked["since"].astimezone(UTC)
    except OverflowError:
        raise Problem(422, "invalid_time", "This time is out of range.", "/since") from None
    if bool(since) == bool(asked.get("parked")):
        raise Problem(422, "invalid_request", 'Send either {"parked": true} or {"since": a time}.')
    if since is None:
        return outbox.send_all_again(connection, by=_by(request))
    try:
        return outbox.send_since(connection, since, by=_by(request))
    except ValueError as refusal:
        raise Problem(422, "invalid_time", str(refusal), "/since") from refusal


def visible_deliveries(request: Request, connection: Connection) -> QuerySet[Delivery]:
    """Deliveries to this endpoint, with their events and last tries; of its shop alone for a key bound to one."""
    tries = (DeliveryAttempt.objects.annotate(begins=Left("answer", SHOWN_CHARACTERS)).defer("answer").order_by("-id"))[
        :SHOWN_TRIES
    ]
    deliveries = Delivery.objects.filter(connection=connection)
    if key_of(request).shop_domain:
        deliveries = deliveries.filter(shop__domain=key_of(request).shop_domain)
    return deliveries.select_related("entry", "order").only(
        "state", "parked_because", "attempts", "due_at", "delivered_at", "created_at", "connection_id",
        "order__public_id", "entry__public_id", "entry__action", "entry__created_at",
    ).prefetch_related(Prefetch("log", tries, to_attr="tries"))  # fmt: skip


def represent_delivery(delivery: Delivery) -> dict[str, Any]:
    """A delivery as JSON, with its last tries, the newest first."""
    waits = delivery.state in (Delivery.State.PENDING, Delivery.State.RETRYING)
    return {
        "event": delivery.entry.public_id,
        "type": delivery.entry.action,
        "order": delivery.order and delivery.order.public_id,
        "state": delivery.state,
        "parked_because": delivery.parked_because or None,
        "attempts": delivery.attempts,
        "due_at": delivery.due_at if waits else None,
        "delivered_at": delivery.delivered_at,
        "created_at": delivery.created_at,
        "log": [
            {
                "number": attempt.number,
                "started_at": attempt.started_at,
                "milliseconds": attempt.milliseconds,
                "status": attempt.status,
                "outcome": attempt.outcome,
                "answer": attempt.begins,
                "payload_version": attempt.payload_version or None,
            }
            for attempt in delivery.tries  # type: ignore[attr-defined]
        ],
    }


def _body(delivery: Delivery, connection: Connection) -> dict[str, Any]:
    """What was sent last, or will be sent."""
    tries: list[DeliveryAttempt] = delivery.tries  # type: ignore[attr-defined]
    sent = tries[0].payload_version if tries and delivery.state == Delivery.State.DELIVERED else ""
    version = sent if sent in VERSIONS else connection.payload_version
    entry = JournalEntry.objects.select_related("shop", "order").get(pk=delivery.entry_id)
    return represent(Event.of(entry), version)


def _one(deliveries: QuerySet[Delivery], event: str) -> Delivery:
    return get_object_or_404(deliveries, entry__public_id=event.replace("\x00", ""))


def _by(request: Request) -> str:
    return f"partner:{key_of(request).partner.name}"
