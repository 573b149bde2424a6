"""Keyset pages: `{data, has_more, next_cursor}`, newest first by (created_at, id).

The cursor is the last row's pair, so equal timestamps (a bulk import has thousands) neither repeat nor skip rows.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.rest.problems import Problem

DEFAULT_LIMIT, MAX_LIMIT = 50, 200


def limit_of(request: Request) -> int:
    """`?limit=` from 1 to 200, 50 when absent; raises Problem 400."""
    raw = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:6]) <= MAX_LIMIT:
        raise Problem(400, "invalid_parameter", f"limit must be a whole number from 1 to {MAX_LIMIT}.", "limit")
    return int(raw)


def time_of(request: Request, name: str) -> datetime | None:
    """A query parameter that is an RFC 3339 time with an offset; raises Problem 400."""
    raw = request.query_params.get(name)
    if raw is None:
        return None
    try:
        value = parse_datetime(raw.replace(" ", "+"))
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise Problem(400, "invalid_parameter", f"{name} must be a time such as 2026-11-23T10:00:00Z.", name)
    return value


def page(request: Request, rows: QuerySet[Any], represent: Callable[[Any], dict[str, Any]]) -> Response:
    """One page of `rows` (any queryset of a model with created_at), as the request's limit and cursor ask."""
    limit = limit_of(request)
    if cursor := request.query_params.get("cursor"):
        created_at, pk = _decode(cursor)
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))
    found = list(rows.order_by("-created_at", "-pk")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    next_cursor = _encode(found[-1]) if more else None
    return Response({"data": [represent(row) for row in found], "has_more": more, "next_cursor": next_cursor})


def _encode(row: Model) -> str:
    pair = f"{row.created_at.isoformat()}|{row.pk}"  # type: ignore[attr-defined]
    return base64.urlsafe_b64encode(pair.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, int]:
    try:
        pair = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, pk = pair.rsplit("|", 1)
        created_at = datetime.fromisoformat(moment)
        if created_at.tzinfo is None or not 0 < int(pk) < 2**63:
            raise ValueError(pair)
        return created_at, int(pk)
    except (ValueError, binascii.Error) as error:
        raise Problem(
            400, "invalid_parameter", "This cursor is not one of ours; start without it.", "cursor"
        ) from error
