from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from protection.models.claim import ClaimItem


class Decision(models.Model):
    """What was decided about some units of a claim's item, by whom, and under which version of the plan.

    A later decision (after undo, appeal or a failed remedy) is a new row; `superseded` marks the old ones.
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve", "Approve"
        DENY = "deny", "Deny"

    class Remedy(models.TextChoices):
        REPLACEMENT = "replacement", "Replacement"
        NONE = "none", "No remedy"

    item = models.ForeignKey(ClaimItem, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=8, choices=Verdict)
    remedy = models.CharField(max_length=12, choices=Remedy)
    quantity = models.PositiveIntegerField()
    value = models.JSONField(default=dict, help_text="Money bag: what was paid for these units")
    reason_code = models.CharField(max_length=64, blank=True)
    note = models.TextField(blank=True, help_text="For the customer, in plain words")
    plan_version = models.ForeignKey("PlanVersion", null=True, blank=True, on_delete=models.PROTECT)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    decided_at = models.DateTimeField(auto_now_add=True)
    superseded = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="decision_quantity", condition=models.Q(quantity__gte=1)),
            models.CheckConstraint(
                name="decision_remedy_fits_verdict",
                condition=models.Q(verdict="approve") | models.Q(verdict="deny", remedy="none"),
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.quantity} × {self.item.line}"


class ApprovalLimit(models.Model):
    """How much a member of a group may approve in one claim, in the shop's currency. No row: nothing."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="approval_limit")
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True, help_text="Empty: no limit")

    def __str__(self) -> str:
        return f"{self.group}: {self.amount if self.amount is not None else 'no limit'}"
