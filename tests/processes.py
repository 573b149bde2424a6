"""Processes as the kernel knows them: who is whose child, who still lives. Linux only, by /proc."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable


class Process(NamedTuple):
    """One line of /proc/<pid>/stat; `born` is in clock ticks since the machine started."""

    born: int
    pid: int
    parent: int


def children(parent: int) -> list[int]:
    """Living children of a process, the oldest first."""
    return [process.pid for process in sorted(_living()) if process.parent == parent]


def family(ancestor: int) -> list[int]:
    """A process and everything below it, parents first."""
    return [ancestor, *(pid for child in children(ancestor) for pid in family(child))]


def is_alive(pid: int) -> bool:
    return any(process.pid == pid for process in _living())


def kill(pid: int) -> None:
    """End a process as a power cut would."""
    signal_all([pid], signal.SIGKILL)


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to processes, some of which may have ended by now."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_until(condition: Callable[[], object], seconds: float, what: str, *, every: float = 0.05) -> float:
    """Look again and again until `condition` holds; returns the seconds that took, raises TimeoutError saying what."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"Not within {seconds:g} s: {what}")
        time.sleep(every)
    return time.monotonic() - began


def _living() -> list[Process]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue  # it ended while we were looking
        fields = text.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            found.append(Process(int(fields[19]), int(stat.parent.name), int(fields[1])))
    return found
