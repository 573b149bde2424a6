"""Work that comes by the clock, not by a bell: django-q2's scheduler keeps the time, each function may be repeated."""

from django.utils import timezone
from django_q.models import Schedule

MINUTES = {
    "integrations.alerts.evaluate": 1,
    "integrations.failing.run": 1,
    "integrations.backfill.sweep": 60,
    "integrations.privacy.run": 1,
    "integrations.shopify.round_trip.end_forgotten": 5,
    "integrations.shopify.subscriptions.run": 5,
    "integrations.troubles.run": 1,
    "integrations.shopify.pushes.replacing.fetch_missing_replacements": 1,
    "integrations.reconcile.begin_all": 15,
    "protection.asking.run": 1,
    "protection.waking.run": 1,
    "protection.routing.running.run": 1,
    "protection.routing.backtesting.run": 1,
    "protection.following.follow_all": 1,
    "protection.customer.finding.run": 1,
    "protection.customer.once.sweep": 60,
    "protection.evidence.sweep": 60,
    "protection.incidents.finding.run": 15,
    "protection.incidents.bulk.run": 1,
    "protection.incidents.telling.run": 1,
    "protection.recovery.opening.run": 1,
    "protection.recovery.ending.run": 15,
    "protection.messages.feedback.run": 60,
    "integrations.proving.begin_all": 60,
    "backoffice.buckets.sweep": 60,
}


def ensure() -> None:
    """Make the schedules the code names, mend changed ones, remove those it no longer names; run at worker start."""
    Schedule.objects.exclude(name__in=MINUTES).delete()
    for function, minutes in MINUTES.items():
        Schedule.objects.update_or_create(
            name=function,
            defaults={"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1},
            create_defaults={
                "func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1,
                "next_run": timezone.now(),
            },
        )  # fmt: skip
