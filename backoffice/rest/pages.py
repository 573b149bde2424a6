"""Keyset pages: `{data, has_more, next_cursor}`, newest first by (created_at, id).

The cursor is the last row's pair, so equal timestamps (a bulk import has thousands) neither repeat nor skip rows.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
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
    if not raw.isascii() or not raw.isdigit() or len(raw) > 3 or not 1 <= int(raw) <= MAX_LIMIT:
        raise Problem(400, "invalid_parameter", f"limit must be a whole number from 1 to {MAX_LIMIT}.", "limit")
    return int(raw)


def time_of(request: Request, name: str) -> datetime | None:
    """A query parameter that is an RFC 3339 time with an offset; raises Problem 400."""
    raw = request.query_params.get(name)
    if raw is None:
        return None
    try:
        return _in_utc(parse_datetime(raw.replace(" ", "+")))
    except ValueError as error:
        message = f"{name} must be a time such as 2026-11-23T10:00:00Z."
        raise Problem(400, "invalid_parameter", message, name) from error


def _in_utc(moment: datetime | None) -> datetime:
    """The moment as PostgreSQL takes it (offsets end at 16 hours there); ValueError without offset or out of range."""
    if moment is None or moment.tzinfo is None:
        raise ValueError("a time with an offset is needed")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


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
        created_at = _in_utc(datetime.fromisoformat(moment))
        if not 0 < int(pk) < 2**63:
            raise ValueError(pair)
        return created_at, int(pk)
    except (ValueError, binascii.Error) as error:
        raise Problem(
            400, "invalid_parameter", "This cursor is not one of ours; start without it.", "cursor"
        ) from error
