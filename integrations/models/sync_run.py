from django.db import models

from backoffice.identifiers import PublicId
from integrations.models.connection import Connection


class SyncRun(models.Model):
    """One pass over a store: reconcile, backfill, a routine check, the repair of its subscriptions.

    Written before it starts and kept up while it goes on, so that the console shows progress and a killed pass goes on
    where it was: `cursor` is all it needs for that. `facts` holds what only this kind of pass counts.
    """

    class Kind(models.TextChoices):
        RECONCILE = "reconcile", "Reconcile"
        BACKFILL = "backfill", "Backfill"
        CHECK = "check", "Routine check"
        SUBSCRIPTIONS = "subscriptions", "Subscriptions and scopes"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    public_id = PublicId("run")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    by = models.CharField(max_length=255)
    since = models.DateTimeField(null=True, blank=True, help_text="Of the window looked at, by the shop's clock")
    until = models.DateTimeField(null=True, blank=True)
    total = models.PositiveBigIntegerField(null=True, blank=True, help_text="Rows to look at, where it is known")
    looked_at = models.PositiveBigIntegerField(default=0)
    drift_found = models.PositiveBigIntegerField(default=0, help_text="Orders that differed or were missing")
    healed = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0, help_text="Orders that could not be read or healed")
    cursor = models.JSONField(default=dict, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    failure = models.TextField(blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(null=True, blank=True, help_text="Last sign of life; old: whoever ran it is dead")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind"], condition=models.Q(state="running"), name="one_running_pass_of_a_kind"
            ),
            models.CheckConstraint(
                name="run_ended_at_pairs_with_state",
                condition=models.Q(state="running", ended_at__isnull=True)
                | ~models.Q(state="running") & models.Q(ended_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["connection", "kind", "-id"], name="runs_of_connection")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.connection}"
