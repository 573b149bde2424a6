from django.db import migrations

# Without it new photos wait in a list that each look-up goes through: 3.6 ms instead of 0.1 ms with 5,000 of them.
AT_ONCE = """
ALTER INDEX evidence_photo_parts SET (fastupdate = off);
SELECT gin_clean_pending_list('evidence_photo_parts');
"""


class Migration(migrations.Migration):
    dependencies = [("protection", "0023_texts_never_change")]

    operations = [migrations.RunSQL(AT_ONCE, "ALTER INDEX evidence_photo_parts SET (fastupdate = on);")]
