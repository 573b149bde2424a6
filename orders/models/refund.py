from django.db import models

from backoffice.identifiers import PublicId
from orders.models.order import Order


class Refund(models.Model):
    """A refund as the shop recorded it. That it exists does not say that money moved: see `transactions`.

    `lines` is [{"line": remote line id, "quantity", "restock_type", "amounts": {"subtotal", "tax"}}].
    """

    public_id = PublicId("ref")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    remote_id = models.BigIntegerField()
    note = models.TextField(blank=True)
    lines = models.JSONField(default=list)
    transactions = models.JSONField(default=list)
    remote_created_at = models.DateTimeField(null=True, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "remote_id"], name="refund_once_per_order")]

    def __str__(self) -> str:
        return f"Refund {self.remote_id}"
