from django.db import models

from backoffice.identifiers import PublicId


class Shop(models.Model):
    """One store. Identity is its myshopify domain; the display name, currency and time zone may change."""

    public_id = PublicId("shp")
    domain = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or self.domain
