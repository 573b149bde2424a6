import zlib

from django.db import models

from integrations.models.connection import Connection
from orders.models import Order


class InboundMessage(models.Model):
    """One signed message from outside, byte for byte as it came (zlib), and what became of it.

    Written with a single INSERT before the 200 (integrations.inbox.store). `delivery_key` is the sender's id of the
    delivery; the digest is the second guard, against a replay under a new id.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        HANDLED = "handled", "Handled"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed, will be tried again"
        PARKED = "parked", "Parked"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="messages")
    topic = models.CharField(max_length=255)
    delivery_key = models.CharField(max_length=255)
    event_key = models.CharField(max_length=255, blank=True, help_text="Shared by all deliveries of one action")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the body")
    headers = models.JSONField(default=dict)
    body_zlib = models.BinaryField()
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    result = models.CharField(max_length=255, blank=True, help_text="What was done, or why nothing was")
    traceback = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When to try (again); empty when finished")
    waits_for = models.BigIntegerField(
        null=True, blank=True, help_text="Remote id of an order we have not seen; it is handled when that arrives"
    )
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages")
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)

    suspect = False  # set by the inbox's claim: taken before, and its worker did not live to tell

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "delivery_key"], name="message_once_per_delivery"),
            models.UniqueConstraint(fields=["connection", "topic", "digest"], name="message_once_per_body"),
        ]
        indexes = [
            models.Index(
                fields=["state", "id"], name="inbox_stuck", condition=models.Q(state__in=["failed", "parked"])
            ),
            models.Index(
                fields=["connection", "due_at", "id"], name="inbox_due", condition=models.Q(due_at__isnull=False)
            ),
            models.Index(fields=["connection", "topic", "-id"], name="inbox_by_topic"),
            models.Index(
                fields=["connection", "waits_for"], name="inbox_waiting", condition=models.Q(waits_for__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.delivery_key}"

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.body_zlib)
