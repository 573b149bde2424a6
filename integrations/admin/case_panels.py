"""Which systems know everything about an order, and which do not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min
from django.http import HttpRequest

from backoffice.console.panels import Panel
from integrations.models import Delivery
from orders.models import Order

State = Delivery.State


@dataclass(slots=True)
class Standing:
    """One system's standing on one order. `stuck` is the delivery to look at when something is wrong."""

    label: str
    words: str = "In step"
    tone: str = "good"
    since: datetime | None = None
    stuck: int | None = None


def systems_in_step(request: HttpRequest, order: Order) -> Panel | None:
    if not request.user.has_perm("integrations.view_delivery"):
        return None
    rows = (
        Delivery.objects.filter(order=order)
        .order_by("connection__label", "connection_id")
        .values("connection_id", "connection__label", "connection__paused_at", "state", "parked_because")
        .annotate(number=Count("id"), oldest=Min("created_at"), last=Max("delivered_at"), head=Min("id"))
    )
    by_connection: dict[int, list[Any]] = {}
    for row in rows:
        by_connection.setdefault(row["connection_id"], []).append(row)
    return Panel("Systems", "integrations/systems.html", {"standings": [_standing(r) for r in by_connection.values()]})


def _standing(rows: list[Any]) -> Standing:
    """The worst thing that can be said about one connection's deliveries of one order."""
    label = rows[0]["connection__label"]
    open_rows = [row for row in rows if row["state"] != State.DELIVERED]
    number = sum(row["number"] for row in open_rows)
    if not open_rows:
        return Standing(label, since=max(row["last"] for row in rows))
    oldest = min(row["oldest"] for row in open_rows)
    parked = [row for row in open_rows if row["state"] == State.PARKED]
    if parked:
        reason = Delivery.Parked(parked[0]["parked_because"]).label.lower()
        held = f"; {number - 1} more wait behind it" if number > 1 else ""
        return Standing(label, f"Parked: {reason}{held}", "bad", oldest, min(row["head"] for row in parked))
    if rows[0]["connection__paused_at"]:
        return Standing(label, f"Paused, {number} waiting", "warn", oldest)
    retrying = [row for row in open_rows if row["state"] == State.RETRYING]
    if retrying:
        return Standing(label, f"Retrying, {number} waiting", "warn", oldest, min(row["head"] for row in retrying))
    return Standing(label, f"{number} on the way", "info", oldest)
