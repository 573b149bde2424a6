from django.db import models

from backoffice.identifiers import PublicId
from protection.models.coverage import Coverage


class FeeRefund(models.Model):
    """A part of the fee that is due back, because covered goods were taken off the order before anything was sent.

    Written by `protection.fee_refunds` only. `amount` is this part, `removed` all that was taken off so far, `covered`
    what the fee was paid for: each a money bag. It goes out as a change whose `reference` is our public id.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for staff"
        ASKED = "asked", "On its way"
        PAID = "paid", "Given back"
        DROPPED = "dropped", "Not given back"

    OPEN = (State.PROPOSED, State.ASKED)

    public_id = PublicId("fee")
    coverage = models.ForeignKey(Coverage, on_delete=models.PROTECT, related_name="fee_refunds")
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    amount = models.JSONField(default=dict)
    removed = models.JSONField(default=dict)
    covered = models.JSONField(default=dict)
    whole = models.BooleanField(default=False, help_text="Nothing covered is left: the fee's own line goes back")
    failure = models.TextField(blank=True, help_text="Why the shop did not pay it")
    why = models.TextField(blank=True, help_text="Why it is not given back")
    settled_by = models.CharField(max_length=255, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coverage"], condition=models.Q(state__in=["proposed", "asked"]), name="one_open_fee_refund"
            ),
            models.CheckConstraint(
                name="fee_refund_paid_at_pairs_with_state",
                condition=models.Q(state="paid", paid_at__isnull=False)
                | ~models.Q(state="paid") & models.Q(paid_at__isnull=True),
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Part of the fee of {self.coverage.order}"
