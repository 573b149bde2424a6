"""Sync's part of the page Today, and the checklist of a fresh installation."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from backoffice.console.counts import counts
from backoffice.console.panels import Panel
from integrations.models import Connection, Delivery, Heartbeat, InboundMessage
from orders.models import Order
from protection.models import ApprovalLimit, Plan

STALE = timedelta(seconds=60)


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
    steps = [
        ("Connect a shop", Connection.objects.filter(system="shopify").exists(), "manage.py connect_shop"),
        ("Receive the first message", InboundMessage.objects.exists(), "change an order at the shop"),
        ("See the first order", Order.objects.exists(), ""),
        (
            "Write a plan for the delivery guarantee",
            Plan.objects.filter(versions__isnull=False).exists(),
            "Set-up, Plans",
        ),
        ("Say who may approve how much", ApprovalLimit.objects.exists(), "Set-up, Approval limits"),
        ("Give a second person a log-in", User.objects.filter(is_staff=True)[1:2].exists(), "Set-up, Staff"),
        ("Connect a partner", Connection.objects.filter(system="webhook").exists(), "manage.py add_endpoint"),
        ("Deliver the first event", Delivery.objects.filter(state=Delivery.State.DELIVERED).exists(), ""),
    ]
    if all(done for _, done, _ in steps):
        return None
    done = sum(1 for step in steps if step[1])
    return Panel(f"Setting up: {done} of {len(steps)} done", "integrations/today_setup.html", {"steps": steps})
