"""How drains share the workers: a slot each, held as a PostgreSQL session lock that dies with its holder."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

DRAIN_SECONDS = 20.0
LOOK_SECONDS = 0.05  # between two looks at a lock that somebody holds


@contextmanager
def slot(name: str, count: int) -> Iterator[bool]:
    """Hold one of `count` slots of `name`; yields False when all are taken (their holders will see our work)."""
    keys = [_key(name, index) for index in range(count)]
    held = next((key for key in keys if _ask("SELECT pg_try_advisory_lock(%s)", key)), None)
    try:
        yield held is not None
    finally:
        _give_back(held)


@contextmanager
def turn(name: str, seconds: float) -> Iterator[bool]:
    """Hold the only slot of `name`, after waiting for it at most `seconds`; yields False when it did not come free."""
    key, until = _key(name, 0), time.monotonic() + seconds
    while not (held := _ask("SELECT pg_try_advisory_lock(%s)", key)) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    try:
        yield held
    finally:
        _give_back(key if held else None)


@contextmanager
def watched(seconds: int) -> Iterator[None]:
    """Meanwhile the server ends our session when it hears nothing for so long.

    A process that is frozen, not dead, would hold its slot and its row locks for ever; no network tells of it.
    """
    names = ("idle_session_timeout", "idle_in_transaction_session_timeout")
    _tell(*(f"SET {name} = '{seconds}s'" for name in names))
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed and connection.is_usable():
            _tell(*(f"RESET {name}" for name in names))


def until_empty(step: Callable[[], int], seconds: float = DRAIN_SECONDS) -> int:
    """Call `step` until it does nothing or the time is up; returns how much was done in all."""
    done, deadline = 0, time.monotonic() + seconds
    while (count := step()) > 0:
        done += count
        if time.monotonic() >= deadline:
            break
    return done


def _key(name: str, index: int) -> int:
    return int.from_bytes(hashlib.sha256(f"drain:{name}:{index}".encode()).digest()[:8], signed=True)


def _give_back(key: int | None) -> None:
    if key is not None and connection.connection is not None and not connection.connection.closed:
        _ask("SELECT pg_advisory_unlock(%s)", key)


def _tell(*statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("; ".join(statements))


def _ask(sql: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [key])
        return bool(cursor.fetchone()[0])
