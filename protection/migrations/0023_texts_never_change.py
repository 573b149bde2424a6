from django.db import migrations


# Messages were made of a version: only a new one may follow.
KEPT = """
CREATE FUNCTION protection_template_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of a text is never changed: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER protection_template_kept BEFORE UPDATE ON protection_messagetemplate
    FOR EACH ROW EXECUTE FUNCTION protection_template_kept();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('protection', '0022_find_recoveries_by_reference'),
    ]

    operations = [
        migrations.RunSQL(
            KEPT,
            "DROP TRIGGER protection_template_kept ON protection_messagetemplate; DROP FUNCTION protection_template_kept()",
        ),
    ]
