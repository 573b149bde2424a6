from datetime import datetime

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone

from backoffice.identifiers import PublicId
from orders.models import Customer, Shop
from protection.models.claim import Claim


class RoutingRule(models.Model):
    """A rule that sends claims their way, by name; what it says stands in its versions.

    Its row is the lock under which approvals are counted against the caps.
    """

    public_id = PublicId("rou")
    name = models.CharField(max_length=80, unique=True)
    shop = models.ForeignKey(
        Shop, null=True, blank=True, on_delete=models.PROTECT, related_name="routing_rules",
        help_text="Empty: claims of every shop",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class RoutingVersion(models.Model):
    """What a rule says from a day on until it ends: draft → published → ended. Never changed once it is published.

    `conditions` is [{"field", "operator", "value"}], all of which must hold (`protection.routing.conditions`);
    `settings` is what the action needs (`protection.routing.actions`). Caps are in the shop's currency. A dry run is
    published like any other and does nothing but count.
    """

    class Action(models.TextChoices):
        APPROVE = "approve", "Approve"
        ASK = "ask", "Ask the customer"
        HOLD = "hold", "Hold"
        ASSIGN = "assign", "Assign"
        FLAG = "flag", "Flag"

    public_id = PublicId("rov")
    rule = models.ForeignKey(RoutingRule, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    priority = models.PositiveSmallIntegerField(
        default=100, validators=[MaxValueValidator(9999)], help_text="Lower comes first; the first that fits wins"
    )
    conditions = models.JSONField(default=list, blank=True)
    action = models.CharField(max_length=8, choices=Action)
    settings = models.JSONField(default=dict, blank=True)
    cap_claim = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    cap_customer = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="In 365 days, by all versions of the rule"
    )
    cap_day = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="In 24 hours, by all versions of the rule"
    )
    dry_run = models.BooleanField(default=False, help_text="Counts what it would do, and does nothing")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=255, blank=True)
    effective_from = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=255, blank=True)
    created_by = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    CAPS = ("cap_claim", "cap_customer", "cap_day")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="routing_version_number_once"),
            models.UniqueConstraint(
                fields=["rule"], condition=models.Q(published_at=None), name="routing_one_draft_per_rule"
            ),
            models.CheckConstraint(
                name="routing_published_from_a_day",
                condition=models.Q(published_at=None, effective_from=None, ends_at=None)
                | models.Q(published_at__isnull=False, effective_from__isnull=False),
            ),
            models.CheckConstraint(
                name="routing_ends_after_it_begins",
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("effective_from")),
            ),
            models.CheckConstraint(
                name="routing_never_denies", condition=models.Q(action__in=["approve", "ask", "hold", "assign", "flag"])
            ),
            models.CheckConstraint(
                name="routing_approves_under_caps",
                condition=~models.Q(action="approve")
                | models.Q(published_at=None)
                | ~models.Q(conditions=[]) & models.Q(cap_claim__gt=0, cap_customer__gt=0, cap_day__gt=0),
            ),
        ]
        ordering = ["rule", "-number"]

    def __str__(self) -> str:
        return f"{self.rule.name} v{self.number}"

    def in_force(self, moment: datetime) -> bool:
        """Whether it was published and applied at `moment`, as a dry run or not."""
        begun = self.effective_from is not None and self.effective_from <= moment
        return begun and (self.ends_at is None or self.ends_at > moment)

    @property
    def state(self) -> str:
        """draft, scheduled, dry run, in force or ended: in words."""
        now = timezone.now()
        if self.effective_from is None:
            return "draft"
        if self.ends_at is not None and self.ends_at <= now:
            return "ended"
        if self.effective_from > now:
            return "scheduled"
        return "dry run" if self.dry_run else "in force"


class Routing(models.Model):
    """That a version matched a claim, and what came of it; once for each version and claim.

    An approval that acted counts against the rule's caps; a trigger refuses one that would pass them.
    """

    class Result(models.TextChoices):
        ACTED = "acted", "Acted"
        WOULD = "would", "Would have acted"
        LEFT = "left", "Left to a person"

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="routings")
    version = models.ForeignKey(RoutingVersion, on_delete=models.PROTECT, related_name="routings")
    rule = models.ForeignKey(RoutingRule, on_delete=models.PROTECT, related_name="routings")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=8, choices=RoutingVersion.Action)
    result = models.CharField(max_length=5, choices=Result)
    why = models.CharField(max_length=32, blank=True, help_text="Why it was left to a person: a code")
    amount = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True, help_text="What an approval is worth"
    )
    currency = models.CharField(max_length=3)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["claim", "version"], name="routing_once_per_version"),
            models.CheckConstraint(
                name="routing_approval_has_an_amount",
                condition=~models.Q(action="approve", result__in=["acted", "would"]) | models.Q(amount__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["rule", "shop", "result", "at"], name="routing_spent", condition=models.Q(action="approve"),
                include=["customer", "amount", "currency"],
            ),
            models.Index(fields=["version", "at"], name="routing_of_version"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.version} on {self.claim_id}: {self.get_result_display().lower()}"


class BackTest(models.Model):
    """A draft tried on the claims of the past: how far it is, and by whom it was asked for.

    `cursor` is where the next slice goes on, written with the cases of each chunk. `beat_at` is the last sign of life
    of whoever is at it, and their right to write: it must still be what they wrote last.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    public_id = PublicId("bkt")
    version = models.ForeignKey(RoutingVersion, on_delete=models.PROTECT, related_name="back_tests")
    days = models.PositiveSmallIntegerField()
    until = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    cursor = models.JSONField(default=dict)
    said = models.JSONField(default=dict, help_text="The version as it was tried: a draft changes")
    failure = models.TextField(blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Back-test of {self.version} on {self.days} days"


class BackTestCase(models.Model):
    """One claim of the past that the draft matches: what it would do, and what people did."""

    test = models.ForeignKey(BackTest, on_delete=models.CASCADE, related_name="cases")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="+")
    does = models.CharField(max_length=8, choices=[*RoutingVersion.Action.choices, ("left", "Left to a person")])
    why = models.CharField(max_length=32, blank=True)
    was = models.CharField(max_length=12, help_text="The claim's outcome, or open")
    value = models.DecimalField(max_digits=20, decimal_places=4, help_text="What was paid for the claimed units")
    given = models.DecimalField(max_digits=20, decimal_places=4, help_text="What people gave")
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["test", "claim"], name="back_test_case_once")]
        indexes = [models.Index(fields=["test", "does", "was"], name="back_test_flips")]

    def __str__(self) -> str:
        return f"{self.does} of what was {self.was}"
