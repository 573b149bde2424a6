from collections import Counter
from collections.abc import Iterable

from django.db import models

from backoffice.identifiers import PublicId
from orders.models.order import Order


class FulfillmentOrder(models.Model):
    """Work for one location: which units of an order it is to send, what holds them up, how many are left.

    What is to be sent is the sum of `remaining` over those that are not closed or cancelled: after a cancelled parcel
    the old one stays closed with units remaining while a new one is opened, and would count them twice.

    `lines` is [{"id": remote id of the part, "line": remote line id, "total", "remaining"}], `holds` is
    [{"id", "reason", "notes", "handle", "ours"}], `destination` an address as `Order.shipping_address`.
    """

    CLOSED = ("closed", "cancelled")

    public_id = PublicId("fo")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fulfillment_orders", db_index=False)
    remote_id = models.BigIntegerField()
    status = models.CharField(max_length=64)
    request_status = models.CharField(max_length=64, blank=True)
    location_id = models.BigIntegerField(null=True, blank=True, help_text="The shop's id of the location")
    location_name = models.CharField(max_length=255, blank=True)
    delivery_method = models.CharField(max_length=64, blank=True)
    destination = models.JSONField(null=True, blank=True)
    holds = models.JSONField(default=list, blank=True)
    supported_actions = models.JSONField(default=list, blank=True)
    lines = models.JSONField(default=list)
    fulfill_at = models.DateTimeField(null=True, blank=True)
    fulfill_by = models.DateTimeField(null=True, blank=True)
    remote_created_at = models.DateTimeField(null=True, blank=True)
    remote_updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "remote_id"], name="fulfillment_order_once_per_order")]
        indexes = [models.Index(fields=["remote_id"], name="fulfillment_order_by_remote_id")]

    def __str__(self) -> str:
        return f"{self.location_name or 'Location'}: {self.status}"

    @property
    def is_open(self) -> bool:
        return self.status not in self.CLOSED

    @property
    def units_to_send(self) -> int:
        return sum(part["remaining"] for part in self.lines) if self.is_open else 0


def units_to_send(fulfillment_orders: Iterable[FulfillmentOrder]) -> Counter[int]:
    """Units that are still to be sent, by remote line id, over those that are open."""
    units: Counter[int] = Counter()
    for work in fulfillment_orders:
        for part in work.lines if work.is_open else ():
            units[part["line"]] += part["remaining"]
    return +units
