"""The price of protection for a cart."""

from decimal import Decimal

from orders.money import Money, decimal_of, rounded
from protection.models import PlanVersion


class NotQuotable(Exception):
    """This cart cannot be priced. The message says why."""


def fee_for(version: PlanVersion, subtotal: Money) -> Money:
    """Fee for a cart of `subtotal`, rounded to what the currency can pay, between the plan's minimum and maximum.

    Raises NotQuotable for another currency than the plan's (we never convert) and for an empty cart.
    """
    if subtotal.currency != version.currency:
        raise NotQuotable(f"This plan is priced in {version.currency}, the cart is in {subtotal.currency}.")
    if subtotal.amount <= 0:
        raise NotQuotable("The cart has nothing to protect.")
    fee = _unbounded(version, subtotal.amount)
    if version.minimum is not None:
        fee = max(fee, version.minimum)
    if version.maximum is not None:
        fee = min(fee, version.maximum)
    return Money(rounded(fee, version.currency), version.currency)


def _unbounded(version: PlanVersion, subtotal: Decimal) -> Decimal:
    if version.pricing == PlanVersion.Pricing.FLAT:
        assert version.flat_fee is not None
        return version.flat_fee
    if version.pricing == PlanVersion.Pricing.PERCENT:
        assert version.percent is not None
        return subtotal * version.percent / 100
    reached = [tier for tier in version.tiers if decimal_of(tier["from"]) <= subtotal]
    if not reached:
        raise NotQuotable("The cart is below the plan's first tier.")
    return decimal_of(max(reached, key=lambda tier: decimal_of(tier["from"]))["fee"])
