from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from backoffice.identifiers import PublicId
from protection.models.claim import Claim
from protection.models.reason_rule import ReasonRule


def plain_name(name: str) -> str:
    """A carrier's name as it is compared: "U.P.S." and "ups" are one."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


class Carrier(models.Model):
    """Who carries parcels, under the names that parcels give it."""

    public_id = PublicId("car")
    name = models.CharField(max_length=255, unique=True, help_text="As parcels name it: UPS")
    aliases = models.JSONField(default=list, blank=True, help_text='Its other names: ["United Parcel Service"]')
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def plain_names(self) -> set[str]:
        return {plain_name(name) for name in [self.name, *self.aliases]}

    def clean(self) -> None:
        """Names that can be told from those of every other carrier."""
        if not isinstance(self.aliases, list) or not all(
            isinstance(one, str) and plain_name(one) for one in self.aliases
        ):
            raise ValidationError({"aliases": "A list of names, each a text."})
        if not plain_name(self.name):
            raise ValidationError({"name": "A name has letters or digits."})
        for other in Carrier.objects.exclude(pk=self.pk):
            if both := self.plain_names & other.plain_names:
                raise ValidationError({"aliases": f"{other} goes by a name of these already ({min(both)})."})


class CarrierTerms(models.Model):
    """What a carrier pays and until when it takes a claim, for parcels sent from one day on.

    A parcel has the terms of its service and region where there are such, else those for any. Days are calendar days
    in the shop's time zone; they count from the first of the named events that has happened. What the carriers print
    and what people tell differs: every row is the merchant's to change, `is_default` marks those nobody has looked at.
    """

    class Region(models.TextChoices):
        ANY = "any", "Anywhere"
        DOMESTIC = "domestic", "Within the country"
        INTERNATIONAL = "international", "To another country"

    class GoodsAt(models.TextChoices):
        PRICE = "price", "What the customer paid"
        COST = "cost", "What the goods cost the merchant"

    public_id = PublicId("ctm")
    carrier = models.ForeignKey(Carrier, on_delete=models.PROTECT, related_name="terms")
    number = models.PositiveIntegerField(default=1)
    effective_from = models.DateTimeField(
        help_text="Parcels sent from then on; a later row takes over from its own day"
    )
    service = models.CharField(
        max_length=64, blank=True, help_text="Words in the name of the service (express); empty: any service"
    )
    region = models.CharField(max_length=13, choices=Region, default=Region.ANY)
    opens_from = models.JSONField(default=list, help_text='The first known counts: ["promised_date", "ship_date"]')
    opens_after = models.PositiveSmallIntegerField(default=0, help_text="Days until the carrier takes a lost parcel")
    closes_from = models.JSONField(default=list, help_text='["ship_date"]')
    closes_after = models.PositiveSmallIntegerField(default=60, help_text="Days; the last one is the last day to file")
    cover = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True, help_text="The most it pays; empty: no limit"
    )
    cover_currency = models.CharField(max_length=3, blank=True)
    goods_at = models.CharField(max_length=5, choices=GoodsAt, default=GoodsAt.PRICE)
    cost_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=Decimal(100),
        help_text="What goods cost, as a part of what was paid for them",
    )
    label = models.DecimalField(
        max_digits=20, decimal_places=4, default=Decimal(0),
        help_text="What it pays back for the label, in the currency of the cover; it is within the cover",
    )  # fmt: skip
    reasons = models.JSONField(default=list, help_text='Reasons of claims it pays for: ["lost", "damaged"]')
    misdelivered_only = models.BooleanField(
        default=True, help_text="“Delivered, not received” only where the delivery scan names another place"
    )
    url = models.URLField(max_length=500, blank=True, help_text="Where a claim is filed")
    email = models.EmailField(blank=True)
    note = models.TextField(blank=True, help_text="How to file, for whoever does it")
    documents = models.JSONField(default=list, blank=True, help_text='What it asks for: ["Invoice", "Photos"]')
    is_default = models.BooleanField(default=False, editable=False, help_text="As delivered: nobody has looked yet")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "carrier terms"
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "service", "region", "effective_from"], name="carrier_terms_date_once"
            ),
            models.UniqueConstraint(
                fields=["carrier", "service", "region", "number"], name="carrier_terms_number_once"
            ),
            models.CheckConstraint(
                name="carrier_terms_money",
                condition=models.Q(cover__isnull=True) | models.Q(cover__gte=0) & ~models.Q(cover_currency=""),
            ),
            models.CheckConstraint(
                name="carrier_terms_label",
                condition=models.Q(label=0) | models.Q(label__gt=0) & ~models.Q(cover_currency="")
            ),
            models.CheckConstraint(
                name="carrier_terms_percent", condition=models.Q(cost_percent__gte=0, cost_percent__lte=100)
            ),
        ]  # fmt: skip
        ordering = ["carrier", "service", "region", "-effective_from"]

    def __str__(self) -> str:
        where = "" if self.region == self.Region.ANY else f", {self.get_region_display().lower()}"
        return f"{self.carrier}{' ' + self.service if self.service else ''}{where} v{self.number}"

    def clean(self) -> None:
        """What a form must get right: known words, and a currency beside money."""
        for name in ("opens_from", "closes_from"):
            _check_words(name, getattr(self, name), ReasonRule.Anchor.values)
        _check_words("reasons", self.reasons, Claim.Reason.values)
        if not isinstance(self.documents, list) or not all(isinstance(one, str) and one for one in self.documents):
            raise ValidationError({"documents": "A list of texts."})
        if (self.cover or 0) < 0 or self.label < 0 or not 0 <= self.cost_percent <= 100:
            raise ValidationError("Money and percentages are not negative, and a percentage is at most 100.")
        code = self.cover_currency
        if (self.cover is not None or self.label) and not (len(code) == 3 and code.isascii() and code.isupper()):
            raise ValidationError({"cover_currency": "The code of a currency, such as USD."})

    def is_for(self, *, service: str, international: bool, sent_at: datetime) -> bool:
        """Whether a parcel of this service (its names, in small letters) has these terms, unless others fit better."""
        region = self.Region.INTERNATIONAL if international else self.Region.DOMESTIC
        return (
            self.effective_from <= sent_at
            and self.region in (self.Region.ANY, region)
            and self.service.casefold() in service
        )


def _check_words(name: str, words: Any, allowed: list[str]) -> None:
    if not isinstance(words, list) or not words:
        raise ValidationError({name: "A list of at least one word."})
    if unknown := [word for word in words if word not in allowed]:
        raise ValidationError({name: f"{unknown[0]} is not one of {', '.join(allowed)}."})
