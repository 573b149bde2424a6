"""The ground floor's part of the page Today."""

from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.http import HttpRequest
from django.utils import timezone

from backoffice.console.panels import Panel
from orders.models import Order

HOURS = 24
HEIGHT = 96


def orders_per_hour(request: HttpRequest, subject: Any) -> Panel | None:
    """Orders that came in, hour by hour, as a chart drawn here and a table for those who do not see it."""
    if not request.user.has_perm("orders.view_order"):
        return None
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=HOURS - 1)
    rows = Order.objects.filter(created_at__gte=first).annotate(hour=TruncHour("created_at")).values("hour")
    counts = {row["hour"]: row["number"] for row in rows.annotate(number=Count("id")).order_by()}
    most = max(counts.values(), default=0)
    bars = []
    for index in range(HOURS):
        hour = first + timedelta(hours=index)
        number = counts.get(hour, 0)
        height = round(HEIGHT * number / most, 1) if most else 0
        bars.append(
            {
                "hour": hour,
                "number": number,
                "x": round(index * 100 / HOURS, 2),
                "y": HEIGHT - height,
                "height": height,
                "label": index % 4 == 0,
            }
        )
    context = {"bars": bars, "most": most, "total": sum(counts.values()), "width": round(100 / HOURS - 0.8, 2)}
    return Panel("Orders received, last 24 hours", "orders/today_orders.html", context, wide=True)
