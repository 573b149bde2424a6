from django.db import models
from django.db.models.functions import Now


class Bucket(models.Model):
    """How often something may still be tried: tokens that are taken one by one and come back by the clock.

    `key` is a keyed digest of what is limited, so that no address and no e-mail is stored; see `backoffice.buckets`.
    """

    key = models.CharField(max_length=64, primary_key=True)
    tokens = models.FloatField()
    granted = models.BooleanField(default=True, help_text="Whether the last try got what it asked for")
    at = models.DateTimeField(db_default=Now(), help_text="When the tokens were last counted")

    class Meta:
        indexes = [models.Index(fields=["at"], name="bucket_age")]

    def __str__(self) -> str:
        return f"{self.tokens:.1f} left"
