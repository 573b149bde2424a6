from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone

from backoffice.identifiers import PublicId
from orders.journal import record
from orders.models import Fulfillment, Order
from orders.money import Money
from protection.models.carrier import Carrier, CarrierTerms
from protection.models.claim import Claim


class Recovery(models.Model):
    """Money to be had back from the carrier of one parcel: a machine of its own, for the customer does not wait for it.

    MOVES is the law; `move_to` is the only way from state to state and journals each step as recovery.<state>. `lines`
    is [{"claim", "line": public ids, "title", "sku", "quantity", "value": money bag}]: what approved claims say of this
    parcel. `doubt` is a question for staff (the parcel was found, a remedy was taken back): nothing closes by it.
    """

    class State(models.TextChoices):
        ELIGIBLE = "eligible", "To file"
        FILED = "filed", "Filed"
        NEEDS_INFO = "needs_info", "Carrier asks"
        APPROVED = "approved", "Approved"
        DENIED = "denied", "Denied"
        PAID = "paid", "Paid"
        EXPIRED = "expired", "Expired"
        WRITTEN_OFF = "written_off", "Written off"

    class Actor(models.TextChoices):
        AGENT = "agent", "Agent"
        CARRIER = "carrier", "Carrier"
        NOBODY = "", "Nobody"

    MOVES: dict[str, frozenset[str]] = {
        State.ELIGIBLE: frozenset({State.FILED, State.EXPIRED, State.WRITTEN_OFF}),
        State.FILED: frozenset({State.NEEDS_INFO, State.APPROVED, State.DENIED, State.PAID, State.WRITTEN_OFF}),
        State.NEEDS_INFO: frozenset({State.FILED, State.APPROVED, State.DENIED, State.WRITTEN_OFF}),
        State.APPROVED: frozenset({State.PAID, State.DENIED, State.WRITTEN_OFF}),
        State.DENIED: frozenset({State.FILED, State.WRITTEN_OFF}),
        State.PAID: frozenset({State.WRITTEN_OFF}),
        State.EXPIRED: frozenset({State.ELIGIBLE}),
        State.WRITTEN_OFF: frozenset({State.ELIGIBLE}),
    }
    NEXT_ACTOR: dict[str, str] = {
        State.ELIGIBLE: Actor.AGENT,
        State.FILED: Actor.CARRIER,
        State.NEEDS_INFO: Actor.AGENT,
        State.APPROVED: Actor.CARRIER,
        State.DENIED: Actor.AGENT,
        State.PAID: Actor.NOBODY,
        State.EXPIRED: Actor.NOBODY,
        State.WRITTEN_OFF: Actor.NOBODY,
    }
    OPEN = (State.ELIGIBLE, State.FILED, State.NEEDS_INFO, State.APPROVED, State.DENIED)

    public_id = PublicId("rec")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="recoveries")
    parcel = models.ForeignKey(Fulfillment, on_delete=models.PROTECT, related_name="recoveries")
    claims = models.ManyToManyField(Claim, related_name="recoveries")
    carrier_name = models.CharField(max_length=255, blank=True, help_text="As the parcel names it")
    carrier = models.ForeignKey(
        Carrier, null=True, blank=True, on_delete=models.PROTECT, related_name="recoveries",
        help_text="Empty: nobody has entered this carrier yet",
    )  # fmt: skip
    terms = models.ForeignKey(
        CarrierTerms, null=True, blank=True, on_delete=models.PROTECT, related_name="recoveries",
        help_text="What its days and its money were computed from; empty: not known",
    )  # fmt: skip
    lines = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=State, default=State.ELIGIBLE)
    next_actor = models.CharField(max_length=10, choices=Actor, blank=True, default=Actor.AGENT)
    opens_at = models.DateTimeField(null=True, blank=True, help_text="The carrier takes it from then on")
    last_day = models.DateField(null=True, blank=True, help_text="The last day to file, in the shop's time zone")
    deadline = models.DateTimeField(null=True, blank=True, help_text="When that day ends")
    deadline_from = models.JSONField(default=dict, blank=True, help_text="What the days were computed from")
    currency = models.CharField(max_length=3)
    expected = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    expected_from = models.JSONField(
        default=dict, blank=True, help_text="What that was computed from, or why it is not"
    )
    claimed = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    approved = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    received = models.DecimalField(max_digits=20, decimal_places=4, default=Decimal(0))
    reference = models.CharField(max_length=255, blank=True, help_text="The carrier's number of the case")
    note = models.TextField(blank=True, help_text="For colleagues")
    asked = models.TextField(blank=True, help_text="What the carrier asks for")
    why = models.TextField(blank=True, help_text="Why it was denied, written off or opened again")
    over_reason = models.TextField(blank=True, help_text="Why more came than was claimed")
    doubt = models.TextField(blank=True, help_text="Why staff must say whether it is withdrawn; empty: no doubt")
    doubt_since = models.DateTimeField(null=True, blank=True)
    doubt_settled_at = models.DateTimeField(null=True, blank=True, help_text="What was known then is not asked again")
    warned_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The last warning before its end")
    version = models.PositiveIntegerField(default=1, help_text="Rises with every change; the API's ETag")
    filed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    paid_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "recoveries"
        permissions = [
            ("write_off_recovery", "Can write off recoveries and open them again"),
            ("fetch_recovery_packet", "Can fetch the packet of a recovery, which holds personal data"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["parcel"],
                name="one_open_recovery_per_parcel",
                condition=models.Q(state__in=["eligible", "filed", "needs_info", "approved", "denied"]),
            ),
            models.CheckConstraint(
                name="recovery_amounts",
                condition=models.Q(received__gte=0)
                & (models.Q(expected__isnull=True) | models.Q(expected__gte=0))
                & (models.Q(claimed__isnull=True) | models.Q(claimed__gt=0))
                & (models.Q(approved__isnull=True) | models.Q(approved__gt=0)),
            ),
            models.CheckConstraint(
                name="recovery_filed_has_claimed",
                condition=~models.Q(state__in=["filed", "needs_info", "approved", "denied", "paid"])
                | models.Q(claimed__isnull=False, filed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="recovery_approved_has_amount",
                condition=~models.Q(state="approved") | models.Q(approved__isnull=False),
            ),
            models.CheckConstraint(
                name="recovery_paid_has_money_and_date",
                condition=models.Q(state="paid", received__gt=0, paid_on__isnull=False)
                | ~models.Q(state="paid") & models.Q(received=0, paid_on__isnull=True),
            ),
            models.CheckConstraint(
                name="recovery_not_more_than_claimed",
                condition=models.Q(received=0)
                | models.Q(received__lte=models.F("claimed"))
                | ~models.Q(over_reason=""),
            ),
            models.CheckConstraint(
                name="recovery_next_actor_while_open",
                condition=models.Q(state__in=["paid", "expired", "written_off"], next_actor="", closed_at__isnull=False)
                | ~models.Q(state__in=["paid", "expired", "written_off"])
                & ~models.Q(next_actor="")
                & models.Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="recovery_ended_with_a_reason",
                condition=~models.Q(state__in=["denied", "written_off"]) | ~models.Q(why=""),
            ),
            models.CheckConstraint(
                name="recovery_day_and_deadline",
                condition=models.Q(last_day__isnull=True, deadline__isnull=True)
                | models.Q(last_day__isnull=False, deadline__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "deadline"], name="recovery_queue"),
            models.Index(fields=["-created_at", "-id"], name="recovery_newest"),
            models.Index(fields=["paid_on"], name="recovery_paid", condition=models.Q(state="paid")),
            models.Index(fields=["reference"], name="recovery_reference", condition=~models.Q(reference="")),
            models.Index(fields=["doubt_since"], name="recovery_doubts", condition=~models.Q(doubt="")),
        ]

    def __str__(self) -> str:
        return f"{self.carrier or self.carrier_name or 'Unknown carrier'}, {self.parcel}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    def money(self, amount: Decimal | None) -> Money | None:
        """One of its amounts with its currency; None where it is not known."""
        return None if amount is None else Money(amount, self.currency)

    def move_to(self, state: str, *, by: str, source: str = "", **facts: Any) -> None:
        """Go to `state` and journal it, with whatever was set before. Call it with the row locked and the verb checked.

        Raises ValueError for a way that MOVES does not know: the table of verbs promises that there is none.
        """
        if state not in self.MOVES[self.state]:
            raise ValueError(f"{self.state} does not lead to {state}")
        before, self.state = self.state, state
        self.next_actor = self.NEXT_ACTOR[state]
        self.closed_at = None if self.is_open else timezone.now()
        self.tell(state, by=by, source=source, **{"from": before, "next_actor": self.next_actor, **facts})

    def tell(self, what: str, *, by: str, source: str = "", **facts: Any) -> None:
        """Save, and journal recovery.<what>; `facts` hold ids and figures, and free text under erased names."""
        self.version += 1
        self.save()
        record(f"recovery.{what}", shop=self.order.shop, order=self.order, subject=self.public_id, by=by, source=source,
               parcel=self.parcel.public_id, **facts)  # fmt: skip


class CarrierCheck(models.Model):
    """An approved claim was looked at for what its carrier may owe: `words` say why there is nothing to be had."""

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, related_name="carrier_check")
    decided_at = models.DateTimeField(help_text="The decision that was looked at; a later one is looked at again")
    words = models.CharField(max_length=255, blank=True, help_text="Empty: there is a recovery")
    checked_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.words or "Recovery opened"
