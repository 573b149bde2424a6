"""What each answer shows beside its data: the points left in the store's bucket and the version that answered.

Kept for the console only, so it is written every ten seconds at the most for each process and connection.
https://shopify.dev/docs/api/usage/limits
"""

import time
from typing import Any

from django.db.models.functions import Now

from integrations.models import Connection, StoreHealth

EVERY_SECONDS = 10.0

_written: dict[int, float] = {}


def note(connection: Connection, payload: dict[str, Any], version: str) -> None:
    """Keep what an answer's `extensions.cost.throttleStatus` and X-Shopify-API-Version said, if it is time."""
    now = time.monotonic()
    if now - _written.get(connection.pk, -EVERY_SECONDS) < EVERY_SECONDS:
        return
    bucket = ((payload.get("extensions") or {}).get("cost") or {}).get("throttleStatus") or {}
    seen: dict[str, Any] = {
        "available": _points(bucket.get("currentlyAvailable")),
        "maximum": _points(bucket.get("maximumAvailable")),
        "restore_rate": _points(bucket.get("restoreRate")),
    }
    if version:
        seen["api_version"] = version[:16]
    _written[connection.pk] = now
    StoreHealth.objects.update_or_create(connection=connection, defaults={**seen, "seen_at": Now()})


def _points(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
