"""Erasing what people wrote about a case with a carrier; money, days, states and ids are the books and stay."""

from collections.abc import Collection

from orders.models import Order
from orders.redaction import ERASED, scrubbed_text
from protection.models import Recovery

FREE = ("note", "asked", "why", "over_reason", "doubt")  # texts of people; doubt repeats why a remedy was taken back
SAID = ("reference", "carrier_name")  # of the carrier and the shop: only a person's own values in them go


def erase_recoveries(order: Order, personal: Collection[str]) -> None:
    """Blank the texts of this order's recoveries; call it in the transaction that erases the order."""
    for recovery in Recovery.objects.filter(order=order):
        for name in FREE:
            setattr(recovery, name, ERASED if getattr(recovery, name) else "")
        for name in SAID:
            setattr(recovery, name, scrubbed_text(recovery, name, personal))
        recovery.save(update_fields=[*FREE, *SAID])
