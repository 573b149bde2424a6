from django.conf import settings
from django.db import models

from backoffice.identifiers import PublicId
from orders.models import Shop
from protection.models.claim import Claim
from protection.models.decision import Decision


class Incident(models.Model):
    """Claims that have one cause: more of one kind than is usual, found by the clock and proposed to staff.

    A LANE is a carrier between two countries on some days of shipping (`days`); an ITEM is a SKU at a location, claimed
    for one reason since the first of `days`. `usual` is how many claims such days bring by themselves, `chance` how
    likely it was to meet this many all the same.
    """

    class Kind(models.TextChoices):
        LANE = "lane", "A carrier's lane"
        ITEM = "item", "An item"

    class State(models.TextChoices):
        OPEN = "open", "Proposed"
        CONFIRMED = "confirmed", "Confirmed"
        DISMISSED = "dismissed", "Dismissed"
        CLOSED = "closed", "Closed"

    MOVES: dict[str, frozenset[str]] = {
        State.OPEN: frozenset({State.CONFIRMED, State.DISMISSED}),
        State.CONFIRMED: frozenset({State.CLOSED, State.DISMISSED}),
        State.DISMISSED: frozenset(),
        State.CLOSED: frozenset(),
    }
    GROWING = (State.OPEN, State.CONFIRMED)

    public_id = PublicId("inc")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="incidents")
    kind = models.CharField(max_length=4, choices=Kind)
    cluster = models.TextField(help_text="What its claims share, as one text; at most one is under way for it")
    carrier = models.CharField(max_length=255, blank=True)
    origin = models.CharField(max_length=2, blank=True)
    destination = models.CharField(max_length=2, blank=True)
    sku = models.CharField(max_length=255, blank=True)
    location_id = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=24, choices=Claim.Reason, blank=True)
    days = models.JSONField(default=list, help_text="ISO dates: shipped on these, or claimed from the first on")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    count = models.PositiveIntegerField(help_text="Claims when it was last looked at")
    usual = models.FloatField(help_text="Claims that were to be expected")
    chance = models.FloatField(help_text="Of so many claims or more, if nothing had happened")
    sentence = models.TextField(help_text="What was found, in words")
    cause = models.TextField(blank=True, help_text="Root cause, as far as it is known")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="incidents",
        help_text="Who sees to the root cause",
    )  # fmt: skip
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    why = models.TextField(blank=True, help_text="Why it was dismissed")
    notice = models.TextField(blank=True, help_text="What its customers are told, each once")
    noticed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "cluster"], condition=models.Q(state__in=["open", "confirmed"]),
                name="one_incident_of_a_cluster",
            ),
            models.CheckConstraint(
                name="incident_ended_at_pairs_with_state",
                condition=models.Q(state__in=["open", "confirmed"], ended_at=None)
                | models.Q(state__in=["dismissed", "closed"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="incident_confirmed_by_somebody",
                condition=~models.Q(state__in=["confirmed", "closed"]) | models.Q(confirmed_by__isnull=False),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["-created_at", "-id"], name="incident_newest")]

    def __str__(self) -> str:
        if self.kind == self.Kind.LANE:
            return f"{self.carrier} {self.origin or '?'}→{self.destination}"
        where = f" from location {self.location_id}" if self.location_id else ""
        return f"{self.sku}{where}: {self.get_reason_display().lower()}"

    @property
    def is_growing(self) -> bool:
        """Claims that fit still join it."""
        return self.state in self.GROWING


class IncidentClaim(models.Model):
    """A claim that belongs to an incident."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="members")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="incidents")
    joined_at = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True, blank=True, help_text="When its customer was written to, or it was tried")
    not_told = models.TextField(blank=True, help_text="Why no message could be written")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "claim"], name="claim_once_in_an_incident")]

    def __str__(self) -> str:
        return f"{self.claim} in {self.incident}"


class BulkDecision(models.Model):
    """One decision for an incident's claims: a draft to look at, then carried out claim by claim."""

    class State(models.TextChoices):
        DRAFT = "draft", "To look at"
        RUNNING = "running", "Under way"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"

    public_id = PublicId("blk")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="bulks")
    remedy = models.CharField(
        max_length=20, choices=Decision.Remedy, blank=True, help_text="Empty: what each customer asked for"
    )
    note = models.TextField(blank=True, help_text="For the customers, in plain words")
    despite_stock = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bulk_decisions")
    made_at = models.DateTimeField(auto_now_add=True)
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident"],
                condition=models.Q(state__in=["draft", "running"]),
                name="one_bulk_decision_at_once",
            )
        ]

    def __str__(self) -> str:
        return f"Decision for {self.incident}"


class BulkLine(models.Model):
    """One claim of a bulk decision: what is meant for it, and what became of it."""

    class State(models.TextChoices):
        DECIDE = "decide", "Will be decided"
        PROPOSE = "propose", "Will be put before a lead"
        CANNOT = "cannot", "Cannot be decided"
        DECIDED = "decided", "Decided"
        PROPOSED = "proposed", "Put before a lead"
        SKIPPED = "skipped", "Left as it is"

    TO_DO = (State.DECIDE, State.PROPOSE)

    bulk = models.ForeignKey(BulkDecision, on_delete=models.CASCADE, related_name="lines")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(help_text="Of the claim when it was looked at")
    state = models.CharField(max_length=8, choices=State)
    remedy = models.CharField(max_length=20, choices=Decision.Remedy, blank=True)
    amount = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True, help_text="What it is worth, in the shop's currency"
    )
    why = models.TextField(blank=True, help_text="Why it cannot be decided, or was left as it is")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "claim"], name="claim_once_in_a_bulk_decision")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.claim}: {self.get_state_display().lower()}"
