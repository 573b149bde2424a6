from typing import Any, Never, Self

from django.db import models
from django.db.models.expressions import RawSQL

from backoffice.identifiers import PublicId
from orders.models.order import Order
from orders.models.shop import Shop

# The first entry in front of which another could still appear; everything before it is settled.
_BEFORE_FIRST_UNSETTLED = """
    orders_journalentry.id < (
        SELECT COALESCE(MIN(unsettled.id), 9223372036854775807) FROM orders_journalentry unsettled
        WHERE unsettled.horizon > pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    )
"""


class JournalQuerySet(models.QuerySet["JournalEntry"]):
    def settled(self) -> Self:
        """Only entries in front of which nothing can appear any more, so that a reader's cursor may move past them."""
        condition = RawSQL(_BEFORE_FIRST_UNSETTLED, [], output_field=models.BooleanField())  # noqa: S611 a constant
        return self.filter(condition)


class JournalEntry(models.Model):
    """One fact that happened: the staff timeline, the audit trail, the partners' feed and the outbox's source at once.

    Written by `orders.journal.record` in the transaction of the change; triggers give it its id and refuse UPDATE and
    DELETE. Per order the ids rise in the order things happened, because they are drawn under the order's row lock.
    Across orders a lower id may commit later than a higher one: whoever reads the whole feed with a cursor reads
    `settled()` (docs/decisions/0002-the-feed-never-skips.md).
    """

    public_id = PublicId("evt")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="journal")
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="journal", db_index=False
    )
    action = models.CharField(max_length=64, help_text="subject.verb, for example order.created")
    subject = models.CharField(max_length=40, blank=True, help_text="Public id of what changed, when not the order")
    by = models.CharField(max_length=255, help_text="Who: staff:ana, partner:demo, shopify, system")
    source = models.CharField(max_length=40, blank=True, help_text="Connection it came through; never echoed to it")
    facts = models.JSONField(default=dict)
    horizon = models.BigIntegerField(default=0, editable=False, help_text="Set by trigger; see settled()")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = JournalQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "journal"
        indexes = [
            models.Index(fields=["order", "id"], name="journal_of_order"),
            models.Index(fields=["subject", "id"], name="journal_of_subject", condition=~models.Q(subject="")),
            models.Index(fields=["horizon", "id"], name="journal_horizon"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.public_id}"

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise TypeError("Journal entries are never deleted.")
