"""History: every order of a store by one bulk operation, in a pass that can be stopped anywhere and goes on.

Ask Shopify for the file, wait for it, fetch it, load it (`history/`, a process of its own); all that again for the
parcels of the orders that came in; then finish what a file cannot hold, order by order. Each phase keeps in
`run.cursor` what the next slice needs. When Shopify gives up in the middle, what it wrote of orders is used as far as
it can be believed, and it is asked again for what came after.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations import passes
from integrations.errors import GiveUp, RetryLater
from integrations.history import finishing, process, spool
from integrations.models import Connection, FarChild, SyncRun, UnfinishedOrder
from integrations.passes import Over, Stuck
from integrations.shopify import bulk
from integrations.shopify.bulk import Busy, Operation
from integrations.shopify.pacing import Paced

PATIENCE = 20.0  # seconds that one slice may wait for the shop's budget
AGAIN_SECONDS = 20.0  # until a shop that does not answer is asked again
LOOK_SECONDS = (1.0, 10.0)  # between two looks at an operation: the first, the longest
BUSY_SECONDS = 15.0  # until it is tried again whether one of the five places is free
LOADER_SECONDS = 2.0  # until another loader is started when one has died, or was at it already
MOST_FAILURES = 5  # of operations that come no further than the one before
WATCHED_SECONDS = 15.0  # of one slice in the foreground

Watch = Callable[[SyncRun], None]
_watching: list[Watch] = []  # those who carry a pass on in this process, and want to see each batch of it


def start(connection: Connection, *, since: datetime | None = None, by: str) -> SyncRun:
    """Begin to bring in all orders (those made since then); the workers carry it on. Raises passes.UnderWay."""
    return passes.begin(connection, SyncRun.Kind.BACKFILL, by=by, since=since, cursor={"phase": "ask"})


def start_with(connection: Connection, path: Path, *, by: str) -> SyncRun:
    """Begin with a file that is here already; whoever began must carry it on, here. Raises passes.UnderWay."""
    cursor = {"phase": "load", "file": str(path.resolve())}
    return passes.begin(connection, SyncRun.Kind.BACKFILL, by=by, cursor=cursor)


def finish(run: SyncRun, watch: Watch = lambda run: None) -> SyncRun:
    """Carry a pass on to its end, together with the workers if they are at it; `watch` is shown it as it goes on."""
    _watching.append(watch)
    try:
        while run.state == SyncRun.State.RUNNING:
            if passes.waits(run) or not passes.carry_on(run, WATCHED_SECONDS):
                time.sleep(0.1)  # somebody else is at it, or the shop has to be left alone
                run.refresh_from_db()
            watch(run)
    finally:
        _watching.remove(watch)
    return run


def sweep() -> int:
    """Remove what passes that have failed or were ended left on this host and in the database; run every hour.

    Returns how many files that were. They hold personal data, and no other pass goes on with them.
    """
    kept = spool.kept()  # before the passes: a file of one that begins now is not among them
    under_way = SyncRun.objects.filter(kind=SyncRun.Kind.BACKFILL, state=SyncRun.State.RUNNING)
    alive = set(under_way.values_list("public_id", flat=True))
    for name in (left := kept - alive):
        spool.path_of(name).unlink(missing_ok=True)
    FarChild.objects.exclude(run__in=under_way).delete()
    return len(left)


def step(run: SyncRun, deadline: float) -> bool:
    """One slice of a pass until `deadline` (time.monotonic); True when it is over. Raises Stuck, Over."""
    backfill = _Backfill(run)
    try:
        while time.monotonic() < deadline and "waits_until" not in run.cursor:
            phase = run.cursor["phase"]
            if phase is None:
                return True
            _Backfill.PHASES[phase](backfill, deadline)
            passes.came_further(run)
            passes.keep(run)
    except RetryLater as error:
        raise Stuck(str(error), error.after or AGAIN_SECONDS) from error
    except GiveUp as error:
        raise Over(str(error)) from error
    return False


class _Backfill:
    def __init__(self, run: SyncRun) -> None:
        self.run = run
        self.cursor: dict[str, Any] = run.cursor
        self.shopify = Paced(run.connection, patience=PATIENCE)

    def _ask(self, deadline: float) -> None:
        """Ask for an operation. One that we are killed behind runs in vain, and does no harm."""
        reached = parse_datetime(self.cursor.get("reached") or "")
        since = max(filter(None, (self.run.since, reached)), default=None)
        try:
            if self._is_about_parcels:
                query = bulk.parcels_query(self.run.since)
            else:
                query = bulk.history_query(since, with_work="work" not in self.cursor)
            operation = bulk.start(self.shopify, query, is_grouped=self.cursor.get("is_grouped", False))
        except Busy as error:
            self._wait(BUSY_SECONDS, str(error))
            return
        self._forget_file()
        self.cursor |= {"operation": operation, "is_partial": False, "look_seconds": LOOK_SECONDS[0], "phase": "wait"}

    def _look(self, deadline: float) -> None:
        """Look at the operation: is it done, and how did it end?"""
        operation = bulk.look(self.shopify, self.cursor["operation"])
        if operation is None or operation.status == "EXPIRED":
            self._failed("Shopify knows the operation no more.")
        elif operation.status == "COMPLETED":
            self._found(operation, operation.url)
        elif operation.status == "CANCELED":
            raise Over("The operation was cancelled at Shopify. Start again to go on where it was.")
        elif operation.status == "FAILED" and operation.error == "ACCESS_DENIED" and self._is_about_parcels:
            self.cursor["phase"] = "finish"
        elif operation.status == "FAILED" and operation.error == "ACCESS_DENIED":
            if "work" not in self.cursor:
                self.cursor |= {"work": "denied", "phase": "ask"}
                return
            raise Over("Shopify does not let us see all that an order holds: a scope is missing.")
        elif operation.status == "FAILED":
            self._failed(f"Shopify gave up: {operation.error or 'no reason given'}.")
            if operation.partial_url and not self._is_about_parcels:
                self.cursor["is_partial"] = True
                self._found(operation, operation.partial_url)
        else:
            if not self._is_about_parcels:
                self.run.facts["shop_has_written"] = operation.orders
            self._wait(self.cursor["look_seconds"], "Shopify to write the file")
            self.cursor["look_seconds"] = min(LOOK_SECONDS[1], self.cursor["look_seconds"] * 1.5)

    def _found(self, operation: Operation, url: str | None) -> None:
        if url is None:  # it found nothing
            self.run.total = self.run.looked_at
            self._file_is_done()
            return
        self.run.facts.pop("shop_has_written", None)
        if not self._is_about_parcels:
            self.run.total = self.run.looked_at + operation.orders
        self.cursor |= {"url": url, "phase": "fetch"}

    def _failed(self, why: str) -> None:
        """An operation came to nothing, or to a part. The next one is grouped, so that its part could be used."""
        if self.cursor.get("failed_at") != (reached := self.cursor.get("reached")):
            self.cursor |= {"failed_at": reached, "failures": 0}
        self.cursor["failures"] = self.cursor.get("failures", 0) + 1
        if self.cursor["failures"] > MOST_FAILURES and self._is_about_parcels:
            self.cursor["phase"] = "finish"  # their orders are read
            return
        if self.cursor["failures"] > MOST_FAILURES:
            raise Over(f"{MOST_FAILURES} operations failed in a row. The last: {why}")
        self.run.facts["last_failure"] = why
        self.cursor |= {"is_grouped": True, "phase": "ask"}

    def _fetch(self, deadline: float) -> None:
        try:
            seconds = max(1.0, deadline - time.monotonic())
            if spool.fetch(self.cursor["url"], self._path(), seconds=seconds):
                self.cursor["phase"] = "load"
        except spool.Gone as error:
            self._failed(str(error))

    def _load(self, deadline: float) -> None:
        path = self._path()
        if not path.exists():
            if self._is_given:
                raise Over(f"There is no file {path}.")
            self.cursor["phase"] = "fetch"  # another host fetched it; what it loaded stays loaded
            return
        is_partial = self.cursor.get("is_partial", False)
        passes.keep(self.run)
        ended = process.load(
            self.run, path, holds="parcels" if self._is_about_parcels else "orders", is_partial=is_partial,
            seconds=deadline - time.monotonic(), watch=_shown,
        )  # fmt: skip
        self.run.refresh_from_db()
        self.cursor = self.run.cursor
        self.cursor.pop("waits_until", None)
        if ended.what == "cut" and self._is_given:
            raise Over(f"{ended.why} Fetch it again; nothing of it was loaded.")
        if ended.what == "cut":
            self._forget_file()
            self._failed(ended.why)
        elif ended.what == "done":
            self.run.facts["orphans"] = self.run.facts.get("orphans", 0) + ended.orphans
            if not self._is_given:
                self._forget_file()
            if is_partial:
                self.cursor["phase"] = "ask"
            else:
                self._file_is_done()
        elif ended.what != "more":
            raise Stuck(ended.why, LOADER_SECONDS)

    def _file_is_done(self) -> None:
        """Parcels follow the orders, where any order waits for some and they can be seen; then the rest is finished."""
        waiting = UnfinishedOrder.objects.filter(connection=self.run.connection, should_read=False).exclude(awaits=[])
        if self._is_about_parcels or "work" in self.cursor or not waiting.exists():
            self.cursor["phase"] = "finish"
            return
        for name in ("at", "far"):
            self.cursor.pop(name, None)
        self.cursor |= {"about": "parcels", "is_grouped": False, "failures": 0, "phase": "ask"}

    def _finish(self, deadline: float) -> None:
        """What a file cannot hold: read from the shop, as any order whose news has come."""
        left = finishing.go_on(self.run, self.shopify, deadline)
        self.run.facts["unfinished"] = left
        if not left:
            self.run.until = timezone.now()
            self.cursor["phase"] = None

    PHASES: ClassVar[dict[str, Callable[["_Backfill", float], None]]] = {
        "ask": _ask, "wait": _look, "fetch": _fetch, "load": _load, "finish": _finish,
    }  # fmt: skip

    @property
    def _is_about_parcels(self) -> bool:
        return self.cursor.get("about") == "parcels"

    @property
    def _is_given(self) -> bool:
        """Whether the file was here already, and is not ours to remove."""
        return "file" in self.cursor and not self._is_about_parcels

    def _path(self) -> Path:
        return Path(self.cursor["file"]) if self._is_given else spool.path_of(self.run.public_id)

    def _forget_file(self) -> None:
        """Before the next file: the place in it, and how much of it was set aside."""
        spool.path_of(self.run.public_id).unlink(missing_ok=True)
        for name in ("at", "far"):
            self.cursor.pop(name, None)

    def _wait(self, seconds: float, what_for: str) -> None:
        """Leave the pass alone for a while; waiting for Shopify is no failure, however long it takes."""
        self.cursor["waits_until"] = (timezone.now() + timedelta(seconds=seconds)).isoformat()
        self.run.facts["waits_for"] = what_for[:200]


def _shown(run: SyncRun) -> None:
    """Whoever watches this process's pass is shown it while a file is loaded."""
    for watch in _watching:
        watch(run)
