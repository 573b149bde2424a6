"""Waiting until others wait for a lock of ours: the moment in which two transactions can do each other harm."""

import threading
import time

from django.db import connection

SECONDS = 60.0


def until_waiting(count: int = 1) -> None:
    """Return when `count` other connections to this database wait for a lock; raises TimeoutError."""
    until, tick = time.monotonic() + SECONDS, threading.Event()
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees the activity it saw first
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= count:
                return
        tick.wait(0.02)
    raise TimeoutError(f"{count} connections were to wait for a lock.")
