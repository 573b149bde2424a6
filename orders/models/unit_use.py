from django.db import models

from orders.models.order import LineItem


class UnitUse(models.Model):
    """The n-th unit of a line, and the one thing it was used for.

    The unique constraint is the money guard of the house: a unit that was refunded, returned, replaced or credited
    cannot be so again, whoever asks and however many at once. A reversed use is released and stays on record.
    """

    class Kind(models.TextChoices):
        REFUND = "refund"
        RETURN = "return"
        REPLACEMENT = "replacement"
        CREDIT = "credit"

    line = models.ForeignKey(LineItem, on_delete=models.PROTECT, related_name="unit_uses")
    unit = models.PositiveIntegerField(help_text="1 to the quantity bought")
    kind = models.CharField(max_length=16, choices=Kind)
    reference = models.CharField(max_length=64, help_text="What used it: a public id, or the shop's refund id")
    used_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line", "unit"], condition=models.Q(released_at__isnull=True), name="unit_used_once"
            ),
            models.CheckConstraint(condition=models.Q(unit__gte=1), name="unit_from_one"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["refund", "return", "replacement", "credit"]), name="unit_use_kind"
            ),
        ]
        indexes = [models.Index(fields=["reference"], name="unit_use_by_reference")]

    def __str__(self) -> str:
        return f"{self.line} unit {self.unit}: {self.kind}"
