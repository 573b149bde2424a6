"""How far a pass is, in the terminal: a bar that is drawn over itself; elsewhere nothing until the end."""

import time
from datetime import timedelta
from typing import Any, TextIO

from integrations.models import SyncRun

WIDTH = 30


class Bar:
    """Draws a run each time it is shown one; `close` leaves the line clean."""

    def __init__(self, out: TextIO | Any) -> None:
        self._out = out
        self._is_terminal = bool(getattr(out, "isatty", bool)())
        self._drawn = 0

    def text(self, run: SyncRun) -> str:
        """What is drawn."""
        return line(run)

    def show(self, run: SyncRun) -> None:
        if self._is_terminal:
            text = self.text(run)
            self._out.write("\r" + text.ljust(self._drawn))
            self._out.flush()
            self._drawn = len(text)

    def close(self) -> None:
        if self._drawn:
            self._out.write("\r" + " " * self._drawn + "\r")
            self._out.flush()
            self._drawn = 0


class HistoryBar(Bar):
    """For a backfill: with its rate and the time that is left; where no bar can be drawn, a plain line now and then."""

    PLAIN_SECONDS = 10.0

    def __init__(self, out: TextIO | Any) -> None:
        super().__init__(out)
        self._began: tuple[float, int] | None = None  # when, and how many orders had been looked at
        self._said_at = time.monotonic()

    def text(self, run: SyncRun) -> str:
        parts = [f"{run.looked_at:,}{f' of {run.total:,}' if run.total is not None else ''} orders"]
        if rate := self._rate(run):
            parts.append(f"{rate:,.0f} a second")
            if run.total and run.total > run.looked_at:
                parts.append(f"{timedelta(seconds=int((run.total - run.looked_at) / rate))} left")
        if left := run.facts.get("unfinished"):
            parts.append(f"{left:,} to be read whole")
        if waiting := run.facts.get("waits_for"):
            parts.append(f"waits for {waiting}"[:80])
        return f"[{bar(run)}] {', '.join(parts)}"

    def show(self, run: SyncRun) -> None:
        super().show(run)
        if not self._is_terminal and time.monotonic() - self._said_at >= self.PLAIN_SECONDS:
            self._said_at = time.monotonic()
            self._out.write(self.text(run) + "\n")

    def _rate(self, run: SyncRun) -> float | None:
        """Orders a second since we look; None before the first."""
        now = time.monotonic()
        if self._began is None:
            self._began = (now, run.looked_at)
        began, at_first = self._began
        return (run.looked_at - at_first) / (now - began) if run.looked_at > at_first else None


def line(run: SyncRun) -> str:
    """Such as "[#######···] 24 of 70 orders, 3 differ, 2 to read"."""
    counted = f"{run.looked_at:,}{f' of {run.total:,}' if run.total is not None else ''} orders"
    waiting = run.facts.get("waits_for")
    parts = [counted, f"{run.drift_found:,} differed", f"{len(run.cursor.get('todo', [])):,} to read"]
    return f"[{bar(run)}] {', '.join(parts)}{f' (waits: {waiting})'[:80] if waiting else ''}"


def failures(run: SyncRun) -> list[str]:
    """What could not be read or healed, a line each."""
    return [f"  order {one['order']}: {one['why']}" for one in run.facts.get("failures", [])]


def bar(run: SyncRun) -> str:
    done = min(1.0, run.looked_at / run.total) if run.total else float(run.total == 0)
    filled = int(done * WIDTH)
    return "#" * filled + "·" * (WIDTH - filled)
