from django.db import models

from orders.models.shop import Shop


class DraftOrder(models.Model):
    """A draft is no sale and never becomes an order row here; completed, it names the order that was made from it."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="draft_orders")
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=64, blank=True)
    order_remote_id = models.BigIntegerField(null=True, blank=True)
    remote_updated_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "remote_id"], name="draft_once_per_shop")]
        indexes = [models.Index(fields=["shop", "order_remote_id"], name="draft_of_order")]

    def __str__(self) -> str:
        return self.name or f"Draft {self.remote_id}"
