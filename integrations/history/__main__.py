"""A process that loads one bulk file: `python -m integrations.history`, its task as JSON on standard input.

It knows the database and the file and nothing else of the house, so that it stays small at any size of the file. After
each batch it prints a line of JSON: what it looked at so far in this process, and its most memory. The pass itself
keeps the place it has come to; whoever started this process may end it at any moment and start another.
"""

import gc
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from integrations.history import loading, place, reading, staging
from integrations.history.batches import Job, Superseded

# The thread that writes must not wait 5 ms for the one that translates, each time that PostgreSQL has answered.
SWITCH_SECONDS = 0.0001
LOCK_SECONDS = 20  # a loader that was killed lets go as soon as the server has noticed
# What became of it, for whoever waits for the process.
DONE, MORE, CUT, SUPERSEDED = 0, 10, 11, 12


def main() -> int:
    """Load until the end or until the time is up; the exit code says which."""
    task: dict[str, Any] = json.load(sys.stdin)
    job, deadline = Job(**task["job"]), time.monotonic() + (task["seconds"] or float("inf"))
    gc.disable()  # nothing here makes circles
    sys.setswitchinterval(SWITCH_SECONDS)
    # Plans are made anew each time: a temporary table that is empty at first must not fix them.
    with psycopg.connect(**task["database"], prepare_threshold=None) as database:
        try:
            return _load(database, job, deadline)
        except reading.Cut as error:
            _say(why=str(error))
            return CUT
        except (Superseded, psycopg.errors.LockNotAvailable) as error:
            _say(why=str(error))
            return SUPERSEDED


def _load(database: psycopg.Connection[Any], job: Job, deadline: float) -> int:
    with database.transaction():
        database.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        database.execute("SELECT pg_advisory_lock(hashtext('backfill'), %s)", [job.run])
    far, at = _place(database, job)
    if far is None:
        survey = staging.stage(database, job.run, Path(job.path), is_partial=job.is_partial, holds=job.holds)
        far = survey.far
        _say(total=survey.orders, far=far)
    if not (far and job.is_partial):
        looked_at = 0
        for done in loading.load(database, job, at, has_far=far > 0, may_go_on=lambda: time.monotonic() < deadline):
            looked_at += done.orders
            _say(looked_at=looked_at, **{name: value for name, value in asdict(done).items() if name != "orders"})
        if time.monotonic() >= deadline:
            return MORE
    _say(orphans=staging.forget(database, job.run, job.shop))
    return DONE


def _place(database: psycopg.Connection[Any], job: Job) -> tuple[int | None, int]:
    """How many far children are set aside (None: that is still to do), and the byte at which to go on."""
    row = database.execute("SELECT cursor FROM integrations_syncrun WHERE id = %s", [job.run]).fetchone()
    cursor = row[0] if row else {}
    far: int | None = cursor.get("far")
    if far and not job.is_partial:
        ((are_there,),) = database.execute(place.ARE_STAGED, {"run": job.run}).fetchall()
        far = far if are_there else None
    database.commit()
    return far, int(cursor.get("at", 0))


def _say(**facts: Any) -> None:
    facts["peak_kilobytes"] = _peak_kilobytes()
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _peak_kilobytes() -> int | None:
    """The most memory this process has had; None where the system does not say (`ru_maxrss` counts our parent's)."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)


if __name__ == "__main__":
    sys.exit(main())
