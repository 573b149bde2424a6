from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from backoffice.identifiers import PublicId
from protection.models.claim import Claim, ClaimItem


class Decision(models.Model):
    """What was decided about some units of a claim's item, by whom, and under which version of plan and rule.

    A later decision (after undo, appeal or a failed remedy) is a new row; `superseded` marks the old ones. `value` is
    what was paid for the units, `amount` what they are given in money (empty: no money).
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve", "Approve"
        PARTIAL = "partial", "Approve in part"
        DENY = "deny", "Deny"

    class Remedy(models.TextChoices):
        REPLACEMENT = "replacement", "Replacement"
        REFUND = "refund", "Refund"
        STORE_CREDIT = "store_credit", "Store credit"
        GIFT_CARD = "gift_card", "Gift card"
        GOODWILL = "goodwill", "Goodwill amount"
        HANDLED_ELSEWHERE = "handled_elsewhere", "Handled elsewhere"
        NONE = "none", "No remedy"

    item = models.ForeignKey(ClaimItem, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=8, choices=Verdict)
    remedy = models.CharField(max_length=20, choices=Remedy)
    quantity = models.PositiveIntegerField()
    units = models.JSONField(default=list, help_text="Numbers of the units it is about, from 1")
    value = models.JSONField(default=dict, help_text="Money bag: what was paid for these units")
    amount = models.JSONField(default=dict, blank=True, help_text="Money bag: what is given; empty: no money")
    paid_as = models.CharField(max_length=20, blank=True, help_text="How a goodwill amount is given")
    variant_id = models.BigIntegerField(null=True, blank=True, help_text="Another variant instead: an exchange")
    otherwise = models.JSONField(
        default=list, blank=True, help_text="Remedies allowed in order when the first cannot be had"
    )
    reason_code = models.CharField(max_length=64, blank=True)
    note = models.TextField(blank=True, help_text="For the customer, in plain words")
    plan_version = models.ForeignKey("PlanVersion", null=True, blank=True, on_delete=models.PROTECT)
    rule = models.ForeignKey(
        "ReasonRule", null=True, blank=True, on_delete=models.PROTECT, related_name="decisions",
        help_text="The version of the reason's rule it was decided under",
    )  # fmt: skip
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions",
        help_text="Empty: a routing rule, which can only approve",
    )  # fmt: skip
    decided_at = models.DateTimeField(auto_now_add=True)
    superseded = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="decision_quantity", condition=models.Q(quantity__gte=1)),
            models.CheckConstraint(
                name="decision_remedy_fits_verdict",
                condition=~models.Q(verdict="deny") | models.Q(verdict="deny", remedy="none", amount={}),
            ),
            models.CheckConstraint(
                name="nothing_denied_by_a_machine",
                condition=~models.Q(verdict="deny") | models.Q(decided_by__isnull=False),
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.quantity} × {self.item.line}"


class Proposal(models.Model):
    """A decision above its author's limit, for a second person to confirm or send back. One at a time for a claim.

    `parts` is the decision as it was asked for (`protection.proposing`); it is judged again when it is confirmed.
    """

    class State(models.TextChoices):
        OPEN = "open", "Waits for a lead"
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Sent back"
        DROPPED = "dropped", "Decided otherwise"

    public_id = PublicId("prp")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="proposals")
    parts = models.JSONField(default=list)
    amount = models.JSONField(default=dict, help_text="{amount, currency}: what it is worth, in the shop's currency")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(help_text="Of the claim; once that has moved on, nobody confirms it")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposals")
    proposed_at = models.DateTimeField(auto_now_add=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    why = models.TextField(blank=True, help_text="Why it was sent back")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["claim"], condition=models.Q(state="open"), name="one_open_proposal"),
            models.CheckConstraint(
                name="confirmed_by_another_person",
                condition=~models.Q(state="confirmed")
                | models.Q(settled_by__isnull=False) & ~models.Q(settled_by=models.F("proposed_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"Proposal on {self.claim}"


class ApprovalLimit(models.Model):
    """How much a member of a group may approve in one claim, in the shop's currency. No row: nothing."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="approval_limit")
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True, help_text="Empty: no limit")

    def __str__(self) -> str:
        return f"{self.group}: {self.amount if self.amount is not None else 'no limit'}"
