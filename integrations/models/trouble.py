from django.db import models

from integrations.models.connection import Connection


class Trouble(models.Model):
    """Something about a store that only a person can put right; open until it is. Staff are told when it begins."""

    class Kind(models.TextChoices):
        UNINSTALLED = "uninstalled", "The app was uninstalled"
        TOKEN = "token", "The store must be connected again"
        SCOPES = "scopes", "Scopes are missing"
        SUBSCRIPTIONS = "subscriptions", "Webhooks are missing"
        VERSION = "version", "The API version ends"
        BRAKE = "brake", "Replacements are held back"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="troubles")
    kind = models.CharField(max_length=16, choices=Kind)
    words = models.CharField(max_length=500, help_text="What is wrong and what to do, in a sentence or two")
    raised_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True, help_text="When staff were told that it began")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind"], condition=models.Q(ended_at=None), name="one_open_trouble_of_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection}: {self.get_kind_display()}"
