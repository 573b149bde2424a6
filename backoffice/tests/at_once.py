"""Several connections to the database at the same moment: real threads, events instead of sleeps.

Tests that use these need `@pytest.mark.django_db(transaction=True)`: other connections see committed rows only.
"""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from django.db import connection, connections, transaction

PATIENCE = 20.0
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in a thread each, started together; returns what each returned or raised, in their order."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(index: int) -> None:
        try:
            barrier.wait(PATIENCE)
            results[index] = calls[index]()
        except Exception as error:  # noqa: BLE001 the test looks at whatever was raised
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a call still waits: a deadlock?"
    return results


class OpenTransaction:
    """`with OpenTransaction(work) as other:` runs `work` on a connection of its own and leaves its transaction open
    until `other.commit()` or the end of the block, which rolls back."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.error: BaseException | None = None
        self.keep = False
        self.worked, self.released = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        assert self.worked.wait(PATIENCE)
        if self.error:
            raise self.error
        return self

    def commit(self) -> None:
        self.keep = True
        self._end()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self.released.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()

    def _run(self) -> None:
        try:
            with transaction.atomic():
                self.work()
                self.worked.set()
                assert self.released.wait(PATIENCE)
                transaction.set_rollback(not self.keep)
        except Exception as error:  # noqa: BLE001 raised again where the block begins
            self.error = error
            self.worked.set()
        finally:
            connections.close_all()


class Blocked:
    """A call on a thread of its own that is known to wait for a lock of ours; `result()` after the lock is gone."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call
        self.returned: Any = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        until = time.monotonic() + PATIENCE
        with connection.cursor() as cursor:
            while not cursor.execute(_WAITING).fetchone()[0]:
                assert self.thread.is_alive(), f"It did not wait: {self.returned!r}"
                assert time.monotonic() < until

    def result(self) -> Any:
        """What the call returned or raised."""
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        return self.returned

    def _run(self) -> None:
        try:
            self.returned = self.call()
        except Exception as error:  # noqa: BLE001 the test looks at whatever was raised
            self.returned = error
        finally:
            connections.close_all()
