from django.db import models

from orders.models.order import Order


class Payment(models.Model):
    """One movement of money, or a try at one: sale, authorization, capture, refund, void; Shopify's order transaction.

    Only what says `status` success has moved money. `amount` is a money bag in the shape of `MoneyBag.as_json`.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments", db_index=False)
    remote_id = models.BigIntegerField()
    parent_remote_id = models.BigIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=64)
    status = models.CharField(max_length=64)
    gateway = models.CharField(max_length=255, blank=True)
    amount = models.JSONField(default=dict)
    test = models.BooleanField(default=False)
    remote_created_at = models.DateTimeField(null=True, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "remote_id"], name="payment_once_per_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"


class Dispute(models.Model):
    """A chargeback or an inquiry of the shopper's bank. `amount` is {"amount", "currency"} of the disputed sum."""

    shop = models.ForeignKey("orders.Shop", on_delete=models.PROTECT, related_name="disputes")
    remote_id = models.BigIntegerField()
    order_remote_id = models.BigIntegerField(null=True, blank=True, help_text="The shop's id of the order")
    kind = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=255, blank=True)
    amount = models.JSONField(default=dict)
    evidence_due_by = models.DateTimeField(null=True, blank=True)
    initiated_at = models.DateTimeField(null=True, blank=True)
    finalized_on = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "remote_id"], name="dispute_once_per_shop")]
        indexes = [models.Index(fields=["shop", "order_remote_id"], name="dispute_of_order")]

    def __str__(self) -> str:
        return f"{self.kind or 'Dispute'} {self.status}"
