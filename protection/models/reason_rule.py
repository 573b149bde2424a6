from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from backoffice.identifiers import PublicId
from orders.models import Shop
from protection.models.claim import Claim

# What may be asked as proof, and how it is called in a sentence.
NEEDS = {
    "photo": "a photo of the item",
    "packaging_photo": "a photo of the packaging",
    "label_photo": "a photo of the shipping label",
    "declaration": "a signed declaration",
    "proof_of_delivery": "the carrier's proof of delivery",
    "police_reference": "the reference of a police report",
    "corrected_address": "the corrected address",
}
REMEDIES = {
    "replacement": "a replacement",
    "exchange": "another item instead",
    "refund": "a refund",
    "store_credit": "store credit",
    "gift_card": "a gift card",
    "goodwill": "a goodwill amount",
}


class ReasonRule(models.Model):
    """What holds for claims of one reason, from one day on; of one shop, or of every shop that has none of its own.

    The version in force on the order's date applies. Once its day has come a version is never changed: a trigger sees
    to it. Days count from the first of `anchors` that has happened.
    """

    class Anchor(models.TextChoices):
        LAST_SCAN = "last_scan", "the last scan"
        DELIVERY_SCAN = "delivery_scan", "the delivery scan"
        PROMISED_DATE = "promised_date", "the promised delivery date"
        RETURN_SCAN = "rts_scan", "the scan that sent it back"
        SHIP_DATE = "ship_date", "the day it was sent"
        ORDER_DATE = "order_date", "the day of the order"

    public_id = PublicId("rrl")
    shop = models.ForeignKey(
        Shop, null=True, blank=True, on_delete=models.PROTECT, related_name="reason_rules",
        help_text="Empty: every shop that has no rule of its own",
    )  # fmt: skip
    reason = models.CharField(max_length=24, choices=Claim.Reason)
    number = models.PositiveIntegerField()
    effective_from = models.DateTimeField()
    anchors = models.JSONField(default=list, help_text='Events to count from, the first known: ["last_scan", …]')
    earliest_domestic = models.PositiveSmallIntegerField(default=0, help_text="Days after the anchor event")
    earliest_international = models.PositiveSmallIntegerField(default=0, help_text="Days, to another country")
    latest_domestic = models.PositiveSmallIntegerField(default=30, help_text="Days after the anchor event")
    latest_international = models.PositiveSmallIntegerField(default=30, help_text="Days, to another country")
    hours_past_promise = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Or so many hours after the promised date, where that is sooner"
    )
    evidence = models.JSONField(
        default=list, blank=True, help_text='[{"from": "0", "needs": ["photo"]}, {"from": "150", "needs": […]}], rising'
    )
    questions = models.JSONField(default=list, blank=True, help_text="What the customer is asked when filing")
    remedies = models.JSONField(default=list, help_text='In order of preference: ["replacement", "refund"]')
    return_needed = models.BooleanField(default=False, help_text="The goods must come back first")
    pays_tax = models.BooleanField(default=True)
    pays_shipping = models.BooleanField(default=False)
    pays_duties = models.BooleanField(default=False)
    pays_fee = models.BooleanField(default=False, help_text="The fee for the guarantee itself")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "reason", "number"], name="reason_rule_number_once", nulls_distinct=False
            ),
            models.UniqueConstraint(
                fields=["shop", "reason", "effective_from"], name="reason_rule_date_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="reason_rule_latest_after_earliest",
                condition=models.Q(latest_domestic__gte=models.F("earliest_domestic"))
                & models.Q(latest_international__gte=models.F("earliest_international")),
            ),
        ]

    def __str__(self) -> str:
        whose = f" of {self.shop}" if self.shop else ""
        return f"{self.get_reason_display()}{whose} v{self.number}"

    def clean(self) -> None:
        """What a form or an import must get right: known words, rising amounts."""
        for name, allowed in (("anchors", self.Anchor.values), ("remedies", list(REMEDIES))):
            _check_words(name, getattr(self, name), allowed)
        if not isinstance(self.questions, list) or not all(isinstance(one, str) and one for one in self.questions):
            raise ValidationError({"questions": "A list of questions, each a text."})
        _check_evidence(self.evidence)

    def earliest(self, *, international: bool) -> timedelta:
        return timedelta(days=self.earliest_international if international else self.earliest_domestic)

    def latest(self, *, international: bool) -> timedelta:
        return timedelta(days=self.latest_international if international else self.latest_domestic)

    def needs(self, value: Decimal) -> list[str]:
        """The proof asked for a claim worth `value` in the shop's currency."""
        bands = [band for band in self.evidence if Decimal(band["from"]) <= value]
        return list(bands[-1]["needs"]) if bands else []


def _check_words(name: str, words: Any, allowed: list[str]) -> None:
    if not isinstance(words, list) or not words or len(set(map(str, words))) != len(words):
        raise ValidationError({name: "A list of at least one word, none of them twice."})
    if unknown := [word for word in words if word not in allowed]:
        raise ValidationError({name: f"{unknown[0]} is not one of {', '.join(allowed)}."})


def _check_evidence(bands: Any) -> None:
    before = Decimal(-1)
    try:
        for band in bands:
            amount = Decimal(str(band["from"]))
            if not amount.is_finite() or amount <= before or not set(band["needs"]) <= set(NEEDS):
                raise ValueError
            before = amount
    except (TypeError, KeyError, ValueError, InvalidOperation):
        message = f"Bands with rising amounts; what they need is of {', '.join(NEEDS)}."
        raise ValidationError({"evidence": message}) from None
