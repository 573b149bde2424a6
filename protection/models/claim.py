from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from backoffice.identifiers import PublicId
from orders.journal import record
from orders.models import LineItem, Order, TrackingEvent


class MoveRefused(Exception):
    """The claim's state does not allow this. The message says what state it is in."""


class Claim(models.Model):
    """A request for a remedy on one order: few states, plus `outcome` and `next_actor` as fields of their own.

    MOVES is the law; `move_to` is the only way from state to state and journals each step as claim.<state>.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        WAITING = "waiting", "Waiting"
        IN_REVIEW = "in_review", "In review"
        NEEDS_INFO = "needs_info", "Needs information"
        DECIDED = "decided", "Decided"
        RESOLVING = "resolving", "Resolving"
        CLOSED = "closed", "Closed"

    class Outcome(models.TextChoices):
        APPROVED = "approved", "Approved"
        PARTIAL = "partial", "Partly approved"
        DENIED = "denied", "Denied"
        WITHDRAWN = "withdrawn", "Withdrawn"
        DUPLICATE = "duplicate", "Duplicate"
        ARRIVED = "arrived", "Arrived after all"
        NO_RESPONSE = "no_response", "No response"

    class Actor(models.TextChoices):
        CUSTOMER = "customer", "Customer"
        AGENT = "agent", "Agent"
        LEAD = "lead", "Lead"
        SYSTEM = "system", "System"
        CARRIER = "carrier", "Carrier"
        NOBODY = "", "Nobody"

    class Reason(models.TextChoices):
        LOST = "lost", "Lost in transit"
        NOT_RECEIVED = "not_received", "Delivered, not received"
        STOLEN = "stolen", "Stolen after delivery"
        DAMAGED = "damaged", "Damaged"
        WRONG_ITEM = "wrong_item", "Wrong item"
        MISSING_ITEM = "missing_item", "Missing item"
        RETURNED = "returned", "Returned to sender"
        WRONG_ADDRESS = "wrong_address", "Wrong address"
        DELAYED = "delayed", "Delayed"
        CUSTOMS = "customs", "Stuck in customs"

    MOVES: dict[str, frozenset[str]] = {
        State.DRAFT: frozenset({State.SUBMITTED, State.CLOSED}),
        State.SUBMITTED: frozenset({State.WAITING, State.IN_REVIEW, State.DECIDED, State.CLOSED}),
        State.WAITING: frozenset({State.IN_REVIEW, State.CLOSED}),
        State.IN_REVIEW: frozenset({State.NEEDS_INFO, State.DECIDED, State.CLOSED}),
        State.NEEDS_INFO: frozenset({State.IN_REVIEW, State.CLOSED}),
        State.DECIDED: frozenset({State.RESOLVING, State.IN_REVIEW, State.CLOSED}),
        State.RESOLVING: frozenset({State.IN_REVIEW, State.CLOSED}),
        State.CLOSED: frozenset({State.IN_REVIEW}),
    }
    NEXT_ACTOR: dict[str, str] = {
        State.DRAFT: Actor.CUSTOMER,
        State.SUBMITTED: Actor.SYSTEM,
        State.WAITING: Actor.SYSTEM,
        State.IN_REVIEW: Actor.AGENT,
        State.NEEDS_INFO: Actor.CUSTOMER,
        State.DECIDED: Actor.SYSTEM,
        State.RESOLVING: Actor.SYSTEM,
        State.CLOSED: Actor.NOBODY,
    }

    ROUTED_FROM = frozenset({State.SUBMITTED, State.WAITING, State.NEEDS_INFO})  # into review, by way of the rules

    public_id = PublicId("clm")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="claims")
    reason = models.CharField(max_length=24, choices=Reason)
    rule = models.ForeignKey(
        "ReasonRule", null=True, blank=True, on_delete=models.PROTECT, related_name="claims",
        help_text="The version in force when the order was placed",
    )  # fmt: skip
    description = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    next_actor = models.CharField(max_length=10, choices=Actor, blank=True, default=Actor.CUSTOMER)
    filed_by = models.CharField(max_length=255)
    override_reason = models.TextField(blank=True, help_text="Why staff accepted a claim that the rules refuse")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="claims"
    )
    choices = models.JSONField(
        default=list, blank=True,
        help_text='What the customer would like, best first: [{"remedy": "exchange", "variant_id": "42"}, …]',
    )  # fmt: skip
    ship_to = models.JSONField(null=True, blank=True, help_text="Where a replacement goes; empty: as on the order")
    happened_on = models.DateField(null=True, blank=True, help_text="When the customer says it happened")
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by",
        help_text="The claim whose replacement this one is about",
    )  # fmt: skip
    eligible_at = models.DateTimeField(null=True, blank=True, help_text="Filed too early: it is looked at then")
    route_at = models.DateTimeField(
        null=True, blank=True, help_text="Routing rules look at it then; empty: they have, or shall not"
    )
    held_until = models.DateTimeField(
        null=True, blank=True, help_text="A rule holds it back from the agents' queue until then, or any move"
    )
    seen_scan = models.ForeignKey(
        TrackingEvent, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="The newest scan when it was filed, or when the customer was last asked about one",
    )  # fmt: skip
    found_at = models.DateTimeField(
        null=True, blank=True, help_text="The first parcel was delivered after all; somebody must look"
    )
    found_open = models.BooleanField(default=False, help_text="Nobody has settled yet what becomes of that parcel")
    appealed_at = models.DateTimeField(null=True, blank=True)
    appeal_why = models.TextField(blank=True)
    not_again_by = models.JSONField(default=list, blank=True, help_text="Users who decided before the appeal")
    version = models.PositiveIntegerField(default=1, help_text="Rises with every move; the API's ETag")
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="claim_outcome_when_closed", condition=~models.Q(state="closed") | ~models.Q(outcome="")
            ),
            models.CheckConstraint(
                name="claim_closed_at_pairs_with_state",
                condition=models.Q(state="closed", closed_at__isnull=False)
                | ~models.Q(state="closed") & models.Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="claim_next_actor_while_open", condition=models.Q(state="closed") | ~models.Q(next_actor="")
            ),
            models.CheckConstraint(
                name="claim_waits_for_a_date",
                condition=~models.Q(state="waiting") | models.Q(eligible_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "created_at"], name="claim_queue"),
            models.Index(fields=["-created_at", "-id"], name="claim_newest"),
            models.Index(fields=["found_at"], name="claim_found", condition=models.Q(found_open=True)),
            models.Index(fields=["eligible_at"], name="claim_waking", condition=models.Q(state="waiting")),
            models.Index(
                fields=["decided_at"], name="claim_granted", condition=models.Q(outcome__in=["approved", "partial"])
            ),
            models.Index(fields=["submitted_at", "id"], name="claim_filed"),
            models.Index(fields=["route_at"], name="claim_routing", condition=models.Q(route_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}, {self.order}"

    @property
    def is_open(self) -> bool:
        return self.state != self.State.CLOSED

    def may_decide(self, user: Any) -> bool:
        """Whether `user` may decide it: after an appeal, nobody who decided or closed it before."""
        return user.pk not in self.not_again_by

    def can_move_to(self, state: str) -> bool:
        return state in self.MOVES[self.state]

    def move_to(self, state: str, *, by: str, source: str = "", outcome: str = "", **facts: Any) -> None:
        """Go to `state` and journal it; raises MoveRefused. Call it in a transaction with the claim's row locked.

        Closing frees the claim's hold on its units (not what was paid with them); re-opening clears the outcome. What
        the customer was asked for is over when the claim goes on, whichever way.
        """
        if not self.can_move_to(state):
            target = self.State(state).label.lower()
            raise MoveRefused(f"This claim is {self.get_state_display().lower()}; it cannot become {target}.")
        before, now = self.state, timezone.now()
        self.state = state
        self.next_actor = self.NEXT_ACTOR[state]
        self.outcome = outcome or ("" if before == self.State.CLOSED else self.outcome)
        self.version += 1
        if state == self.State.SUBMITTED:
            self.submitted_at = now
        if state == self.State.DECIDED:
            self.decided_at = now
        self.closed_at = now if state == self.State.CLOSED else None
        self.held_until = None
        self.route_at = now if self._is_for_rules(before, state, by) else None
        self.save()
        if before == self.State.NEEDS_INFO:
            self.info_requests.filter(ended_at=None).update(ended_at=now)
        if state == self.State.CLOSED:
            ClaimUnit.objects.filter(item__claim=self).update(open=False)
        facts = {"from": before, "to": state, "outcome": self.outcome, "next_actor": self.next_actor, **facts}
        record(
            f"claim.{state}", shop=self.order.shop, order=self.order, subject=self.public_id, by=by, source=source,
            **facts,
        )  # fmt: skip

    def _is_for_rules(self, before: str, state: str, by: str) -> bool:
        """Whether it comes before an agent by itself: what a person looked at, or brought back, is left to people."""
        by_itself = state == self.State.IN_REVIEW and before in self.ROUTED_FROM and not by.startswith("staff:")
        return by_itself and self.decided_at is None and self.appealed_at is None


class ClaimItem(models.Model):
    """So many units of one line that the claim is about."""

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="items")
    line = models.ForeignKey(LineItem, on_delete=models.PROTECT, related_name="claim_items")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["claim", "line"], name="claim_item_once_per_line"),
            models.CheckConstraint(name="claim_item_quantity", condition=models.Q(quantity__gte=1)),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line}"


class ClaimUnit(models.Model):
    """One unit that a claim is about. The constraint keeps two open claims from being about the same unit."""

    item = models.ForeignKey(ClaimItem, on_delete=models.CASCADE, related_name="units")
    line = models.ForeignKey(LineItem, on_delete=models.PROTECT, related_name="claim_units")
    unit = models.PositiveIntegerField()
    open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line", "unit"], condition=models.Q(open=True), name="unit_in_one_open_claim"
            )
        ]

    def __str__(self) -> str:
        return f"{self.line} unit {self.unit}"
