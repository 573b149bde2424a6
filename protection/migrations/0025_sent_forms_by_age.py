from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("protection", "0024_photo_parts_at_once")]

    operations = [
        migrations.AddIndex(
            model_name="sentform",
            index=models.Index(fields=["created_at"], name="sent_form_age"),
        ),
    ]
