from django.db import models

from integrations.models.connection import Connection
from orders.models import Order


class Drift(models.Model):
    """One order that another system holds differently, field by field; open until both agree again."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="drifts")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="drifts")
    fields = models.JSONField(help_text='[{"field", "ours", "theirs"}, …]')
    found_at = models.DateTimeField(auto_now_add=True)
    healed_at = models.DateTimeField(null=True, blank=True)
    healed_by = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "order"], condition=models.Q(healed_at=None), name="one_open_drift_per_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} differs at {self.connection}"
