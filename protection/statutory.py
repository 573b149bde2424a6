"""Where the law gives an unprotected customer the same claim: the seller carries the risk until delivery."""

from orders.models import Order
from protection.models import StatutoryDuty


def duty_for(order: Order) -> StatutoryDuty | None:
    """The duty towards whoever gets this order, None where there is none. An order that was cancelled sends nothing."""
    country = str((order.shipping_address or {}).get("country_code") or "").upper()
    if not country or order.cancelled_at or order.deleted_at:
        return None
    return StatutoryDuty.objects.filter(country=country, since__lte=order.placed_at.date()).first()
