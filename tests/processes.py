"""Processes as the kernel knows them, and a keeper that starts a program again when it dies.

Linux only: /proc tells who is whose child, and a prctl ends what we started when the test run itself is killed.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from backoffice.orphans import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
STOP_SECONDS = 30.0


class Process(NamedTuple):
    """One line of /proc/<pid>/stat; `born` is in clock ticks since the machine started."""

    born: int
    pid: int
    parent: int


def children(parent: int) -> list[int]:
    """Living children of a process, the oldest first."""
    return [process.pid for process in sorted(_living()) if process.parent == parent]


def descendants(ancestor: int) -> list[int]:
    """Everything below a process."""
    return [pid for child in children(ancestor) for pid in (child, *descendants(child))]


def is_alive(pid: int) -> bool:
    return any(process.pid == pid for process in _living())


def kill(pid: int) -> None:
    """End a process as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def wait_until(condition: Callable[[], object], seconds: float, what: str, *, every: float = 0.1) -> float:
    """Look again and again until `condition` holds; returns the seconds that took, raises TimeoutError saying what."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"Not within {seconds:g} s: {what}")
        time.sleep(every)
    return time.monotonic() - began


class Kept:
    """A program that is started again whenever it ends, until `stop`. What it left behind is ended first."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.starts = 0
        self._command = command
        self._env = env
        self._log = log
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel's "parent" of a death signal is the thread that started the child, so one thread does both.
        self._thread = threading.Thread(target=self._keep, name=f"keeps {name}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The program's own process, None while there is none."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def stop(self) -> None:
        """End it as an operator would; kill what does not end in time."""
        self._stopping.set()
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive() and self.pid is not None:
            kill(self.pid)
            self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command, cwd=ROOT, env=dict(self._env), stdout=log, stderr=log,
                    start_new_session=True, preexec_fn=lambda: die_with_parent(signal.SIGKILL),
                )  # fmt: skip
            self.starts += 1
            group = self._process.pid
            self._process.wait()
            with contextlib.suppress(ProcessLookupError):  # its orphans: same process group, no parent left
                os.killpg(group, signal.SIGKILL)


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
