"""`Idempotency-Key` on POST: the same key and body get the first answer again, and the effect happens once."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import failpoints
from backoffice.models import IdempotencyRecord
from backoffice.rest.authentication import key_of
from backoffice.rest.problems import Problem

HEADER = "Idempotency-Key"


def once(request: Request, effect: Callable[[], Response], *, body: bytes | None = None) -> Response:
    """Run `effect` in one transaction with the record of its answer.

    `body` stands for what was sent where the request was read as a stream: the digest of a file, say.

    Without the header the effect simply runs. Raises Problem 409 while the first request is still running, 422 when
    the key was used for another body. A refused request (4xx) leaves no record: mend it and use the key again.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        with transaction.atomic():
            return effect()
    if len(key) > 255:
        raise Problem(400, "invalid_idempotency_key", f"{HEADER} has at most 255 characters.")
    sent = request._request.body if body is None else body
    fingerprint = hashlib.sha256(f"{request.method} {request.path}\n".encode() + sent).hexdigest()
    with transaction.atomic():
        if not _lock(f"{key_of(request).pk}:{key}"):
            raise Problem(409, "idempotency_in_progress", "A request with this key is running. Wait for it.")
        known = IdempotencyRecord.objects.filter(api_key=key_of(request), key=key).first()
        if known is not None:
            if known.fingerprint != fingerprint:
                raise Problem(422, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
            return Response(known.body, status=known.status, headers={"Idempotent-Replayed": "true"})
        response = effect()
        body = json.loads(JSONRenderer().render(response.data))  # exactly what the caller reads now
        record: dict[str, Any] = {"fingerprint": fingerprint, "status": response.status_code, "body": body}
        IdempotencyRecord.objects.create(api_key=key_of(request), key=key, **record)
        failpoints.reach("request.recording")
    failpoints.reach("request.recorded")
    return response


def _lock(name: str) -> bool:
    """A lock that ends with the transaction; False when another transaction holds it."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
