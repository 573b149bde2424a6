from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("backoffice", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="partner",
            name="contact_email",
            field=models.EmailField(
                blank=True,
                default="",
                help_text="Told when one of its webhook endpoints fails for days",
                max_length=254,
            ),
            preserve_default=False,
        ),
    ]
