"""Two indexes for the console's search: the beginning of an order's name or e-mail address, in any shop.

Pattern operator classes, because a plain index in a locale other than C cannot answer LIKE 'abc%'; the upper case is
what Django writes for istartswith.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_journal_triggers")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX order_name_prefix ON orders_order (name varchar_pattern_ops)",
            "DROP INDEX order_name_prefix",
        ),
        migrations.RunSQL(
            "CREATE INDEX order_email_prefix ON orders_order (upper(email::text) text_pattern_ops) WHERE email <> ''",
            "DROP INDEX order_email_prefix",
        ),
    ]
