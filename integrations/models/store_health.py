from django.db import models

from integrations.models.connection import Connection


class StoreHealth(models.Model):
    """What one store's Shopify last showed of itself: its token, its budget of points, the version it answers with.

    A row of its own, for it changes as calls are made while the connection's settings and secrets stay. A light fact:
    the budget is written every ten seconds at the most.
    """

    connection = models.OneToOneField(Connection, primary_key=True, on_delete=models.CASCADE, related_name="store")
    token_at = models.DateTimeField(null=True, blank=True, help_text="When the token was last asked for")
    token_problem = models.CharField(
        max_length=255, blank=True, help_text="Why the store must be connected again; empty: its token works"
    )
    api_version = models.CharField(
        max_length=16, blank=True, help_text="That answered; Shopify falls forward from versions it has ended"
    )
    available = models.FloatField(null=True, blank=True, help_text="Points left in the bucket")
    maximum = models.FloatField(null=True, blank=True, help_text="Points the bucket holds")
    restore_rate = models.FloatField(null=True, blank=True, help_text="Points that come back each second")
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When version and points were last seen")

    class Meta:
        verbose_name_plural = "store health"

    def __str__(self) -> str:
        return f"{self.connection}: {self.token_problem or 'token works'}"
