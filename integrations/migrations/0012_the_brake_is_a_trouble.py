from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0011_tries_that_went_well")]

    operations = [
        migrations.AlterField(
            model_name="trouble",
            name="kind",
            field=models.CharField(
                choices=[
                    ("uninstalled", "The app was uninstalled"),
                    ("token", "The store must be connected again"),
                    ("scopes", "Scopes are missing"),
                    ("subscriptions", "Webhooks are missing"),
                    ("version", "The API version ends"),
                    ("brake", "Replacements are held back"),
                ],
                max_length=16,
            ),
        ),
    ]
