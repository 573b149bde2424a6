"""Reconciling a store: what changed there since the last pass, compared with what we have, and healed where it differs.

Here a pass is begun and carried to its end; what it looks at is in `healing.py`. A pass begins ten minutes before the
end of the last one, for searches lag behind changes. Times are the shop's.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from integrations import passes
from integrations.models import Connection, SyncRun

OVERLAP = timedelta(minutes=10)
SYSTEM = "shopify"


def stores() -> Any:
    """Connections that can be reconciled."""
    return Connection.objects.filter(system=SYSTEM, removed_at=None, uninstalled_at=None, shop__isnull=False)


def begin_all() -> None:
    """Begin a pass over every store that has none under way. Run every 15 minutes."""
    for connection in stores():
        try:
            begin(connection, by="schedule")
        except passes.UnderWay:
            continue


def begin(
    connection: Connection, *, since: datetime | None = None, until: datetime | None = None,
    names: Sequence[str] = (), deep: bool = False, by: str,
) -> SyncRun:  # fmt: skip
    """A new pass over a window of the store (by default from the last one on), or over the orders of these names.

    `deep` reads every order of the window whole and compares it field by field. The workers carry it on. Raises
    passes.UnderWay.
    """
    last = _last(connection)
    reached = last.until if last else None
    # Only a pass that leaves no gap behind it is one the next may begin at.
    follows = not names and until is None and (since is None or reached is None or since <= reached)
    if since is None and not names:
        since = reached - OVERLAP if reached else timezone.now() - timedelta(days=settings.RECONCILE_FIRST_DAYS)
    cursor = {
        "phase": "names" if names else "orders",
        "names": list(names),
        "deep": deep or bool(names),
        "follows": follows,
        "todo": [[int(pk), 0] for pk in last.cursor.get("failed", {})] if last and not names else [],
    }
    return passes.begin(connection, SyncRun.Kind.RECONCILE, by=by, since=since, until=until, cursor=cursor)


def reconcile(
    connection: Connection, *, since: datetime | None = None, until: datetime | None = None,
    names: Sequence[str] = (), deep: bool = False, by: str, watch: Callable[[SyncRun], None] = lambda run: None,
) -> SyncRun:  # fmt: skip
    """A whole pass, here and now; one that is under way is finished first. `watch` is shown the run as it goes on."""
    while True:
        try:
            run = begin(connection, since=since, until=until, names=names, deep=deep, by=by)
            break
        except passes.UnderWay as other:
            finish(other.run, watch)
    return finish(run, watch)


def finish(run: SyncRun, watch: Callable[[SyncRun], None] = lambda run: None) -> SyncRun:
    """Carry a pass on to its end, together with the workers if they are at it."""
    while run.state == SyncRun.State.RUNNING:
        if passes.waits(run) or not passes.carry_on(run, passes.SLICE_SECONDS):
            time.sleep(0.2)  # somebody else is at it, or the shop has to be left alone
            run.refresh_from_db()
        watch(run)
    return run


def _last(connection: Connection) -> SyncRun | None:
    """The pass at whose end the next begins."""
    done = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.RECONCILE, state=SyncRun.State.DONE)
    return done.filter(cursor__follows=True).order_by(F("until").desc(nulls_last=True), "-id").first()
