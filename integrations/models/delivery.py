from django.db import models

from integrations.models.connection import Connection
from orders.models import JournalEntry, Order, Shop


class Delivery(models.Model):
    """One journal entry on its way to one connection, written in the transaction of the change.

    Strict order per (connection, order): only the oldest open row of an order may be sent. `lease_until` and `fence`
    keep a sender that was frozen and woke up from writing over its successor. `behind` is set by the claim on a row it
    met while an earlier one of its order was open, and cleared when that one is done: so that a long queue of one order
    is not read again at every claim. It never decides; the claim looks for earlier open rows itself.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        SENDING = "sending", "Sending"
        RETRYING = "retrying", "Retrying"
        DELIVERED = "delivered", "Delivered"
        PARKED = "parked", "Parked"
        SUPERSEDED = "superseded", "Left out: a newer update went"

    # What still has to go, or waits for somebody; partial indexes and the claim name the same list.
    OPEN = (State.PENDING, State.SENDING, State.RETRYING, State.PARKED)

    class Parked(models.TextChoices):
        EXHAUSTED = "exhausted", "All tries failed"
        REFUSED = "refused", "Refused by the receiver"
        GONE = "gone", "The receiver is gone"
        CONFIGURATION = "configuration", "Our configuration is wrong"
        BLOCKED_ADDRESS = "blocked_address", "The address is not allowed"

    # Without an index of its own: the unique constraint's begins with it.
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="deliveries")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries")
    shop = models.ForeignKey(
        Shop, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="The entry's, for fair turns"
    )
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    parked_because = models.CharField(max_length=16, choices=Parked, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="Not sent before this")
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    behind = models.BigIntegerField(null=True, blank=True, help_text="The earlier delivery of the order it waits for")
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
                fields=["connection", "order", "id"], name="outbox_heads",
                condition=models.Q(state__in=["pending", "sending", "retrying", "parked"]),
            ),
            models.Index(
                fields=["connection", "shop", "due_at", "id"], name="outbox_due",
                condition=models.Q(state__in=["pending", "sending", "retrying"], behind=None),
            ),
            models.Index(fields=["behind"], name="outbox_behind", condition=models.Q(behind__isnull=False)),
            models.Index(
                fields=["connection", "lease_until"], name="outbox_leased", condition=models.Q(state="sending")
            ),
            models.Index(fields=["connection", "-id"], name="outbox_parked", condition=models.Q(state="parked")),
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
    payload_version = models.CharField(max_length=10, blank=True, help_text="Shape of the event that was sent")
    went_well = models.BooleanField(default=False, db_default=False, help_text="Delivered, or asked to wait")
    outcome = models.CharField(max_length=255)
    answer = models.TextField(blank=True, help_text="First part of the body that came back")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Try {self.number}: {self.outcome}"
