from django.conf import settings
from django.db import models

from protection.models.claim import Claim
from protection.models.reason_rule import ReasonRule


class ComparedDecision(models.Model):
    """One time a claim was decided, beside what had been decided on the ten most like it.

    `expected` is what nine of ten were given, empty where the ten did not agree or there were not ten that are near.
    """

    class Side(models.TextChoices):
        APPROVED = "approved", "Approved"
        DENIED = "denied", "Denied"

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="compared")
    rule = models.ForeignKey(ReasonRule, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Empty: a routing rule",
    )  # fmt: skip
    decided_at = models.DateTimeField(auto_now_add=True)
    side = models.CharField(max_length=8, choices=Side, help_text="Wholly or partly approved, or denied")
    near = models.PositiveSmallIntegerField(help_text="How many of the ten are near enough to count")
    approved = models.PositiveSmallIntegerField(help_text="How many of those were approved")
    expected = models.CharField(max_length=8, choices=Side, blank=True)
    differs = models.BooleanField(default=False)
    why = models.CharField(max_length=500, blank=True, help_text="Why it differs, in the decider's words")
    undone = models.BooleanField(default=False)
    overturned = models.BooleanField(default=False, help_text="After an appeal somebody decided the other way")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="compared_differs_from_what_was_expected",
                condition=models.Q(differs=False) | ~models.Q(expected="") & ~models.Q(expected=models.F("side")),
            )
        ]
        indexes = [models.Index(fields=["decided_at"], name="compared_by_time")]

    def __str__(self) -> str:
        return f"{self.claim}: {self.get_side_display().lower()}"
