"""Which plan an order or a cart falls under: by where it goes to, and by the currency the shopper pays in."""

from datetime import datetime

from orders.models import Order, Shop
from protection.models import PlanVersion


def version_for(shop: Shop, *currencies: str, country: str, moment: datetime) -> PlanVersion | None:
    """The version in force at `moment`, None when no plan of the shop is for this currency and country.

    A market that names the country goes before a plan for everywhere, and in each the first of `currencies` before the
    next. Plans and versions are few and read whole, so whoever handles many orders has them loaded.
    """
    found = [
        (not plan.market, currencies.index(plan.currency), version)
        for plan in shop.plans.all()
        if plan.currency in currencies and (not plan.market or country in plan.countries)
        if (version := plan.in_force(moment)) is not None
    ]
    return min(found, key=lambda each: each[:2])[2] if found else None


def version_for_order(order: Order) -> PlanVersion | None:
    """The version that applied when the order was placed: in the shopper's currency, else in the shop's own."""
    country = str((order.shipping_address or {}).get("country_code") or "").upper()
    return version_for(order.shop, order.presentment_currency, order.currency, country=country, moment=order.placed_at)
