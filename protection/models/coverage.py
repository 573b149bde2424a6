from datetime import UTC, datetime

from django.db import models
from django.utils.dateparse import parse_datetime

from orders.models import Order
from protection.models.plan import PlanVersion


class Coverage(models.Model):
    """The promise on one order, derived from the order's own lines by `protection.coverage.refresh`."""

    class Status(models.TextChoices):
        INACTIVE = "inactive", "Inactive until shipped"
        ACTIVE = "active", "Active"
        EXPIRED = "expired", "Expired"
        VOID = "void", "Void"
        REMOVED = "removed", "Removed"

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="coverage")
    status = models.CharField(max_length=10, choices=Status)
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="coverages")
    fee = models.JSONField(default=dict, help_text="Money bag: what the shopper paid for it")
    collected = models.DecimalField(
        max_digits=20, decimal_places=4, default=0,
        help_text="The fee in the shop's currency less discounts and tax, as it was charged; what was refunded counts",
    )  # fmt: skip
    collected_tax = models.DecimalField(max_digits=20, decimal_places=4, default=0, help_text="The tax on it")
    fee_lines = models.JSONField(default=list, help_text="Remote ids of the fee's lines")
    covered = models.JSONField(
        default=dict, blank=True,
        help_text="Money bag: what the goods cost that the fee was paid for; empty: came before this was kept",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.order}: {self.get_status_display()}"

    @property
    def in_force(self) -> bool:
        return self.status in (self.Status.INACTIVE, self.Status.ACTIVE)


class Consent(models.Model):
    """The receipt of the shopper's choice. An order with coverage but without consent is flagged, never assumed."""

    coverage = models.OneToOneField(Coverage, on_delete=models.CASCADE, related_name="consent")
    how = models.CharField(max_length=64, blank=True, help_text="How the fee entered the cart")
    default_on = models.BooleanField(null=True, help_text="Was it pre-selected? Unknown when empty")
    text_version = models.CharField(max_length=64, blank=True)
    price = models.CharField(max_length=64, blank=True)
    locale = models.CharField(max_length=35, blank=True)
    given_at = models.CharField(max_length=64, blank=True, help_text="As the store front reported it")

    def __str__(self) -> str:
        return f"Consent for {self.coverage.order}"

    @property
    def moment(self) -> datetime | None:
        """When it was given, in UTC, where the store front reported a moment of a known zone."""
        try:
            moment = parse_datetime(self.given_at)
            return moment.astimezone(UTC) if moment and moment.tzinfo else None
        except (ValueError, OverflowError):
            return None
