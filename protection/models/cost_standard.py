from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from orders.models import Shop

NOT_NEGATIVE = [MinValueValidator(Decimal(0))]


def _amount(help_text: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, validators=NOT_NEGATIVE, help_text=help_text
    )


class CostStandard(models.Model):
    """What replacements of one shop usually cost, from one day on: used where nothing else was written down.

    Amounts are for one replacement, in `currency`. Empty ones are not known: they count as nothing, which is said.
    """

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="cost_standards")
    currency = models.CharField(max_length=3, help_text="The shop's own, ISO 4217; orders in another are left alone")
    effective_from = models.DateTimeField(
        default=timezone.now, help_text="For what is carried out from then on; the first one also for all before it"
    )
    goods_share = models.DecimalField(
        max_digits=5, decimal_places=2, default=Decimal(50),
        validators=[*NOT_NEGATIVE, MaxValueValidator(Decimal(100))],
        help_text="What goods cost, in percent of their price, where their cost is not known",
    )  # fmt: skip
    label_domestic = _amount("Label of a parcel within the country")
    label_international = _amount("Label of a parcel to another country")
    duty_domestic = _amount("Duties and taxes on a parcel within the country")
    duty_international = _amount("Duties and taxes on a parcel to another country")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "currency", "effective_from"], name="cost_standard_once_per_moment"
            ),
            models.CheckConstraint(
                name="cost_standard_share_of_price", condition=models.Q(goods_share__gte=0, goods_share__lte=100)
            ),
            *(
                models.CheckConstraint(
                    name=f"cost_standard_{name}",
                    condition=models.Q(**{f"{name}__isnull": True}) | models.Q(**{f"{name}__gte": 0}),
                )
                for name in ("label_domestic", "label_international", "duty_domestic", "duty_international")
            ),
        ]
        permissions = [
            ("view_money", "Can see what the delivery guarantee earns and costs"),
            ("enter_costs", "Can enter what a remedy really cost"),
        ]

    def __str__(self) -> str:
        return f"Usual costs of {self.shop} from {self.effective_from:%-d %b %Y}"

    def clean(self) -> None:
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValidationError({"currency": "Three capital letters, such as USD."})
