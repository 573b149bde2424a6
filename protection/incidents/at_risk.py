"""Orders that share what an incident's claims share and have no claim yet: whom to tell before they ask."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from orders.models import Fulfillment, LineItem, Order, TrackingEvent
from protection.models import Claim, Incident
from protection.windows import DELIVERED


def orders_at_risk(incident: Incident) -> QuerySet[Order]:
    """Of a lane: parcels of the same days that are not delivered. Of an item: parcels with it since the first day."""
    parcels = Fulfillment.objects.filter(order=OuterRef("pk")).exclude(status="cancelled")
    days = [date.fromisoformat(day) for day in incident.days]
    first = datetime.combine(min(days), time(), tzinfo=UTC)
    orders = Order.objects.filter(shop=incident.shop_id, deleted_at=None)
    if incident.kind == Incident.Kind.LANE:
        delivered = TrackingEvent.objects.filter(
            fulfillment=OuterRef("pk"), status__in=list(DELIVERED), deleted_at=None
        )
        sent: Any = parcels.filter(tracking_company=incident.carrier, remote_created_at__date__in=days)
        sent = sent.filter(remote_created_at__gte=first).exclude(Exists(delivered))
        orders = orders.filter(shipping_address__country_code=incident.destination)
    else:
        sent = parcels.filter(remote_created_at__gte=first - timedelta(days=7))
        if incident.location_id:
            sent = sent.filter(location_id=incident.location_id)
        orders = orders.filter(Exists(LineItem.objects.filter(order=OuterRef("pk"), sku=incident.sku)))
    unclaimed = orders.filter(Exists(sent)).exclude(Exists(Claim.objects.filter(order=OuterRef("pk"))))
    return unclaimed.order_by("remote_created_at", "id")
