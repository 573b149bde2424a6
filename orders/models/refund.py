from django.db import models

from backoffice.identifiers import PublicId
from orders.models.order import Order


class Refund(models.Model):
    """A refund as the shop recorded it. That it exists does not say that money moved: see `transactions`.

    `lines` is [{"line": remote line id, "quantity", "restock_type", "amounts": {"subtotal", "tax"}}], `adjustments` is
    [{"kind": shipping, duties or adjustment, "amount", "tax": money bags, "reason"}]; they and the lines make the sum.
    """

    public_id = PublicId("ref")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds", db_index=False)
    remote_id = models.BigIntegerField()
    note = models.TextField(blank=True)
    lines = models.JSONField(default=list)
    adjustments = models.JSONField(null=True, blank=True, help_text="Shipping, duties, discrepancies; empty: not known")
    return_remote_id = models.BigIntegerField(null=True, blank=True)
    transactions = models.JSONField(default=list)
    remote_created_at = models.DateTimeField(null=True, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "remote_id"], name="refund_once_per_order")]

    def __str__(self) -> str:
        return f"Refund {self.remote_id}"
