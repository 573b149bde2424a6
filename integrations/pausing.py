"""Stopping the line to one system, and letting it go on. Nothing is lost meanwhile: deliveries pile up as rows."""

from django.db import transaction
from django.utils import timezone

from integrations import bells
from integrations.models import Connection, Health


def pause(connection: Connection, *, because: str, by: str) -> bool:
    """Send nothing more on this connection; False when it was paused already (its reason stays)."""
    reason = f"{because.strip() or 'No reason given'} ({by})"[:255]
    waiting = Connection.objects.filter(pk=connection.pk, paused_at=None)
    return bool(waiting.update(paused_at=timezone.now(), paused_because=reason))


@transaction.atomic
def resume(connection: Connection) -> bool:
    """Send again what waited, with a clean record; False when it was not paused, or its owner removed it."""
    resumed = Connection.objects.filter(pk=connection.pk, paused_at__isnull=False, removed_at=None).update(
        paused_at=None, paused_because=""
    )
    if resumed:
        # Staff say that it is well again: no breaker holds it, and five days begin anew.
        Health.objects.filter(connection=connection).update(failures=0, failing_since=None, open_until=None, warned=0)
        bells.ring_for(connection)
    return bool(resumed)
