from django.db import models

from integrations.models.connection import Connection


class Health(models.Model):
    """How one connection does, kept by the senders for all hosts: circuit breaker, recovery, rate, first failure.

    A row of its own, for it changes with every batch while the connection's settings and secrets stay.
    """

    connection = models.OneToOneField(Connection, primary_key=True, on_delete=models.CASCADE, related_name="health")
    failures = models.PositiveIntegerField(default=0, help_text="Tries without a success in between")
    failing_since = models.DateTimeField(null=True, blank=True, help_text="First failure after the last success")
    last_success_at = models.DateTimeField(null=True, blank=True)
    open_until = models.DateTimeField(null=True, blank=True, help_text="The breaker: until then nothing is sent")
    recovering = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="After an outage: requests at a time, growing with each success"
    )
    tokens = models.FloatField(default=1, help_text="Requests that may go now, where the rate is limited")
    tokens_at = models.DateTimeField(null=True, blank=True)
    warned = models.PositiveSmallIntegerField(default=0, help_text="Percent of the way to being paused last warned of")

    class Meta:
        verbose_name_plural = "health"

    def __str__(self) -> str:
        return f"{self.connection}: {'failing' if self.failing_since else 'well'}"
