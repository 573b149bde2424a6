"""Sync's part of the page Today, and the checklist of a fresh installation."""

from datetime import timedelta
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone

from backoffice.console.counts import counts
from backoffice.console.panels import Panel
from integrations.models import Connection, Delivery, Heartbeat, InboundMessage
from integrations.proof import proofs
from orders.models import Order
from protection.models import ApprovalLimit, PlanVersion

STALE = timedelta(seconds=60)
LATE = timedelta(minutes=45)  # three passes
STORES = 8
STEPS = {
    "shop": Exists(Connection.objects.filter(system="shopify")),
    "message": Exists(InboundMessage.objects.all()),
    "order": Exists(Order.objects.all()),
    "plan": Exists(PlanVersion.objects.all()),
    "limit": Exists(ApprovalLimit.objects.all()),
    "second_person": Exists(User.objects.filter(is_staff=True).exclude(pk=OuterRef("pk"))),
    "partner": Exists(Connection.objects.filter(system="webhook")),
    "delivered": Exists(Delivery.objects.filter(state=Delivery.State.DELIVERED)),
}
WORDS = {
    "shop": ("Connect a store", "Set-up, Connect a store"),
    "message": ("Receive the first message", "change an order at the shop"),
    "order": ("See the first order", ""),
    "plan": ("Write a plan for the delivery guarantee", "Set-up, Plans"),
    "limit": ("Say who may approve how much", "Set-up, Approval limits"),
    "second_person": ("Give a second person a log-in", "Set-up, Staff"),
    "partner": ("Connect a partner", "manage.py add_endpoint"),
    "delivered": ("Deliver the first event", ""),
}


def sync_health(request: HttpRequest, subject: Any) -> Panel | None:
    """What is stuck, and whether the workers live."""
    if not request.user.has_perm("integrations.view_connection"):
        return None
    known = counts(request)
    beat = Heartbeat.objects.order_by("-beat_at").first()
    context = {
        "inbox": known.get("inbox", 0),
        "outbox": known.get("outbox", 0),
        "paused": known.get("paused", 0),
        "beat": beat and beat.beat_at,
        "stale": beat is None or timezone.now() - beat.beat_at > STALE,
        "sees_inbox": request.user.has_perm("integrations.view_inboundmessage"),
        "stores": proofs()[:STORES],
        "late": LATE.total_seconds(),
    }
    return Panel("Sync", "integrations/today_sync.html", context)


def parked(request: HttpRequest, subject: Any) -> Panel | None:
    """Deliveries that wait for somebody, the oldest first."""
    if not request.user.has_perm("integrations.view_delivery") or not counts(request).get("outbox"):
        return None
    rows = Delivery.objects.filter(state=Delivery.State.PARKED).order_by("id").select_related("connection", "order")
    rows = rows.defer("connection__secrets", "order__amounts", "order__shipping_address", "order__billing_address")
    return Panel("Parked deliveries", "integrations/today_parked.html", {"rows": rows[:6]})


def setup_checklist(request: HttpRequest, subject: Any) -> Panel | None:
    """Steps of a new installation, ticked by facts; the panel goes away when all are done."""
    if not request.user.has_perm("integrations.change_connection"):
        return None
    facts = (
        User.objects.filter(pk=cast(User, request.user).pk).annotate(**STEPS).values(*STEPS).get()
    )  # all of them in one query
    steps = [(*WORDS[name], done) for name, done in facts.items()]
    if all(done for *_, done in steps):
        return None
    done = sum(1 for step in steps if step[-1])
    return Panel(f"Setting up: {done} of {len(steps)} done", "integrations/today_setup.html", {"steps": steps})
