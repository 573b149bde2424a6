from django.db import migrations


def add(apps, schema_editor):
    """Connections made before there were changes ask for them too."""
    for connection in apps.get_model("integrations", "Connection").objects.filter(system="shopify"):
        if "change.queued" not in connection.events:
            connection.events = [*connection.events, "change.queued"]
            connection.save(update_fields=["events"])


class Migration(migrations.Migration):
    dependencies = [("integrations", "0008_privacy_requests")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
