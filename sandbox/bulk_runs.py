"""Runs bulk operations in the background and writes their results, at a memory that does not grow with the shop.

Ungrouped, as is the default since 2026-01, children come far from their parents: all roots first, then what hangs
below them, mixed within a window. The mixing is always the same for the same operation.
"""

import contextlib
import random
import shutil
import threading
import time
from pathlib import Path
from typing import BinaryIO

from graphql import GraphQLError

from sandbox import bulk_operations, installations, shops
from sandbox.access import SCHEMA, Access
from sandbox.bulk_lines import Line, Lines
from sandbox.bulk_operations import BulkOperation
from sandbox.faults import Faults
from sandbox.queries import Queries
from sandbox.store import Store

# Between two looks at whether it was cancelled, and two reports of how far it is.
ROOTS_AT_ONCE = 250
MIXED = 1_000
LOOK_SECONDS = 0.02
# Share of the time an operation takes that it is only CREATED.
CREATED_SHARE = 0.3


class _Cancelled(Exception):
    """Somebody cancelled the operation."""


class _Failed(Exception):
    """The fault that was set for this operation came."""


class _Stopped(Exception):
    """The stand-in stops; after its start the operation begins again."""


class Runs:
    """A thread for each running operation; ``folder`` takes the results."""

    def __init__(self, store: Store, faults: Faults, speed: float, folder: Path, address: str) -> None:
        self._store = store
        self._faults = faults
        self._speed = speed
        self._folder = folder
        self._address = address
        self._stopping = threading.Event()

    def start(self) -> None:
        """Take up what an earlier process left unfinished, then whatever is asked for."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._store.read() as connection:
            left = bulk_operations.unfinished(connection)
        self._store.bulk_asked = self.run
        for number in left:
            self.run(number)

    def stop(self) -> None:
        """Let running operations end where they are."""
        self._stopping.set()

    def run(self, number: int) -> None:
        """Begin one operation."""
        threading.Thread(target=self._run, args=(number,), daemon=True).start()

    def result(self, number: int) -> Path:
        """Where the result of an operation is, finished or not."""
        return self._folder / f"{number}.jsonl"

    def _run(self, number: int) -> None:
        with self._store.read() as connection:
            operation = bulk_operations.by_id(connection, number)
        assert operation is not None
        seconds = self._faults.settings.bulk_seconds / self._speed
        began = time.monotonic()
        status, error = "COMPLETED", None
        try:
            self._wait(number, began + seconds * CREATED_SHARE)
            with self._store.write() as writing:
                bulk_operations.move(writing, number, "RUNNING", "CREATED")
            self._write(operation)
            self._wait(number, began + seconds)
        except _Cancelled:
            status = "CANCELED"
        except _Failed:
            status, error = "FAILED", "INTERNAL_SERVER_ERROR"
        except GraphQLError as problem:
            denied = (problem.extensions or {}).get("code") == "ACCESS_DENIED"
            status, error = "FAILED", "ACCESS_DENIED" if denied else "INTERNAL_SERVER_ERROR"
        except _Stopped:
            return
        with self._store.write() as writing:
            bulk_operations.finish(writing, number, status, error)

    def _wait(self, number: int, until: float) -> None:
        """Wait till a moment (``time.monotonic``), unless it is cancelled or the program stops."""
        while True:
            self._look(number)
            left = until - time.monotonic()
            if left <= 0:
                return
            self._stopping.wait(min(left, LOOK_SECONDS))

    def _look(self, number: int) -> None:
        if self._stopping.is_set():
            raise _Stopped
        with self._store.read() as connection:
            operation = bulk_operations.by_id(connection, number)
        if operation is None or operation.status == "CANCELING":
            raise _Cancelled

    def _write(self, operation: BulkOperation) -> None:
        with self._store.read() as connection, _Result(self.result(operation.id), operation) as result:
            shop = shops.by_domain(connection, operation.shop)
            assert shop is not None
            installed = installations.of(connection, shop.domain)
            access = Access(frozenset(installed.scopes), installed.protected_data, operation.version, self._address)
            fail_at = self._faults.settings.bulk_fail_at
            try:
                for line in Lines(SCHEMA, operation.query, access).of(Queries(connection, shop).fields()):
                    if line.depth == 0 and fail_at is not None and result.roots >= fail_at:
                        raise _Failed
                    result.add(line)
                    if line.depth == 0 and result.roots % ROOTS_AT_ONCE == 0:
                        self._report(operation.id, result)
            finally:
                result.join()
                self._report(operation.id, result)

    def _report(self, number: int, result: "_Result") -> None:
        with self._store.write() as writing:
            status = bulk_operations.count(
                writing, number, objects=result.objects, roots=result.roots, size=result.size
            )
        if self._stopping.is_set():
            raise _Stopped
        if status == "CANCELING":
            raise _Cancelled


class _Result:
    """The file being written: roots at once, children aside until they are joined to the end."""

    def __init__(self, path: Path, operation: BulkOperation) -> None:
        self.objects = self.roots = self.size = 0
        self._path = path
        self._grouped = operation.grouped
        self._dice = random.Random(operation.id)
        self._files: list[BinaryIO] = []
        self._window: list[tuple[int, bytes]] = []

    def __enter__(self) -> "_Result":
        self._open(0)
        return self

    def __exit__(self, *_: object) -> None:
        for depth, file in enumerate(self._files):
            file.close()
            if depth:
                with contextlib.suppress(FileNotFoundError):
                    self._aside(depth).unlink()

    def add(self, line: Line) -> None:
        """Write one line, or lay it aside."""
        text = f"{line.text}\n".encode()
        self.objects += 1
        self.size += len(text)
        self.roots += line.depth == 0
        if self._grouped or line.depth == 0:
            self._files[0].write(text)
            return
        self._window.append((line.depth, text))
        if len(self._window) >= MIXED:
            self._empty_window()

    def join(self) -> None:
        """Put the children behind the roots."""
        self._empty_window()
        for depth in range(1, len(self._files)):
            self._files[depth].close()
            with self._aside(depth).open("rb") as children:
                shutil.copyfileobj(children, self._files[0])
        self._files[0].flush()

    def _empty_window(self) -> None:
        self._dice.shuffle(self._window)
        for depth, text in self._window:
            self._open(depth).write(text)
        self._window.clear()

    def _open(self, depth: int) -> BinaryIO:
        while len(self._files) <= depth:
            self._files.append((self._aside(len(self._files)) if self._files else self._path).open("wb"))
        return self._files[depth]

    def _aside(self, depth: int) -> Path:
        return self._path.with_suffix(f".{depth}")
