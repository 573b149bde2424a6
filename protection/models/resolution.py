import uuid

from django.db import models

from backoffice.identifiers import PublicId
from orders.models import Order
from protection.models.claim import Claim


class Resolution(models.Model):
    """One remedy to carry out: the intent, written before anything outside is touched.

    `uuid` travels with a replacement (Shopify's sourceIdentifier), so that a repeat finds what is already done and it
    is recognised when it comes home; money goes out as a change of the order, whose `reference` is our public id.
    `lines` is [{"line": public id, "remote_id", "variant_id", "title", "quantity", "units", "unit_price", "amount":
    money bag or None, "otherwise": remedies allowed instead}]; `amount` is what is given in money, empty for goods.

    HELD is what stopped and was not refused: either another remedy was planned instead (`instead`), or nobody knows
    whether the shop has done it, and somebody must look.
    """

    class Kind(models.TextChoices):
        REPLACEMENT = "replacement", "Replacement"
        REFUND = "refund", "Refund"
        STORE_CREDIT = "store_credit", "Store credit"
        GIFT_CARD = "gift_card", "Gift card"
        GOODWILL = "goodwill", "Goodwill amount"
        HANDLED_ELSEWHERE = "handled_elsewhere", "Handled elsewhere"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        HELD = "held", "Held"
        QUEUED = "queued", "Queued"
        EXECUTED = "executed", "Executed"
        FAILED = "failed", "Failed"
        REVERSED = "reversed", "Reversed"

    MOVES: dict[str, frozenset[str]] = {
        State.PLANNED: frozenset({State.HELD, State.QUEUED, State.REVERSED}),
        State.HELD: frozenset({State.QUEUED, State.EXECUTED, State.FAILED, State.REVERSED}),
        State.QUEUED: frozenset({State.EXECUTED, State.FAILED, State.HELD, State.REVERSED}),
        State.FAILED: frozenset({State.QUEUED, State.REVERSED}),
        State.EXECUTED: frozenset({State.REVERSED}),
        State.REVERSED: frozenset(),
    }

    public_id = PublicId("res")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="resolutions")
    kind = models.CharField(max_length=20, choices=Kind)
    paid_as = models.CharField(max_length=20, blank=True, help_text="How a goodwill amount is given")
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    lines = models.JSONField(default=list)
    amount = models.JSONField(default=dict, blank=True, help_text="Money bag: what is given; empty: goods")
    instead_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="instead",
        help_text="The remedy that could not be had, where this is the plan B of a decision",
    )  # fmt: skip
    not_before = models.DateTimeField(help_text="End of the undo window")
    started_at = models.DateTimeField(null=True, blank=True, help_text="From here on it cannot be undone")
    failure = models.TextField(blank=True)
    remote_order_id = models.BigIntegerField(null=True, blank=True)
    remote_order_name = models.CharField(max_length=255, blank=True)
    remote_reference = models.CharField(
        max_length=255, blank=True, help_text="The shop's id of the refund, the credit's movement or the gift card"
    )
    replacement_order = models.OneToOneField(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="replaces"
    )
    cost = models.JSONField(
        default=dict, blank=True,
        help_text='What it cost: {"goods", "goods_at", "money", "label", "duty"}, and "entered": what really, by part',
    )  # fmt: skip
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
        indexes = [
            models.Index(fields=["state", "executed_at"], name="resolution_queue"),
            models.Index(fields=["-created_at", "-id"], name="resolution_newest"),
        ]

    MONEY = (Kind.REFUND, Kind.STORE_CREDIT, Kind.GIFT_CARD, Kind.GOODWILL)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.claim}"

    @property
    def is_exchange(self) -> bool:
        """Whether something else than what was bought is sent."""
        return any(line.get("exchange") for line in self.lines)

    @property
    def pays_by(self) -> str:
        """How its money goes out: refund, store_credit or gift_card; "" for goods."""
        return (
            (self.paid_as or self.Kind.REFUND.value)
            if self.kind == self.Kind.GOODWILL
            else (self.kind if self.kind in self.MONEY else "")
        )

    @property
    def is_home(self) -> bool:
        """The replacement order came back by its own webhook: proof that it exists where it should."""
        return self.replacement_order_id is not None
