"""How far a pass is, in the terminal: a bar that is drawn over itself; elsewhere nothing until the end."""

from typing import Any, TextIO

from integrations.models import SyncRun

WIDTH = 30


class Bar:
    """Draws a run each time it is shown one; `close` leaves the line clean."""

    def __init__(self, out: TextIO | Any) -> None:
        self._out = out
        self._is_terminal = bool(getattr(out, "isatty", bool)())
        self._drawn = 0

    def show(self, run: SyncRun) -> None:
        if self._is_terminal:
            text = line(run)
            self._out.write("\r" + text.ljust(self._drawn))
            self._out.flush()
            self._drawn = len(text)

    def close(self) -> None:
        if self._drawn:
            self._out.write("\r" + " " * self._drawn + "\r")
            self._out.flush()
            self._drawn = 0


def line(run: SyncRun) -> str:
    """Such as "[#######···] 24 of 70 orders, 3 differ, 2 to read"."""
    counted = f"{run.looked_at:,}{f' of {run.total:,}' if run.total is not None else ''} orders"
    waiting = run.facts.get("waits_for")
    parts = [counted, f"{run.drift_found:,} differed", f"{len(run.cursor.get('todo', [])):,} to read"]
    return f"[{bar(run)}] {', '.join(parts)}{f' (waits: {waiting})'[:80] if waiting else ''}"


def bar(run: SyncRun) -> str:
    done = min(1.0, run.looked_at / run.total) if run.total else float(run.total == 0)
    filled = int(done * WIDTH)
    return "#" * filled + "·" * (WIDTH - filled)
