"""A fault of ours in the middle of a change, at the moment it is journalled."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orders.journal import recorded
from orders.models import JournalEntry


@contextmanager
def fault_with(subject: str) -> Iterator[None]:
    """Whatever is journalled of the thing, or of the order, with this public id fails."""

    def fail(entry: JournalEntry, **_: Any) -> None:
        if subject in (entry.subject, entry.order and entry.order.public_id):
            raise RuntimeError("a fault of ours")

    recorded.connect(fail)
    try:
        yield
    finally:
        recorded.disconnect(fail)
