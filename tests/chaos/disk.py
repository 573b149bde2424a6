"""The database's disk is full: webhooks are refused, none is lost, and all goes on by itself when there is room."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from backoffice import postgres
from tests.chaos import scene
from tests.chaos.checker import Violation, check
from tests.processes import wait_until

SIZE = "320m"  # the empty database takes some 60 MB
WEBHOOKS_A_SECOND = 40.0
REFUSALS = 20
NOTICED_SECONDS = 90.0  # until what was preallocated is used up
FULL_SECONDS = 8.0
LOG_FILES = 20
WELL_SECONDS = 60.0


def run(seed: int, say: Callable[[str], None]) -> list[Violation]:
    """Violations, [] also where it cannot be tried; `say` is told why."""
    with tempfile.TemporaryDirectory(prefix="chaos-disk-") as folder, tempfile.TemporaryDirectory() as points:
        mounted = _mount(Path(folder))
        if mounted:
            say(f"disk: skipped, for a tmpfs cannot be mounted here ({mounted}).")
            return []
        try:
            with scene.staged(seed, Path(points), prepare=_postgres_on(Path(folder))) as stage:
                return _fill_and_clear(stage, Path(folder), say)
        finally:
            subprocess.run(["umount", folder], check=False, capture_output=True)


def _fill_and_clear(stage: scene.Scene, disk: Path, say: Callable[[str], None]) -> list[Violation]:
    load, ledger = stage.load(1_000_000, WEBHOOKS_A_SECOND), stage.ledger
    load.start()

    def refused() -> int:
        return sum(count for answer, count in ledger.answers.items() if answer != "200")

    try:
        wait_until(lambda: len(ledger.accepted) > 100, 60, "100 webhooks")
        with _filled(disk):
            noticed = wait_until(lambda: refused() >= REFUSALS, NOTICED_SECONDS, f"{REFUSALS} refusals on a full disk")
            _use_up_the_log(stage)
            time.sleep(FULL_SECONDS)
            before = len(ledger.accepted)
        recovered = wait_until(lambda: len(ledger.accepted) > before + 20, WELL_SECONDS, "webhooks accepted again")
    finally:
        load.stop()
    left = stage.settle()
    stage.watch.finish()
    answers = ", ".join(f"{answer} {count}" for answer, count in sorted(ledger.answers.items()))
    say(f"disk: full for {noticed + FULL_SECONDS:.0f} s; {len(ledger.accepted)} webhooks ({answers});"
        f" accepted again {recovered:.1f} s after there was room; left: {left or 'nothing'}")  # fmt: skip
    violations = [Violation(letter, f"disk: {words}") for letter, words in check(stage.history(left))]
    if violations:
        stage.keep_evidence(say)
    return violations


def _use_up_the_log(stage: scene.Scene) -> None:
    """Have the next commits need a new file of the write-ahead log: without room for one PostgreSQL may end itself."""
    for _ in range(LOG_FILES):
        try:
            stage.backoffice.execute("SELECT pg_logical_emit_message(true, 'chaos', 'x'), pg_switch_wal()")
        except psycopg.Error:
            return


def _mount(folder: Path) -> str:
    """What is in the way, "" when the tmpfs is there."""
    if os.geteuid() != 0:
        return "not root"
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return "no mount command"
    return done.stderr.strip() if done.returncode else ""


def _postgres_on(disk: Path) -> Callable[[Path], None]:
    """Makes the instance's database on `disk`; everything else of it stays where it is."""

    def prepare(directory: Path) -> None:
        data = disk / "postgres"
        postgres.start(data)
        postgres.stop(data)
        (directory / "postgres").symlink_to(data)

    return prepare


@contextmanager
def _filled(disk: Path) -> Iterator[None]:
    """Meanwhile not a byte is free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass
    try:
        yield
    finally:
        filler.unlink()
