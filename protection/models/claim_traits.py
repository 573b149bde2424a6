from django.contrib.postgres.fields import ArrayField
from django.db import models

from orders.models import Shop
from protection.models.claim import Claim


class ClaimTraits(models.Model):
    """What a claim may have in common with others, as it stood when it was filed or last decided; nothing personal.

    Written by `protection.similar.traits` only, from the claim's order, parcel, scans and photos. `value` is what the
    claimed units cost, in the shop's currency, without tax and less discounts.
    """

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, primary_key=True, related_name="traits")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=24, choices=Claim.Reason)
    filed_on = models.DateField(help_text="Day, UTC")
    carrier = models.CharField(max_length=255, blank=True)
    origin = models.CharField(max_length=2, blank=True, help_text="Country it was sent from")
    destination = models.CharField(max_length=2, blank=True, help_text="Country it was sent to")
    shipped_on = models.DateField(null=True, blank=True, help_text="Day, UTC")
    location_id = models.BigIntegerField(null=True, blank=True, help_text="The shop's id of where it was sent from")
    delivered = models.BooleanField(default=False, help_text="The carrier says so")
    quiet_days = models.IntegerField(null=True, blank=True, help_text="From the last scan to the claim")
    value = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    skus = ArrayField(models.CharField(max_length=255), default=list)
    products = ArrayField(models.BigIntegerField(), default=list)
    photos = models.BooleanField(default=False)
    covered = models.BooleanField(default=False, help_text="By the guarantee; else by law, or let in by staff")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["shop", "reason", "-claim"], name="traits_of_a_reason"),
            models.Index(fields=["shop", "shipped_on"], name="traits_by_day_shipped"),
            models.Index(fields=["shop", "filed_on"], name="traits_by_day_filed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}, {self.carrier or 'no carrier'}, {self.destination or 'nowhere'}"
