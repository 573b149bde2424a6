from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models

from backoffice.identifiers import PublicId
from orders.models import LineItem, Shop


class Plan(models.Model):
    """The delivery guarantee of one shop. What it costs and says stands in dated versions."""

    public_id = PublicId("pln")
    shop = models.OneToOneField(Shop, on_delete=models.PROTECT, related_name="plan")
    name = models.CharField(max_length=255, default="Delivery guarantee")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.shop}"

    def in_force(self, moment: datetime) -> "PlanVersion | None":
        """The version that applied at `moment`, None before the first one."""
        # There are few, and whoever handles many orders has them loaded.
        begun = [version for version in self.versions.all() if version.effective_from <= moment]
        return max(begun, key=lambda version: version.effective_from, default=None)


class PlanVersion(models.Model):
    """Price and recognition of the fee from one day on. Published versions are not edited; make a new one."""

    class Pricing(models.TextChoices):
        FLAT = "flat", "Flat fee"
        PERCENT = "percent", "Percent of the cart"
        TIERS = "tiers", "By cart value"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    effective_from = models.DateTimeField()
    pricing = models.CharField(max_length=8, choices=Pricing)
    currency = models.CharField(max_length=3)
    flat_fee = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    percent = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True, help_text="2.5 means 2.5 %")
    tiers = models.JSONField(
        default=list, blank=True, help_text='[{"from": "0", "fee": "0.98"}, {"from": "50", "fee": "1.95"}], rising'
    )
    minimum = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    maximum = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    fee_skus = models.JSONField(default=list, blank=True, help_text="A line with one of these SKUs is the fee")
    fee_product_ids = models.JSONField(default=list, blank=True)
    fee_variant_ids = models.JSONField(default=list, blank=True)
    fee_attribute = models.CharField(
        max_length=255, blank=True, help_text="Or: the order attribute that says the order is covered"
    )
    consent_attribute = models.CharField(max_length=255, default="protection_consent")
    text = models.TextField(blank=True, help_text="What the shopper read when choosing it")
    text_version = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number_once"),
            models.UniqueConstraint(fields=["plan", "effective_from"], name="plan_version_date_once"),
            models.CheckConstraint(
                name="plan_price_is_given",
                condition=models.Q(pricing="flat", flat_fee__isnull=False)
                | models.Q(pricing="percent", percent__isnull=False)
                | models.Q(pricing="tiers") & ~models.Q(tiers=[]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"

    def clean(self) -> None:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValidationError({"maximum": "The maximum is below the minimum."})

    def is_fee(self, line: LineItem) -> bool:
        """Whether `line` is the fee itself. Fee lines are never claimable."""
        return (
            (bool(line.sku) and line.sku in self.fee_skus)
            or line.product_id in self.fee_product_ids
            or line.variant_id in self.fee_variant_ids
        )
