from datetime import timedelta

from django.db import models

from backoffice.identifiers import PublicId
from integrations.models.connection import Connection


class PrivacyRequest(models.Model):
    """A shop's demand under the law: hand over what we hold on a customer, erase it, or erase the whole shop.

    Holds ids only. `orders` are remote ids as the shop named them, `customers` our own ids, found at once while the
    e-mail in the message is still there. `report` counts what was erased.
    """

    TERM = timedelta(days=30)  # https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance

    class Kind(models.TextChoices):
        EXPORT = "export", "Hand over a customer's data"
        REDACT_CUSTOMER = "redact_customer", "Erase a customer"
        REDACT_SHOP = "redact_shop", "Erase the shop"

    public_id = PublicId("prv")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="privacy_requests")
    kind = models.CharField(max_length=16, choices=Kind)
    key = models.CharField(max_length=64, help_text="SHA-256 of the demand, so that a repeat is the same request")
    customer_remote_id = models.BigIntegerField(null=True, blank=True)
    customers = models.JSONField(default=list)
    orders = models.JSONField(default=list)
    report = models.JSONField(default=dict, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="privacy_request_once")]
        indexes = [models.Index(fields=["due_at"], name="privacy_open", condition=models.Q(done_at=None))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.connection}"
