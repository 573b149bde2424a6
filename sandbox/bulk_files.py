"""``GET /sandbox/bulk/<id>.jsonl``: results as a storage host gives them out, in ranges when asked for."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from sandbox import bulk_operations
from sandbox.program import running
from sandbox.server import CONNECTION

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
CHUNK = 262_144


def result(request: HttpRequest, operation_id: int) -> HttpResponseBase:
    """The result, whole or the part a Range names; no token is asked for, as the address itself is the secret."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405)
    program = running()
    with program.store.read() as connection:
        operation = bulk_operations.by_id(connection, operation_id) if operation_id < 2**63 else None
    path = program.bulk.result(operation_id)
    if operation is None or operation.status not in ("COMPLETED", "FAILED") or not path.exists():
        return HttpResponse("The specified key does not exist.\n", status=404, content_type="text/plain")
    size = path.stat().st_size
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    span = _span(asked, size) if asked else (0, size)
    if span is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    begin, end = span
    cut_at = program.faults.settings.bulk_cut_at
    sent_to = end if cut_at is None else min(end, begin + cut_at)
    if sent_to < end:
        # Too short an answer: the client notices when the connection is closed behind it.
        request.environ[CONNECTION].close_connection = True  # type: ignore[attr-defined]
    response = StreamingHttpResponse(
        _chunks(path, begin, sent_to), content_type="application/jsonl", status=206 if asked else 200
    )
    response["Content-Length"] = str(end - begin)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{operation_id}-{size}"'
    if asked:
        response["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    return response


def _span(asked: re.Match[str], size: int) -> tuple[int, int] | None:
    first, last = asked.groups()
    if not first:
        return (max(0, size - int(last)), size) if last and int(last) else None
    begin, end = int(first), min(size, int(last) + 1) if last else size
    return (begin, end) if begin < end else None


def _chunks(path: Path, begin: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(begin)
        while begin < end:
            chunk = file.read(min(CHUNK, end - begin))
            if not chunk:
                return
            begin += len(chunk)
            yield chunk
