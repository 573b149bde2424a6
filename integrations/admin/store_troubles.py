"""Stores that need somebody, on the page Today."""

from typing import Any

from django.http import HttpRequest

from backoffice.console.panels import Panel
from integrations.models import Trouble

SHOWN = 6


def open_troubles(request: HttpRequest, subject: Any) -> Panel | None:
    """What only a person can put right, the oldest first; nothing when all stores are well."""
    if not request.user.has_perm("integrations.view_connection"):
        return None
    rows = Trouble.objects.filter(ended_at=None).select_related("connection").defer("connection__secrets")
    troubles = list(rows.order_by("id")[:SHOWN])
    if not troubles:
        return None
    return Panel("Stores that need somebody", "integrations/today_troubles.html", {"troubles": troubles}, tone="bad")
