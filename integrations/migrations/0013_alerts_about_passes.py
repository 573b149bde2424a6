from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0012_the_brake_is_a_trouble")]

    operations = [
        migrations.AlterField(
            model_name="alertlimit",
            name="measure",
            field=models.CharField(
                choices=[
                    ("lag", "Oldest delivery waiting, in seconds"),
                    ("parked", "Deliveries parked"),
                    ("drift", "Orders that differ"),
                    ("inbox", "Oldest message waiting, in seconds"),
                    ("pass", "Since a store was last compared, in seconds"),
                    ("proof", "What the last check of a store found wrong"),
                ],
                max_length=10,
            ),
        ),
    ]
