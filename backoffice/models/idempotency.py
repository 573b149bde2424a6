from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from backoffice.models.api_key import ApiKey


class IdempotencyRecord(models.Model):
    """The answer to a POST, kept under the caller's Idempotency-Key and written in the effect's own transaction.

    Either both the effect and its record exist or neither does, so a repeat is answered with the first answer.
    """

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return self.key
