from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from backoffice.identifiers import PublicId
from orders.models import Shop
from orders.money import decimal_of


class Bought(Protocol):
    """What tells an article, on a line of an order or of a cart."""

    @property
    def sku(self) -> str: ...
    @property
    def product_id(self) -> int | None: ...
    @property
    def variant_id(self) -> int | None: ...


class Plan(models.Model):
    """The delivery guarantee of one shop, in one market and one currency. Price and words stand in dated versions."""

    public_id = PublicId("pln")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="plans")
    name = models.CharField(max_length=255, default="Delivery guarantee")
    market = models.CharField(
        max_length=64, blank=True, help_text="Name of the market whose countries are listed below; empty: everywhere"
    )
    countries = models.JSONField(
        default=list, blank=True, help_text='Where a market\'s parcels go to, ISO 3166: ["DE", "AT"]'
    )
    currency = models.CharField(max_length=3, help_text="That shoppers pay in, ISO 4217; nothing is ever converted")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "market", "currency"], name="plan_once_per_market_and_currency"),
            models.CheckConstraint(
                name="plan_market_has_countries",
                condition=models.Q(market="", countries=[]) | ~models.Q(market="") & ~models.Q(countries=[]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.shop}, {f'{self.market}, ' if self.market else ''}{self.currency}"

    def clean(self) -> None:
        listed = self.countries if isinstance(self.countries, list) else [None]
        if not all(isinstance(code, str) and len(code) == 2 and code.isupper() for code in listed):
            raise ValidationError({"countries": 'List countries by two capital letters: ["DE", "AT"].'})
        if bool(self.market) != bool(listed):
            raise ValidationError({"countries": "A market needs its countries, and a plan for everywhere has none."})

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

    class Base(models.TextChoices):
        BEFORE_DISCOUNT = "before", "What the goods cost before discounts"
        AFTER_DISCOUNT = "after", "What the goods cost after discounts"

    class ProRata(models.TextChoices):
        PROPOSED = "proposed", "Proposed to staff"
        AUTOMATIC = "automatic", "Given back by itself"
        NEVER = "never", "Not given back"

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
    fee_base = models.CharField(max_length=6, choices=Base, default=Base.AFTER_DISCOUNT)
    fee_on_tax = models.BooleanField(default=False, help_text="The tax on the goods counts towards the fee too")
    rounding_step = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(Decimal("0.0001"))],
        help_text="0.05 makes 1.02 into 1.00 and 1.03 into 1.05",
    )  # fmt: skip
    largest_cart = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True, help_text="Carts worth more are not covered"
    )
    excluded_skus = models.JSONField(default=list, blank=True)
    excluded_product_ids = models.JSONField(default=list, blank=True)
    excluded_tags = models.JSONField(default=list, blank=True, help_text="Products with one of these tags")
    excludes_digital = models.BooleanField(default=True, help_text="What is not shipped pays no fee")
    excludes_gift_cards = models.BooleanField(default=True)
    excludes_free = models.BooleanField(default=False, help_text="Free items are left out")
    fee_skus = models.JSONField(default=list, blank=True, help_text="A line with one of these SKUs is the fee")
    fee_product_ids = models.JSONField(default=list, blank=True)
    fee_variant_ids = models.JSONField(default=list, blank=True)
    fee_attribute = models.CharField(
        max_length=255, blank=True, help_text="Or: the order attribute that says the order is covered"
    )
    consent_attribute = models.CharField(max_length=255, default="protection_consent")
    pro_rata = models.CharField(
        max_length=10, choices=ProRata, default=ProRata.PROPOSED,
        help_text="The fee's part for covered goods that are taken off an order before anything of it is sent",
    )  # fmt: skip
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
            models.CheckConstraint(
                name="plan_rounding_step_is_positive",
                condition=models.Q(rounding_step__isnull=True) | models.Q(rounding_step__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"

    def clean(self) -> None:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValidationError({"maximum": "The maximum is below the minimum."})
        if self.plan_id and self.currency != self.plan.currency:
            raise ValidationError({"currency": f"The plan is priced in {self.plan.currency}."})
        for name in ("flat_fee", "percent", "minimum", "maximum", "largest_cart"):
            if (getattr(self, name) or 0) < 0:
                raise ValidationError({name: "This cannot be below 0."})
        for name in ("excluded_skus", "excluded_tags", "fee_skus"):
            _check_list(name, getattr(self, name), str, '["PROTECT"]')
        for name in ("excluded_product_ids", "fee_product_ids", "fee_variant_ids"):
            _check_list(name, getattr(self, name), int, "[4711]")
        _check_tiers(self.tiers)

    def is_fee(self, line: Bought) -> bool:
        """Whether `line` is the fee itself. Fee lines are never claimable."""
        return (
            (bool(line.sku) and line.sku in self.fee_skus)
            or line.product_id in self.fee_product_ids
            or line.variant_id in self.fee_variant_ids
        )


def _check_list(name: str, values: Any, kind: type, example: str) -> None:
    """Carts are compared with these as they are: a number in quotes would match nothing."""
    if not isinstance(values, list) or not all(type(value) is kind and value for value in values):
        raise ValidationError({name: f"Write a list such as {example}."})


def _check_tiers(tiers: Any) -> None:
    before = Decimal(-1)
    try:
        for tier in tiers:
            begin, fee = decimal_of(tier["from"]), decimal_of(tier["fee"])
            if begin <= before or fee < 0:
                raise ValueError
            before = begin
    except (TypeError, KeyError, ValueError):
        raise ValidationError({"tiers": "Tiers with rising amounts, each with its fee."}) from None
