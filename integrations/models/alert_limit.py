from django.db import models

from integrations.models.connection import Connection


class AlertLimit(models.Model):
    """When somebody must be told: a measure of one connection (or of each) beyond a limit that staff set.

    Told once when it is passed and once when all is well again, never in between.
    """

    class Measure(models.TextChoices):
        LAG = "lag", "Oldest delivery waiting, in seconds"
        PARKED = "parked", "Deliveries parked"
        DRIFT = "drift", "Orders that differ"
        INBOX = "inbox", "Oldest message waiting, in seconds"
        PASS = "pass", "Since a store was last compared, in seconds"
        PROOF = "proof", "What the last check of a store found wrong"

    measure = models.CharField(max_length=10, choices=Measure)
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="alert_limits",
        help_text="Empty: every connection on its own",
    )  # fmt: skip
    limit = models.PositiveIntegerField(help_text="Told when the measure is above this")
    mail_to = models.CharField(max_length=1000, blank=True, help_text="Addresses, comma-separated")
    url = models.URLField(max_length=2048, blank=True, help_text="A webhook, such as a chat room's")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="alert_limit_tells_somebody", condition=~models.Q(mail_to="") | ~models.Q(url="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} above {self.limit}"


class Alert(models.Model):
    """A limit that was passed by a connection; open until the measure is back."""

    limit = models.ForeignKey(AlertLimit, on_delete=models.CASCADE, related_name="alerts")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="alerts")
    value = models.PositiveIntegerField(help_text="The measure when it was raised")
    raised_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    told = models.JSONField(default=list, help_text="Whom we told, and what went wrong with it")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["limit", "connection"], condition=models.Q(ended_at=None), name="one_open_alert"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limit}: {self.connection}"
