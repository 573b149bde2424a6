import uuid

from django.db import models

from backoffice.identifiers import PublicId
from orders.models import Order
from protection.models.claim import Claim


class Resolution(models.Model):
    """One remedy to carry out: the intent, written before anything outside is touched.

    `uuid` travels with the effect (Shopify's sourceIdentifier), so that a repeat finds what is already done and the
    replacement is recognised when it comes home. `lines` is [{"line": public id, "variant_id", "quantity", "title"}].
    """

    class Kind(models.TextChoices):
        REPLACEMENT = "replacement", "Replacement"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        HELD = "held", "Held"
        QUEUED = "queued", "Queued"
        EXECUTED = "executed", "Executed"
        FAILED = "failed", "Failed"
        REVERSED = "reversed", "Reversed"

    MOVES: dict[str, frozenset[str]] = {
        State.PLANNED: frozenset({State.HELD, State.QUEUED, State.REVERSED}),
        State.HELD: frozenset({State.QUEUED, State.REVERSED}),
        State.QUEUED: frozenset({State.EXECUTED, State.FAILED, State.REVERSED}),
        State.FAILED: frozenset({State.QUEUED, State.REVERSED}),
        State.EXECUTED: frozenset({State.REVERSED}),
        State.REVERSED: frozenset(),
    }

    public_id = PublicId("res")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="resolutions")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    lines = models.JSONField(default=list)
    not_before = models.DateTimeField(help_text="End of the undo window")
    started_at = models.DateTimeField(null=True, blank=True, help_text="From here on it cannot be undone")
    failure = models.TextField(blank=True)
    remote_order_id = models.BigIntegerField(null=True, blank=True)
    remote_order_name = models.CharField(max_length=255, blank=True)
    replacement_order = models.OneToOneField(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="replaces"
    )
    executed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="resolution_executed_at_pairs_with_state",
                condition=~models.Q(state="executed") | models.Q(executed_at__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["state", "executed_at"], name="resolution_queue")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.claim}"

    @property
    def is_home(self) -> bool:
        """The replacement order came back by its own webhook: proof that it exists where it should."""
        return self.replacement_order_id is not None
