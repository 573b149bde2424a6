"""The running local instance, as seen from any process: who runs it, what it said when it was ready, how to end it.

Everything is told apart by the var/ directory (BACKOFFICE_VAR), so several instances can run side by side.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings

from backoffice import postgres
from backoffice.local import ROOT, VAR

HOME = VAR.absolute()
LOGS = HOME / "log"
MARKER = "BACKOFFICE_INSTANCE"  # in the environment of every process the runner starts, and of theirs
STOP_SECONDS = 10.0
RUNNER_STOP_SECONDS = STOP_SECONDS + postgres.STOP_SECONDS

_FACTS = HOME / "up.json"
_LOCK = HOME / "up.lock"


def claim() -> TextIO | None:
    """Become the runner of this instance for as long as the file stays open; None when another process is."""
    HOME.mkdir(parents=True, exist_ok=True)
    lock = _LOCK.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    _FACTS.unlink(missing_ok=True)  # an earlier runner that was killed could not take its word back
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def runner() -> int | None:
    """Process number of the runner, None when there is none. The kernel frees the lock of a killed process."""
    try:
        lock = _LOCK.open()
    except FileNotFoundError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
    return None


def tell(facts: dict[str, Any]) -> None:
    """Say that everything answers, and where: var/up.json, for this account only."""
    draft = _FACTS.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(facts, indent=2) + "\n")
    draft.replace(_FACTS)


def told() -> dict[str, Any] | None:
    """What the present runner said, None while it has not said it yet or when none runs."""
    pid = runner()
    try:
        facts: dict[str, Any] = json.loads(_FACTS.read_text())
    except FileNotFoundError:
        return None
    return facts if pid and facts["pids"]["runner"] == pid else None


def take_back() -> None:
    """Not ready any more."""
    _FACTS.unlink(missing_ok=True)


def command(verb: str) -> str:
    """The line to type for `verb`, naming the instance where it is not the usual one."""
    return f"make {verb}" if HOME == ROOT / "var" else f"BACKOFFICE_VAR={HOME} make {verb}"


def has_own_database() -> bool:
    """False when DATABASE_URL names a server, which is then not ours to start or stop."""
    return not os.environ.get("DATABASE_URL")


def processes() -> dict[int, int]:
    """Number and process group of every process that belongs to this instance, except the runner and ourselves."""
    wanted = f"{MARKER}={HOME}"
    if Path("/proc/self/environ").exists():
        found = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if wanted in _environment(entry)]
    else:
        shown = subprocess.run(["ps", "axeww", "-o", "pid=,command="], check=False, capture_output=True, text=True)  # noqa: S607
        found = [int(line.split()[0]) for line in shown.stdout.splitlines() if wanted in line.split()]
    groups = {}
    for pid in set(found) - {os.getpid()}:
        with contextlib.suppress(ProcessLookupError):
            groups[pid] = os.getpgid(pid)
    return groups


def _environment(process: Path) -> list[str]:
    try:
        return os.fsdecode((process / "environ").read_bytes()).split("\0")
    except OSError:  # it has just ended, or is another account's
        return []


def end_processes(grace: float = STOP_SECONDS) -> bool:
    """End what is left of this instance: ask the head of each group, then kill whole groups. False if nothing was."""
    left = processes()
    if not left:
        return False
    for pid in left.keys() & set(left.values()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not processes(), grace)
    while left := processes():
        for group in set(left.values()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        wait_for(lambda: not processes(), 0.5)
    return True


def stop() -> bool:
    """End runner, children and PostgreSQL, in this order, also after the runner was killed. False if nothing ran."""
    pid = runner()
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        if not wait_for(lambda: runner() != pid, RUNNER_STOP_SECONDS):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: runner() != pid, STOP_SECONDS)
    ended = end_processes()
    stopped = has_own_database() and postgres.stop(settings.VAR_DIR / "postgres")
    take_back()
    return bool(pid) or ended or stopped


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    """True as soon as the condition holds, False when it does not within the time."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True
