"""QUEUE=postgres, the default: scheduled tasks wait in django-q2's own table."""

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ

from integrations.queues.hearing import HearsBells, Task

MOST = 10


class Queue(HearsBells, ORM):
    """django-q2's ORM broker, which would sleep a second between looks, asked without waiting."""

    def take(self) -> list[Task]:
        """The oldest scheduled tasks, each to one worker only; the task of one who dies comes again after `retry`."""
        rows = OrmQ.objects.filter(key=self.list_key, lock__lte=timezone.now()).order_by("id")[:MOST]
        return [
            (row.pk, row.payload)
            for row in rows
            if OrmQ.objects.filter(pk=row.pk, lock=row.lock).update(lock=self.timeout(row))
        ]
