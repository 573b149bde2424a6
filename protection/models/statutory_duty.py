from django.core.validators import RegexValidator
from django.db import models


class StatutoryDuty(models.Model):
    """A country where the seller carries the risk of transit by law: nobody there needs protection to claim.

    The merchant writes these down, with counsel; nothing is assumed of any country.
    """

    country = models.CharField(
        max_length=2, unique=True, validators=[RegexValidator("^[A-Z]{2}$", "Two capital letters, such as AU.")],
        help_text="Where parcels go to, ISO 3166",
    )  # fmt: skip
    since = models.DateField(help_text="For orders placed from this day on")
    words = models.TextField(help_text="What staff and partners read: which right it is")

    class Meta:
        verbose_name_plural = "statutory duties"
        constraints = [models.CheckConstraint(name="duty_has_words", condition=~models.Q(words=""))]

    def __str__(self) -> str:
        return self.country
