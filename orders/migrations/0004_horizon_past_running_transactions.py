"""The journal's horizon lies beyond every transaction that may have drawn a lower number.

A snapshot's xmax is one past the newest *finished* transaction, so running ones may lie at or beyond it. The horizon
is the first transaction id that has not been given out when the number is drawn; `pg_xact_status` refuses exactly
those, and between xmax and there are only as many ids as transactions run at this moment.
"""

from django.db import migrations

NUMBERING = """
CREATE OR REPLACE FUNCTION orders_journal_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Order matters. First this transaction gets its id, then the entry its number, then the horizon is found: so any
    -- transaction that drew a lower number has an id below our horizon (docs/decisions/0002).
    PERFORM pg_current_xact_id();
    NEW.id := nextval(pg_get_serial_sequence('orders_journalentry', 'id'));
    NEW.horizon := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    BEGIN
        LOOP
            PERFORM pg_xact_status(NEW.horizon::text::xid8);
            NEW.horizon := NEW.horizon + 1;
        END LOOP;
    EXCEPTION WHEN invalid_parameter_value THEN  -- "is in the future": nobody has this id yet
    END;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_console_search")]

    operations = [migrations.RunSQL(NUMBERING, migrations.RunSQL.noop)]
