"""What is stuck, for the sidebar and the dashboard."""

from typing import Any

from django.db.models import CharField, Count, QuerySet, Value
from django.http import HttpRequest

from backoffice.console.counts import badge
from integrations.models import Connection, Delivery, Drift, InboundMessage, PrivacyRequest

INBOX = [InboundMessage.State.FAILED, InboundMessage.State.PARKED]


def stuck() -> QuerySet[Any, Any]:
    """Messages that failed or are parked; deliveries that are parked. Each through an index of its own."""
    inbox = InboundMessage.objects.filter(state__in=INBOX)
    outbox = Delivery.objects.filter(state=Delivery.State.PARKED)
    return _number(inbox, "inbox").union(_number(outbox, "outbox"), all=True)


def paused() -> QuerySet[Any, Any]:
    return _number(Connection.objects.filter(paused_at__isnull=False, removed_at=None), "paused")


def differing() -> QuerySet[Any, Any]:
    """Orders that a shop holds differently, as far as somebody or something compared them."""
    return _number(Drift.objects.filter(healed_at=None), "drift")


def demanded() -> QuerySet[Any, Any]:
    """Privacy requests that are not done."""
    return _number(PrivacyRequest.objects.filter(done_at=None), "privacy")


def _number(rows: QuerySet[Any, Any], name: str) -> QuerySet[Any, Any]:
    named = rows.order_by().annotate(name=Value(name, output_field=CharField())).values("name")
    return named.annotate(number=Count("id")).values_list("name", "number")


def inbox_badge(request: HttpRequest) -> str:
    return badge(request, "inbox")


def outbox_badge(request: HttpRequest) -> str:
    return badge(request, "outbox")


def paused_badge(request: HttpRequest) -> str:
    return badge(request, "paused")


def privacy_badge(request: HttpRequest) -> str:
    return badge(request, "privacy")


def drift_badge(request: HttpRequest) -> str:
    return badge(request, "drift")
