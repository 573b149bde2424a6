from django.db import models

from backoffice.identifiers import PublicId
from orders.models.order import Order


class Return(models.Model):
    """Goods on their way back, as the shop recorded it.

    `lines` is [{"id": remote id of the part, "line": remote line id or None, "quantity", "processed", "refunded",
    "reason", "note"}], `exchanges` is [{"id", "lines": [remote line ids], "quantity"}].
    """

    public_id = PublicId("ret")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="returns", db_index=False)
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=64)
    decline_reason = models.CharField(max_length=64, blank=True)
    lines = models.JSONField(default=list)
    exchanges = models.JSONField(default=list, blank=True)
    remote_created_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "remote_id"], name="return_once_per_order")]

    def __str__(self) -> str:
        return self.name or f"Return {self.remote_id}"
