"""Limits on how often strangers may try something: one token bucket a name, kept and counted by the database."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from backoffice.models import Bucket

KEPT = timedelta(days=2)  # by then every bucket is full again


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries at once, and so many come back within an hour."""

    burst: int
    an_hour: int


def take(name: str, limit: Limit, cost: int = 1) -> float:
    """Take `cost` tokens of the bucket `name`; 0.0 when they were there, else the seconds until they will be.

    One statement, so that two tries at once never take the same token. A try that is refused costs nothing.
    """
    key = salted_hmac("backoffice.buckets", name, algorithm="sha256").hexdigest()
    cost = min(cost, limit.burst)
    each_second = limit.an_hour / 3600
    figures: dict[str, str | float] = {
        "key": key,
        "burst": float(limit.burst),
        "rate": each_second,
        "cost": float(cost),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, figures)
        tokens, granted = cursor.fetchone()
    return 0.0 if granted else max(1.0, (cost - tokens) / each_second)


_FULL = "least(%(burst)s, b.tokens + %(rate)s * greatest(0, extract(epoch FROM clock_timestamp() - b.at)::float8))"
_TAKE = f"""
INSERT INTO backoffice_bucket AS b (key, tokens, granted, at)
VALUES (%(key)s, %(burst)s::float8 - %(cost)s::float8, true, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET
    granted = {_FULL} >= %(cost)s,
    tokens = {_FULL} - CASE WHEN {_FULL} >= %(cost)s THEN %(cost)s ELSE 0 END,
    at = clock_timestamp()
RETURNING tokens, granted
"""  # noqa: S608 - the text is ours, values go apart from it


def sweep() -> None:
    """By the clock: forget buckets nobody has asked for days."""
    Bucket.objects.filter(at__lt=timezone.now() - KEPT).delete()
