"""Arms the code's own failpoints one after another, until each has ended a process as often as was asked for."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

AT_ONCE = 3  # armed at the same time; more would kill faster than anything can start
PATIENCE = 15.0  # seconds; then the way does not lead by there at the moment, and another is armed
LOOK_SECONDS = 0.05
EVERY_SECONDS = 0.7  # from one arming to the next: what is killed must come up before it is killed again


class Points(threading.Thread):
    """`hits` counts, by name, how often a process took the file and ended; ends when every name has enough."""

    def __init__(self, directory: Path, names: Sequence[str], wanted: int, seed: int, at_once: int = AT_ONCE) -> None:
        super().__init__(daemon=True)
        self.hits: Counter[str] = Counter(dict.fromkeys(names, 0))
        self._directory = directory
        self._wanted = wanted
        self._dice = random.Random(seed)
        self._at_once = at_once
        self._armed: dict[str, float] = {}
        self._armed_at = 0.0
        self._tried: Counter[str] = Counter()
        self._stopping = threading.Event()

    @property
    def missing(self) -> list[str]:
        """Names that have not been hit often enough yet."""
        return sorted(name for name, count in self.hits.items() if count < self._wanted)

    def run(self) -> None:
        while self.missing and not self._stopping.wait(LOOK_SECONDS):
            self._collect()
            self._arm()
        self._disarm(list(self._armed))

    def stop(self) -> None:
        """Disarm everything."""
        self._stopping.set()
        self.join()

    def _arm(self) -> None:
        if time.monotonic() - self._armed_at < EVERY_SECONDS or len(self._armed) >= self._at_once:
            return
        waiting = [name for name in self.missing if name not in self._armed]
        self._dice.shuffle(waiting)
        waiting.sort(key=lambda name: self._tried[name])
        for name in waiting[:1]:
            self._tried[name] += 1
            (self._directory / name).touch()
            self._armed[name] = self._armed_at = time.monotonic()

    def _collect(self) -> None:
        for name, since in list(self._armed.items()):
            if not (self._directory / name).exists():
                self.hits[name] += 1
                del self._armed[name]
            elif time.monotonic() - since > PATIENCE:
                self._disarm([name])

    def _disarm(self, names: Iterable[str]) -> None:
        for name in names:
            del self._armed[name]
            try:
                (self._directory / name).unlink()
            except FileNotFoundError:
                self.hits[name] += 1


def table(hits: Counter[str]) -> str:
    """The hits, three names a line."""
    cells = [f"{name:<22}{hits[name]:>3}" for name in sorted(hits)]
    return "\n".join("  " + "   ".join(cells[start : start + 3]) for start in range(0, len(cells), 3))
