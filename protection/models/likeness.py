from django.db import models

from orders.models import Shop
from protection.models.claim import Claim


class Likeness(models.Model):
    """What claims of one person have in common, as it was when this one was filed: a digest for each kind.

    Written by `protection.risk.likenesses`, which says what counts as the same. Digests of addresses are personal data.
    """

    class Kind(models.TextChoices):
        CUSTOMER = "customer", "customer"
        ADDRESS = "address", "street address"
        PHONE = "phone", "phone number"
        EMAIL = "email", "e-mail"

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="likenesses")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    digest = models.CharField(max_length=32, help_text="Of what was normalised, hexadecimal")
    filed_at = models.DateTimeField(help_text="When the claim was; here, so that a year of it is one range of an index")

    class Meta:
        verbose_name_plural = "likenesses"
        constraints = [models.UniqueConstraint(fields=["claim", "kind"], name="likeness_once_per_kind")]
        indexes = [
            models.Index(fields=["shop", "kind", "digest", "filed_at"], include=["claim"], name="likeness_of_a_year")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.claim_id}"
