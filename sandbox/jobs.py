"""What Shopify does a moment after it was asked to: cancel an order. A killed process goes on with it when it is back.

A job is done when it has been tried, whatever came of it; ``status`` tells the difference.
"""

import json
import sqlite3
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from sandbox import giving_back, kept_orders
from sandbox.faults import Faults
from sandbox.placing import Impossible
from sandbox.store import Store, Writing

Document = dict[str, Any]

STARTED, SUCCEEDED, FAILED = "STARTED", "SUCCEEDED", "FAILED"


@dataclass(frozen=True, slots=True)
class Job:
    """One job; ``problem`` says why it failed."""

    id: str
    shop: str
    order_id: int
    status: str
    problem: str | None

    @property
    def gid(self) -> str:
        """``gid://shopify/Job/ed73fb88-…``."""
        return f"gid://shopify/Job/{self.id}"

    @property
    def done(self) -> bool:
        """Nothing more comes of it."""
        return self.status != STARTED


def find(connection: sqlite3.Connection, shop: str, job_gid: str) -> Job | None:
    """A job of the shop."""
    row = connection.execute(
        "SELECT id, shop, order_id, status, problem FROM jobs WHERE id = ? AND shop = ?",
        (job_gid.rsplit("/", 1)[-1], shop),
    ).fetchone()
    return Job(*row) if row else None


class Jobs:
    """Runs each job when its time has come. ``speed`` 60 makes a minute a second."""

    def __init__(self, store: Store, faults: Faults, speed: float) -> None:
        self._store = store
        self._faults = faults
        self._speed = speed
        self._timers: dict[str, threading.Timer] = {}

    def start(self) -> None:
        """Take up what an earlier process left undone."""
        with self._store.read() as connection:
            rows = connection.execute("SELECT id, run_at FROM jobs WHERE status = ?", (STARTED,)).fetchall()
        for row in rows:
            self._later(row["id"], row["run_at"])

    def stop(self) -> None:
        """Begin no more; what is left is done after the next start."""
        for timer in list(self._timers.values()):
            timer.cancel()

    def cancel_order(self, order: Document, **given: Any) -> Job:
        """Ask for an order's cancellation (arguments of ``giving_back.cancel_within``)."""
        job = Job(str(uuid.uuid4()), order["shop"], order["id"], STARTED, None)
        run_at = time.time() + self._faults.settings.job_seconds / self._speed
        with self._store.write() as writing:
            writing.connection.execute(
                "INSERT INTO jobs (id, shop, order_id, given, run_at, status) VALUES (?, ?, ?, ?, ?, ?)",
                (job.id, job.shop, job.order_id, json.dumps(given), run_at, STARTED),
            )
        self._later(job.id, run_at)
        return job

    def _later(self, job_id: str, run_at: float) -> None:
        timer = threading.Timer(max(0.0, run_at - time.time()), self._run, (job_id,))
        timer.daemon = True
        self._timers[job_id] = timer
        timer.start()

    def _run(self, job_id: str) -> None:
        try:
            with self._store.write() as writing:
                row = writing.connection.execute(
                    "SELECT order_id, given FROM jobs WHERE id = ? AND status = ?", (job_id, STARTED)
                ).fetchone()
                if row is not None:
                    with kept_orders.within(writing, row["order_id"]) as order:
                        giving_back.cancel_within(writing, order, **json.loads(row["given"]))
                    _settle(writing, job_id, SUCCEEDED)
        except (Impossible, kept_orders.NoSuchOrder) as problem:
            with self._store.write() as writing:
                _settle(writing, job_id, FAILED, str(problem))
        finally:
            self._timers.pop(job_id, None)


def _settle(writing: Writing, job_id: str, status: str, problem: str | None = None) -> None:
    writing.connection.execute("UPDATE jobs SET status = ?, problem = ? WHERE id = ?", (status, problem, job_id))
