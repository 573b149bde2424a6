"""One process the runner looks after: started in a session of its own, started again when it dies, ended for good."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from backoffice.local import ROOT
from backoffice.orphans import die_with_parent

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
SETTLED_SECONDS = 10.0  # who lived this long may start again at once
LOG_BYTES = 5_000_000


class Child:
    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self.early_deaths = 0  # in a row, none of them settled
        self._command = list(command)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._started_at = 0.0
        self._start_at = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        self._wanted = True
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the runner; and the group can be killed as a whole
                preexec_fn=partial(die_with_parent, parent=os.getpid()),
            )
        self._started_at = time.monotonic()

    def look(self) -> str | None:
        """Start again who has died and has waited long enough; a sentence when that has just been noticed."""
        if self._process is None:
            if self._wanted and time.monotonic() >= self._start_at:
                self.start()
            return None
        status = self._ended()
        if status is None:
            return None
        self.early_deaths = self.early_deaths + 1 if time.monotonic() - self._started_at < SETTLED_SECONDS else 1
        pause = min(FIRST_PAUSE * 2 ** (self.early_deaths - 1), LONGEST_PAUSE)
        self._start_at = time.monotonic() + pause
        return f"{self.name} ended ({status}); starting it again in {pause:.1f} s. Its log: {self.log}"

    def ask_to_stop(self) -> None:
        if self._process:
            self._process.terminate()

    def has_stopped(self) -> bool:
        return self._process is None or self._ended() is not None

    def kill(self) -> None:
        """The whole group, now."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _ended(self) -> str | None:
        """How it ended, None while it lives. What is left of its group is killed before its number is given back."""
        assert self._process is not None
        pid = self._process.pid
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        code = self._process.wait()
        self._process = None
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
