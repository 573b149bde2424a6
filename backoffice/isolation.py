"""Work by the clock goes through many rows: what goes wrong with one is logged, and those behind it have their turn."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


@contextmanager
def isolated(doing: str, name: object) -> Iterator[None]:
    """A fault of ours in `doing` something to the row called `name` ends here; its transaction must begin within."""
    try:
        yield
    except Exception:  # whatever it is, it must not hold up the others; the next run tries this one again
        logger.exception("%s failed: %s", doing, name)
