from django.db import models

from backoffice.identifiers import PublicId
from orders.models.shop import Shop


class Customer(models.Model):
    """A customer of one shop. Orders may have none (guest, point of sale)."""

    public_id = PublicId("cus")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="customers", db_index=False)
    remote_id = models.BigIntegerField()
    email = models.CharField(max_length=320, blank=True)
    phone = models.CharField(max_length=64, blank=True)
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    remote_updated_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    redacted_at = models.DateTimeField(
        null=True, blank=True, help_text="Personal data was erased by request; nothing outside brings it back"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "remote_id"], name="customer_once_per_shop")]

    def __str__(self) -> str:
        return self.full_name or self.email or f"Customer {self.remote_id}"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
