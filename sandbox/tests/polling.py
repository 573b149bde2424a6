"""Wait for something to become true, looking again and again."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return as soon as it is true; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.02)
