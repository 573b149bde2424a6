from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0013_alerts_about_passes")]

    operations = [
        migrations.AlterField(
            model_name="unfinishedorder",
            name="should_read",
            field=models.BooleanField(default=False, help_text="The file cannot hold all of it: refunds, returns"),
        ),
        migrations.AddField(
            model_name="unfinishedorder",
            name="awaits",
            field=models.JSONField(
                blank=True, default=list, help_text="Its parcels that the file of parcels is to bring"
            ),
        ),
        migrations.AddField(
            model_name="unfinishedorder",
            name="should_protect",
            field=models.BooleanField(default=True, help_text="Coverage may follow from it"),
        ),
    ]
