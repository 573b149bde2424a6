from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0004_outbound_engine")]

    operations = [
        migrations.RemoveConstraint(model_name="connection", name="endpoint_once_per_partner"),
        migrations.AddField(
            model_name="connection",
            name="removed_at",
            field=models.DateTimeField(
                blank=True, null=True, help_text="Taken away by its owner; kept, for its deliveries are a record"
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None), ("system", "webhook")),
                fields=("partner", "url"),
                name="endpoint_once_per_partner",
            ),
        ),
    ]
