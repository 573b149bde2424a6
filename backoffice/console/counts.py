"""The sidebar's figures, all of them in one query a request.

Each floor names its own with a query of (name, number) rows; skin.COUNTS lists them.
"""

from functools import reduce
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.module_loading import import_string

from backoffice.console.skin import COUNTS


def counts(request: HttpRequest) -> dict[str, int]:
    """Name → number; names with nothing to count are absent. Kept on the request."""
    known: dict[str, int] | None = getattr(request, "console_counts", None)
    if known is None:
        queries: list[QuerySet[Any, Any]] = [import_string(name)() for name in COUNTS]
        rows = reduce(lambda one, other: one.union(other, all=True), queries)
        known = {name: number for name, number in rows if number}
        request.console_counts = known  # type: ignore[attr-defined]
    return known


def badge(request: HttpRequest, *names: str) -> str:
    """The sum of these figures as a badge, empty when there is nothing."""
    total = sum(counts(request).get(name, 0) for name in names)
    return f"{total:,}" if total else ""
