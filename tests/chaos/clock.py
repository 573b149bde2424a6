"""The clock of the machine jumps, the database's does not: nothing may come early or late by that, or be lost."""

import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests import processes
from tests.chaos import scene
from tests.chaos.checker import Violation, check
from tests.chaos.watch import longest_standstill

STEPS = {600: "10 minutes ahead", -600: "10 minutes behind", -3600: "an hour behind", 0: "right again"}
WEBHOOKS = 200
WEBHOOKS_A_SECOND = 100.0  # faster than they are handled, so that killed workers hold some
STEP_SECONDS = 60.0  # a step may cost the cluster, for its heartbeats look old
STANDSTILL_SECONDS = 30.0


def run(seed: int, say: Callable[[str], None]) -> list[Violation]:
    """Violations, [] also where it cannot be tried; `say` is told why."""
    with tempfile.TemporaryDirectory(prefix="chaos-clock-") as folder:
        library, why = _library(Path(folder))
        if library is None:
            say(f"clock: skipped, for the library that moves a process's clock cannot be made ({why}).")
            return []
        clock, points = Path(folder, "clock"), Path(folder, "points")
        _set(clock, 0)
        points.mkdir()
        with scene.staged(seed, points, LD_PRELOAD=str(library), WRONG_CLOCK=str(clock)) as stage:
            return _step(stage, clock, say)


def _step(stage: scene.Scene, clock: Path, say: Callable[[str], None]) -> list[Violation]:
    violations: list[Violation] = []
    for offset, words in STEPS.items():
        _set(clock, offset)
        mistimed, began = stage.partner.mistimed, time.monotonic()
        load = stage.load(WEBHOOKS, WEBHOOKS_A_SECOND)
        load.start()
        time.sleep(1.0)
        for pid in stage.backoffice.parts("worker"):  # the leases of the dead must run out by the right clock
            processes.kill(pid)
        while load.runs and time.monotonic() < began + STEP_SECONDS:
            time.sleep(0.05)
        load.stop()
        left = stage.settle(STEP_SECONDS, but=("heartbeats stale",))  # they carry the machine's time
        if left:
            violations.append(Violation("Q", f"clock {words}: {left}"))
        say(f"clock {words}: {WEBHOOKS} webhooks handled and told in {time.monotonic() - began:.1f} s;"
            f" signed at a moment that receivers refuse: {stage.partner.mistimed - mistimed}")  # fmt: skip
    left = stage.settle()
    stage.watch.finish()
    standstill = longest_standstill(stage.watch.moments, [arrival.at for arrival in stage.partner.arrivals])
    if standstill > STANDSTILL_SECONDS:
        violations.append(Violation("T", f"clock: stood still for {standstill:.0f} s"))
    violations += [Violation(letter, f"clock: {words}") for letter, words in check(stage.history(left))]
    if stage.partner.mistimed:
        violations.append(Violation("S", f"clock: {stage.partner.mistimed} events were signed more than 5 minutes off"))
    if violations:
        stage.keep_evidence(say)
    return violations


def _set(clock: Path, seconds: int) -> None:
    """In place: processes have the file mapped."""
    with clock.open("r+b" if clock.exists() else "wb") as file:
        file.write(struct.pack("=q", seconds))


def _library(folder: Path) -> tuple[Path | None, str]:
    """(the library, "") or (None, why there is none)."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None, "no C compiler"
    library = folder / "wrong_clock.so"
    source = Path(__file__).with_name("wrong_clock.c")
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (library, "") if done.returncode == 0 else (None, done.stderr.strip()[-300:])
