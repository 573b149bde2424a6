"""Passes over a store: rows that say how far they are, carried on in short slices by whichever worker comes first.

A pass is a `SyncRun`. It is begun in one INSERT (one of a kind at a time on a connection, the database sees to that),
carried on for some seconds at a time by the one who holds its slot, and ended. Whoever runs a slice may die: the slot
dies with its session, the next one goes on at the row's `cursor`.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string

from integrations import bells, worker
from integrations.drains import slot, until_empty, watched
from integrations.models import Connection, SyncRun

logger = logging.getLogger(__name__)

SLOTS = 2  # of each worker's processes at the most: a pass mostly waits for the shop's budget
SLICE_SECONDS = 5.0  # then the store that has waited longest has its turn
FROZEN_SECONDS = 90  # a process that is stopped holds its pass no longer than this
FAULT_SECONDS = 30.0
TRIED_FOR = timedelta(minutes=10)  # a pass that came no step further for so long has failed

# What carries on a pass of each kind that goes in slices: (run, deadline by time.monotonic) → whether it is over.
STEPS = {
    SyncRun.Kind.RECONCILE: "integrations.healing.step",
    SyncRun.Kind.BACKFILL: "integrations.backfill.step",
    SyncRun.Kind.CHECK: "integrations.proving.step",
}


class UnderWay(Exception):
    """A pass of this kind is running on the connection; it is `run`."""

    def __init__(self, run: SyncRun) -> None:
        super().__init__(f"{run} is under way since {run.started_at:%H:%M} UTC.")
        self.run = run


class Stuck(Exception):
    """Nothing more can be done now; the pass goes on in `after` seconds, or fails when that has gone on too long."""

    def __init__(self, why: str, after: float) -> None:
        super().__init__(why)
        self.after = after


class Over(Exception):
    """The pass cannot be carried to its end. The message says why."""


def begin(
    connection: Connection, kind: SyncRun.Kind, *, by: str, since: datetime | None = None,
    until: datetime | None = None, cursor: dict[str, Any] | None = None,
) -> SyncRun:  # fmt: skip
    """A new running pass, and its bell. Raises UnderWay."""
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                connection=connection, kind=kind, by=by[:255], since=since, until=until, cursor=cursor or {}
            )
            if kind in STEPS:
                bells.ring(bells.PASSES)
            return run
    except IntegrityError:
        running = SyncRun.objects.filter(connection=connection, kind=kind, state=SyncRun.State.RUNNING).first()
        if running is None:  # it ended a moment ago, or something else is wrong
            raise
        raise UnderWay(running) from None


def keep(run: SyncRun) -> None:
    """Write how far the pass is, which is also its sign of life. Raises Over when somebody else has ended it."""
    written = SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.RUNNING).update(
        since=run.since, until=run.until, total=run.total, looked_at=run.looked_at, drift_found=run.drift_found,
        healed=run.healed, failed=run.failed, cursor=run.cursor, facts=run.facts, beat_at=Now(),
    )  # fmt: skip
    if not written:
        raise Over("Somebody else has ended this pass.")


def end(run: SyncRun, *, failure: str = "") -> None:
    """The pass is done, or has failed for a reason."""
    keep(run)
    state = SyncRun.State.FAILED if failure else SyncRun.State.DONE
    SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.RUNNING).update(
        state=state, failure=failure.replace("\x00", ""), ended_at=Now()
    )
    run.refresh_from_db()


def running(kinds: Any = None) -> QuerySet[SyncRun]:
    """Passes that are under way, the one that has waited longest first."""
    rows = SyncRun.objects.filter(state=SyncRun.State.RUNNING, kind__in=kinds or list(STEPS))
    rows = rows.exclude(facts__has_key="round_trip")  # nobody carries those on: they end when their webhook is here
    return rows.select_related("connection__shop").order_by(F("beat_at").asc(nulls_first=True), "id")


def drain() -> int:
    """Carry on the passes that are under way for at most 20 s; returns how many slices. Rings again if any are left."""
    with slot(f"passes:{worker.HOST}", SLOTS) as mine:
        if not mine:
            return 0
        done = until_empty(_next)
    if any(not waits(run) for run in running()):
        bells.ring(bells.PASSES)
    return done


def _next() -> int:
    worker.keep_beating()
    for run in running():
        if not waits(run) and carry_on(run, SLICE_SECONDS):
            return 1
    return 0


def carry_on(run: SyncRun, seconds: float) -> bool:
    """One slice of a pass; False when somebody else is at it, or it is over already."""
    with slot(f"pass:{run.pk}", 1) as mine:
        if not mine:
            return False
        run.refresh_from_db()
        if run.state != SyncRun.State.RUNNING:
            return False
        step: Callable[[SyncRun, float], bool] = import_string(STEPS[SyncRun.Kind(run.kind)])
        run.cursor.pop("waits_until", None)
        run.facts.pop("waits_for", None)
        with watched(FROZEN_SECONDS):
            try:
                if step(run, time.monotonic() + seconds):
                    end(run)
                else:
                    came_further(run)
                    keep(run)
            except Stuck as reason:
                _wait(run, reason)
            except Over as reason:
                _fail(run, str(reason))
            except Exception as error:  # a fault of ours must end as a failed pass, not go round for ever
                logger.exception("%s cannot go on", run)
                _wait(run, Stuck(f"{type(error).__name__}: {error}", FAULT_SECONDS))
    return True


def came_further(run: SyncRun) -> None:
    """What held the pass up does so no more; written with the next `keep`."""
    run.cursor.pop("stuck_since", None)


def waits(run: SyncRun) -> bool:
    """Whether the pass asked to be left alone for now."""
    until = run.cursor.get("waits_until")
    return until is not None and datetime.fromisoformat(until) > timezone.now()


def _wait(run: SyncRun, reason: Stuck) -> None:
    now = timezone.now()
    since = run.cursor.setdefault("stuck_since", now.isoformat())
    if now - datetime.fromisoformat(since) > TRIED_FOR:
        _fail(run, str(reason))
        return
    run.cursor["waits_until"] = (now + timedelta(seconds=reason.after)).isoformat()
    run.facts["waits_for"] = str(reason)
    keep(run)


def _fail(run: SyncRun, why: str) -> None:
    try:
        end(run, failure=why)
    except Over:
        run.refresh_from_db()
