"""`/livez`: the process answers (no database). `/readyz`: it can do its work, and so can the workers.

Apps add checks with `readiness(name, check)`; a check returns None when all is well, else one sentence.
"""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

Check = Callable[[], str | None]
_checks: dict[str, Check] = {}


def readiness(name: str, check: Check) -> None:
    """Add a check to /readyz; called once, from an app's `ready()`."""
    _checks[name] = check


def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("alive\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 with every check "ok", or 503 with a sentence for each that is not."""
    results: dict[str, str] = {}
    for name, check in {"database": _database, "migrations": _migrations, **_checks}.items():
        try:
            results[name] = check() or "ok"
        except DatabaseError as error:
            results[name] = f"The database does not answer: {type(error).__name__}."
            break
    ready = all(result == "ok" for result in results.values())
    return JsonResponse({"ready": ready, "checks": results}, status=200 if ready else 503)


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> str | None:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(pending)} migrations are not applied; run manage.py migrate." if pending else None
