from django.db import models

from backoffice.identifiers import PublicId


class Shop(models.Model):
    """One store. Identity is its remote id where we know it, else its myshopify domain; all else may change."""

    public_id = PublicId("shp")
    remote_id = models.BigIntegerField(null=True, blank=True, unique=True)
    domain = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    time_zone = models.CharField(max_length=64, blank=True)
    country = models.CharField(
        max_length=2, blank=True, help_text="Where it sends from, ISO 3166; empty: not known, then all is domestic"
    )
    redacted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or self.domain
