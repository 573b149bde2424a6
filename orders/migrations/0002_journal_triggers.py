"""The journal's two triggers: entries are numbered so that a feed never skips one, and are never changed."""

from django.db import migrations

NUMBERING = """
CREATE FUNCTION orders_journal_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Order matters. First this transaction gets its id, then the entry its number, then the horizon is read: so any
    -- transaction that drew a lower number was already running below our horizon (docs/decisions/0002).
    PERFORM pg_current_xact_id();
    NEW.id := nextval(pg_get_serial_sequence('orders_journalentry', 'id'));
    NEW.horizon := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER orders_journal_number BEFORE INSERT ON orders_journalentry
    FOR EACH ROW EXECUTE FUNCTION orders_journal_number();
"""

# Redaction (a legal duty) is the one verb that may change an entry; it says so for its own transaction only.
APPEND_ONLY = """
CREATE FUNCTION orders_journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('backoffice.redaction', true) = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'journal entries are append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER orders_journal_append_only BEFORE UPDATE OR DELETE ON orders_journalentry
    FOR EACH ROW EXECUTE FUNCTION orders_journal_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.RunSQL(
            NUMBERING,
            "DROP TRIGGER orders_journal_number ON orders_journalentry; DROP FUNCTION orders_journal_number();",
        ),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER orders_journal_append_only ON orders_journalentry; DROP FUNCTION orders_journal_append_only();",
        ),
    ]
