"""The CPU that the worker's processes and PostgreSQL take while nothing is to be done, in percent of one core."""

import os
import time
from pathlib import Path

from bench.figures import Figure, Measured
from bench.scene import Scene, size
from tests.processes import family
from tests.running import Instance

SECONDS = size("IDLE_SECONDS", 30)
SETTLE_SECONDS = 3.0  # what the figure before it left to clean up
PARTS = ("supervisor", "cluster", "sentinel", "worker", "monitor", "pusher")
HOW = f"{SECONDS} s; all children of the supervisor, all processes of PostgreSQL, web's connections among them"

ALL = Figure("idle: worker's processes and PostgreSQL", "% of a core", most=2)
OF_PART = {part: Figure(f"… {part}", "% of a core") for part in PARTS}
POSTGRES = Figure("… PostgreSQL", "% of a core")


def measure(scene: Scene, measured: Measured) -> None:
    """One round."""
    backoffice = scene.backoffice
    scene.settle()
    members = {part: backoffice.parts(part) for part in PARTS}
    assert all(members.values()), members
    whole, named = family(backoffice.part("supervisor")), sum(len(pids) for pids in members.values())
    assert len(whole) >= named
    time.sleep(SETTLE_SECONDS)
    before = _spent(backoffice, members)
    began = time.monotonic()
    time.sleep(SECONDS)
    after, seconds = _spent(backoffice, members), time.monotonic() - began
    assert [backoffice.parts(part) for part in PARTS] == list(members.values()), "a process was replaced meanwhile"
    percent = {part: (after[part] - before[part]) / seconds * 100 for part in after}
    measured.note(ALL, sum(percent.values()))
    for part, figure in OF_PART.items():
        measured.note(figure, percent[part])
    measured.note(POSTGRES, percent["postgres"])


def _spent(backoffice: Instance, members: dict[str, list[int]]) -> dict[str, float]:
    """Seconds of CPU so far, by part; those of children that have ended are in their parent's."""
    postmaster = int((backoffice.directory / "postgres" / "postmaster.pid").read_text().split()[0])
    members = {**members, "postgres": family(postmaster)}
    return {part: sum(_seconds(pid) for pid in pids) for part, pids in members.items()}


def _seconds(pid: int) -> float:
    """User and system time of a process and of its children that have ended; 0 when it just ended itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
