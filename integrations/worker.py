"""Is anyone working? A heartbeat written by a real task, and the questions /readyz and the supervisor ask of it."""

import time
from datetime import timedelta

from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F, Min, QuerySet
from django.db.models.functions import Now

from integrations.models import Heartbeat, InboundMessage

STALE = timedelta(seconds=20)
BEHIND = timedelta(seconds=60)
BEAT_SECONDS = 5.0
GONE = timedelta(days=1)
HOST: str = settings.WORKER_NAME

_beat_at = 0.0


def beat() -> None:
    """Run by the cluster every five seconds like any other task: pusher, queue and worker must all be well for it."""
    Heartbeat.objects.update_or_create(host=HOST, defaults={"beat_at": Now()})
    Heartbeat.objects.filter(beat_at__lt=Now() - GONE).delete()  # a host that was taken away


def silent_since(heartbeats: QuerySet[Heartbeat]) -> timedelta | None:
    """Age of the newest of these beats by the database's clock, as they are written: a host's own may jump."""
    age = ExpressionWrapper(Now() - F("beat_at"), DurationField())
    return heartbeats.order_by("-beat_at").values_list(age, flat=True).first()


def keep_beating() -> None:
    """A long drain is as good a sign of life as a short task: beat from inside it when five seconds have passed."""
    global _beat_at
    if time.monotonic() - _beat_at > BEAT_SECONDS:
        _beat_at = time.monotonic()
        beat()


def stale() -> str | None:
    """A sentence when no worker has run a task for 20 s, None when all is well."""
    age = silent_since(Heartbeat.objects.all())
    if age is None:
        return "No worker has started yet; run manage.py worker."
    return f"No worker has run a task for {int(age.total_seconds())} s." if age > STALE else None


def inbox_behind() -> str | None:
    """A sentence when the oldest message nobody has tried yet waits for more than a minute."""
    untried = InboundMessage.objects.filter(state=InboundMessage.State.RECEIVED, due_at__isnull=False)
    oldest = untried.filter(received_at__lt=Now() - BEHIND).aggregate(at=Min("received_at"))["at"]
    return f"The oldest message has waited since {oldest:%H:%M:%S} UTC." if oldest else None
