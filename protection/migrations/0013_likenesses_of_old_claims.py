from django.db import migrations

from protection.risk.likenesses import digests

A_TIME = 1_000


def write(apps, schema_editor):
    """What claims filed before have in common, from what their orders say today."""
    Claim, Likeness = apps.get_model("protection", "Claim"), apps.get_model("protection", "Likeness")
    claims = Claim.objects.exclude(submitted_at=None).filter(order__redacted_at=None).select_related("order")
    rows = []
    for claim in claims.order_by("id").iterator(A_TIME):
        rows += [
            Likeness(claim=claim, shop_id=claim.order.shop_id, kind=kind, digest=digest, filed_at=claim.submitted_at)
            for kind, digest in digests(claim.order).items()
        ]
        if len(rows) >= A_TIME:
            Likeness.objects.bulk_create(rows)
            rows = []
    Likeness.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("protection", "0012_routing_rules")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
