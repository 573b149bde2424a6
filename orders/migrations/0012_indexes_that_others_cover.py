"""Indexes that nothing reads go: each cost every write, and a loaded history an eighth of PostgreSQL's time.

Those on a foreign key whose column comes first in a unique index of the same table too; and those of a public id for
LIKE 'abc%', which Django makes beside each unique text, for a public id is only ever asked for whole.
"""

import django.db.models.deletion
from django.db import migrations, models


# As Django names them in every database.
FOR_LIKE = (
    "orders_customer_public_id_606519f7_like orders_order_public_id_477d735f_like "
    "orders_lineitem_public_id_062a8917_like orders_fulfillmentorder_public_id_d0698ea4_like "
    "orders_fulfillment_public_id_30acbb09_like orders_refund_public_id_33e144e8_like "
    "orders_return_public_id_d496badd_like orders_journalentry_public_id_208a2a8d_like"
).split()


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0011_when_parcels_were_sent'),
    ]

    operations = [
        migrations.AlterField(
            model_name='customer',
            name='shop',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='customers', to='orders.shop'),
        ),
        migrations.AlterField(
            model_name='fulfillment',
            name='order',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='fulfillments', to='orders.order'),
        ),
        migrations.AlterField(
            model_name='fulfillmentorder',
            name='order',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='fulfillment_orders', to='orders.order'),
        ),
        migrations.AlterField(
            model_name='journalentry',
            name='order',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='journal', to='orders.order'),
        ),
        migrations.AlterField(
            model_name='lineitem',
            name='order',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.order'),
        ),
        migrations.AlterField(
            model_name='order',
            name='shop',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='orders.shop'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='order',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='orders.order'),
        ),
        migrations.AlterField(
            model_name='refund',
            name='order',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.order'),
        ),
        migrations.AlterField(
            model_name='return',
            name='order',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='orders.order'),
        ),
        migrations.AlterField(
            model_name='trackingevent',
            name='fulfillment',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='scans', to='orders.fulfillment'),
        ),
        *(migrations.RunSQL(f"DROP INDEX IF EXISTS {name}", migrations.RunSQL.noop) for name in FOR_LIKE),
    ]
