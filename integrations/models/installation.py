import hashlib

from django.conf import settings
from django.db import models

from integrations.models.connection import Connection


class Installation(models.Model):
    """An authorization that somebody began: its `state` is known by its SHA-256, used once, and soon too old."""

    state_digest = models.CharField(max_length=64, unique=True)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="installations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Installation of {self.connection}"

    @staticmethod
    def digest(state: str) -> str:
        return hashlib.sha256(state.encode()).hexdigest()
