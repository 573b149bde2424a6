"""One filing with the carrier for all of an incident's parcels whose money can be claimed back."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from protection.models import Incident, Recovery
from protection.recovery.actors import Actor
from protection.recovery.filing import Filed, file_many

AT_ONCE = 200


def to_file(incident: Incident) -> QuerySet[Recovery]:
    """Recoveries of the incident's claims that wait to be filed with a carrier that is known."""
    members = incident.members.values("claim")
    rows = Recovery.objects.filter(claims__in=members, state=Recovery.State.ELIGIBLE, carrier__isnull=False)
    return rows.select_related("carrier", "order").distinct().order_by("pk")


def file_all(incident: Incident, reference: str, *, user: User) -> Filed:
    """Note that they were filed under one reference, each for what is expected of it; raises RecoveryRefused.

    One that cannot be filed holds up no other.
    """
    waiting, whole = list(to_file(incident)[:AT_ONCE]), Filed()
    for carrier in {recovery.carrier_id: recovery.carrier for recovery in waiting}.values():
        if carrier is not None:
            own = [recovery for recovery in waiting if recovery.carrier_id == carrier.pk]
            filed = file_many(own, carrier, actor=Actor.staff(user), reference=reference)
            whole.done += filed.done
            whole.refused += filed.refused
    return whole
