from django.db import models

from integrations.models.connection import Connection
from orders.models import JournalEntry, Order


class Delivery(models.Model):
    """One journal entry on its way to one connection, written in the transaction of the change.

    Strict order per (connection, order): only the oldest open row of an order may be sent. `lease_until` and `fence`
    keep a sender that was frozen and woke up from writing over its successor.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        SENDING = "sending", "Sending"
        RETRYING = "retrying", "Retrying"
        DELIVERED = "delivered", "Delivered"
        PARKED = "parked", "Parked"

    class Parked(models.TextChoices):
        EXHAUSTED = "exhausted", "All tries failed"
        REFUSED = "refused", "Refused by the receiver"
        GONE = "gone", "The receiver is gone"
        CONFIGURATION = "configuration", "Our configuration is wrong"
        BLOCKED_ADDRESS = "blocked_address", "The address is not allowed"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="deliveries")
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="deliveries")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    parked_because = models.CharField(max_length=16, choices=Parked, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="Not sent before this")
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    result = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["connection", "entry"], name="delivery_once_per_entry"),
            models.CheckConstraint(
                name="delivery_parked_with_reason",
                condition=models.Q(state="parked") & ~models.Q(parked_because="")
                | ~models.Q(state="parked") & models.Q(parked_because=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "order", "id"], name="outbox_heads", condition=~models.Q(state="delivered")
            ),
            models.Index(
                fields=["connection", "due_at"], name="outbox_due",
                condition=models.Q(state__in=["pending", "retrying", "sending"]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.entry.action} to {self.connection}"


class DeliveryAttempt(models.Model):
    """One try: what came back, in how long. The log staff read before they press "send again"."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status; empty without an answer")
    outcome = models.CharField(max_length=255)
    answer = models.TextField(blank=True, help_text="First part of the body that came back")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Try {self.number}: {self.outcome}"
