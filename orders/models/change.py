import uuid

from django.db import models

from backoffice.identifiers import PublicId
from orders.models.order import Order
from orders.models.shop import Shop


class ChangeRefused(Exception):
    """This change cannot be asked for. `code` is stable, the message says why and what to do, `pointer` the input."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer


class Change(models.Model):
    """What staff, a partner or a claim wants changed at the shop: the intent, written before the shop is asked.

    Our order stays what the shop says; a change is what we want on top of it, until the shop has it and the order
    comes home changed. `uuid` travels with every effect that cannot be repeated, so that a repeat finds what is done.
    `wanted` is the change itself, `base` what we knew of the same fields when it was asked for: where the shop by then
    has a third value, the change is in conflict and `theirs` holds it, field by field, until somebody decides. `result`
    keeps remote ids of what was made. `wanted`, `base` and `theirs` may hold personal data: redacted with the order.
    """

    class Kind(models.TextChoices):
        ADDRESS = "address", "Shipping address"
        CONTACT = "contact", "Contact"
        NOTE = "note", "Note"
        TAGS = "tags", "Tags"
        CANCEL = "cancel", "Cancel"
        EDIT = "edit", "Edit items"
        REFUND = "refund", "Refund"
        RETURN = "return", "Return"
        STORE_CREDIT = "store_credit", "Store credit"
        GIFT_CARD = "gift_card", "Gift card"
        HOLD = "hold", "Hold"
        RELEASE = "release", "Release hold"
        MOVE = "move", "Move to another location"
        FULFIL = "fulfil", "Fulfil"
        TRACKING = "tracking", "Tracking"
        SCAN = "scan", "Tracking event"
        STOCK = "stock", "Stock"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        RUNNING = "running", "The shop works on it"
        DONE = "done", "Done"
        FAILED = "failed", "Refused by the shop"
        CONFLICT = "conflict", "Changed on both sides"
        WITHDRAWN = "withdrawn", "Given up"

    MOVES: dict[str, frozenset[str]] = {
        State.QUEUED: frozenset({State.RUNNING, State.DONE, State.FAILED, State.CONFLICT, State.WITHDRAWN}),
        State.RUNNING: frozenset({State.DONE, State.FAILED}),
        State.CONFLICT: frozenset({State.QUEUED, State.WITHDRAWN}),
        State.FAILED: frozenset({State.QUEUED, State.WITHDRAWN}),
        State.DONE: frozenset(),
        State.WITHDRAWN: frozenset(),
    }
    OPEN = (State.QUEUED, State.RUNNING, State.CONFLICT, State.FAILED)

    public_id = PublicId("chg")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="changes")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    wanted = models.JSONField(default=dict)
    base = models.JSONField(default=dict, blank=True)
    theirs = models.JSONField(default=dict, blank=True)
    result = models.JSONField(default=dict, blank=True)
    failure = models.TextField(blank=True)
    by = models.CharField(max_length=255)
    reference = models.CharField(max_length=40, blank=True, help_text="Public id of the claim's remedy it carries out")
    started_at = models.DateTimeField(null=True, blank=True, help_text="From here on the shop may have it")
    done_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="change_done_at_pairs_with_state",
                condition=models.Q(state="done", done_at__isnull=False)
                | ~models.Q(state="done") & models.Q(done_at__isnull=True),
            ),
            models.CheckConstraint(
                name="change_of_an_order_or_of_stock", condition=models.Q(order__isnull=False) | models.Q(kind="stock")
            ),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="change_of_order"),
            models.Index(
                fields=["state", "id"], name="change_open",
                condition=models.Q(state__in=["queued", "running", "conflict", "failed"]),
            ),
            models.Index(fields=["reference"], name="change_by_reference", condition=~models.Q(reference="")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.order or self.shop}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN
