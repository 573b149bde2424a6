from django.db import models


class Heartbeat(models.Model):
    """The last time a worker of a host really ran a task, from bell to row. Stale means: replace the cluster."""

    host = models.CharField(max_length=255, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.host} {self.beat_at:%H:%M:%S}"
