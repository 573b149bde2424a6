from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

# There was one plan a shop: it goes on as the plan for everywhere, in the currency that its versions are priced in.
ONE_CURRENCY = """
    UPDATE protection_plan p SET currency = coalesce(
        (SELECT v.currency FROM protection_planversion v WHERE v.plan_id = p.id ORDER BY v.effective_from DESC LIMIT 1),
        (SELECT s.currency FROM orders_shop s WHERE s.id = p.shop_id)
    )
"""


def amount(digits: int, help_text: str = "", validators: list | None = None) -> models.DecimalField:
    return models.DecimalField(
        blank=True, decimal_places=4, help_text=help_text, max_digits=digits, null=True, validators=validators or []
    )


def listed(help_text: str = "") -> models.JSONField:
    return models.JSONField(blank=True, default=list, help_text=help_text)


class Migration(migrations.Migration):
    dependencies = [("protection", "0004_evidence")]

    operations = [
        migrations.AlterField(
            "plan", "shop",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="plans", to="orders.shop"),
        ),
        migrations.AddField(
            "plan", "market",
            models.CharField(
                blank=True, default="", max_length=64,
                help_text="Name of the market whose countries are listed below; empty: everywhere",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "plan", "countries", listed('Where a market\'s parcels go to, ISO 3166: ["DE", "AT"]')
        ),
        migrations.AddField(
            "plan", "currency",
            models.CharField(
                default="", help_text="That shoppers pay in, ISO 4217; nothing is ever converted", max_length=3
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(ONE_CURRENCY, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "plan",
            models.UniqueConstraint(fields=("shop", "market", "currency"), name="plan_once_per_market_and_currency"),
        ),
        migrations.AddConstraint(
            "plan",
            models.CheckConstraint(
                condition=models.Q(("countries", []), ("market", ""))
                | models.Q(models.Q(("market", ""), _negated=True), models.Q(("countries", []), _negated=True)),
                name="plan_market_has_countries",
            ),
        ),
        migrations.AddField(
            "planversion", "fee_base",
            models.CharField(
                choices=[
                    ("before", "What the goods cost before discounts"),
                    ("after", "What the goods cost after discounts"),
                ],
                default="after", max_length=6,
            ),
        ),
        migrations.AddField(
            "planversion", "fee_on_tax",
            models.BooleanField(default=False, help_text="The tax on the goods counts towards the fee too"),
        ),
        migrations.AddField(
            "planversion", "rounding_step",
            amount(
                12, "0.05 makes 1.02 into 1.00 and 1.03 into 1.05",
                [django.core.validators.MinValueValidator(Decimal("0.0001"))],
            ),
        ),
        migrations.AddField("planversion", "largest_cart", amount(14, "Carts worth more are not covered")),
        migrations.AddField("planversion", "excluded_skus", listed()),
        migrations.AddField("planversion", "excluded_product_ids", listed()),
        migrations.AddField("planversion", "excluded_tags", listed("Products with one of these tags")),
        migrations.AddField(
            "planversion", "excludes_digital",
            models.BooleanField(default=True, help_text="What is not shipped pays no fee"),
        ),
        migrations.AddField("planversion", "excludes_gift_cards", models.BooleanField(default=True)),
        migrations.AddField(
            "planversion", "excludes_free", models.BooleanField(default=False, help_text="Free items are left out")
        ),
        migrations.AddConstraint(
            "planversion",
            models.CheckConstraint(
                condition=models.Q(("rounding_step__isnull", True)) | models.Q(("rounding_step__gt", 0)),
                name="plan_rounding_step_is_positive",
            ),
        ),
    ]  # fmt: skip
