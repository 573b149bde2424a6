"""A store's history from a bulk file into the real tables, journal included: orders a second, beside what can be had.

Beside a bare COPY of the file's raw lines, as jsonb and as text, into a table without an index, which is all that a
database can do with such a file; beside a bare COPY of the rows that come of it into the real tables, which is all that
it can do with these; and beside Django's bulk_create(update_conflicts) into the same tables. A round loads the file
into a new shop, again unchanged, into another one with the loader killed half-way, and into a third one. Tables grow
and the machine has moods: so what a kill costs is measured by the loads before and behind it.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench import backfill_rows, backlog, history_file
from bench.figures import Figure, Measured
from bench.scene import Scene, size
from tests.processes import PYTHON, ROOT
from tests.running import Instance

ORDERS = size("HISTORY_ORDERS", 10_000)
PEER_ORDERS = min(ORDERS, 10_000)
HOW = f"{ORDERS} orders of 3 lines, a payment and a fulfillment order each; {PEER_ORDERS} of them by bulk_create"

OURS = Figure("history from a bulk file, journal included", "orders/s")
COPY = Figure("bare COPY of the same raw lines as jsonb, no index", "orders/s")
TEXT = Figure("bare COPY of the same raw lines as text, no index", "orders/s")
ROWS = Figure("bare COPY of the rows that come of it, into their tables", "orders/s")
OF_COPY = Figure("history / bare COPY as jsonb", "", least=0.5)
OF_ROWS = Figure("history / bare COPY of its rows", "")
PEER = Figure("Django bulk_create(update_conflicts), the same tables", "orders/s")
OF_PEER = Figure("history / bulk_create", "", least=5)
AGAIN = Figure("the same history again, unchanged / the first time", "", least=1.2)
KILLED = Figure("killed half-way and started again / in one go, time", "", most=1.1)
PEAK = Figure("the loader's most memory", "MB", most=64)
_UPDATED = "SELECT sum(n_tup_upd) FROM pg_stat_user_tables WHERE relname IN ('orders_order', 'orders_lineitem')"


def measure(scene: Scene, measured: Measured) -> None:
    """One round, all side by side."""
    backoffice = scene.backoffice
    with tempfile.TemporaryDirectory() as directory:
        whole, part = Path(directory, "whole"), Path(directory, "part")
        history_file.write(whole, ORDERS)
        history_file.write(part, PEER_ORDERS)
        with backoffice.worker_suspended():
            copied = _copy(backoffice, whole, "jsonb")
            first = Loader(backoffice, whole)
            first.run()
            _prove(backoffice, first)
            text = _copy(backoffice, whole, "text")
            peer = _peer(backoffice, part)
            rewritten = backoffice.value(_UPDATED)
            again = Loader(backoffice, whole, first.job["domain"])
            again.run()
            assert backoffice.value(_UPDATED) == rewritten, "an unchanged history rewrote rows"
            killed = Loader(backoffice, whole)
            killed.run(kill_at=ORDERS // 2)
            killed.run()
            _prove(backoffice, killed)
            third = Loader(backoffice, whole)
            third.run()
            rows = ORDERS / backfill_rows.seconds(backoffice.database_url, third.job["shop"])
    undisturbed = (first.seconds + third.seconds) / 2
    measured.note(COPY, copied)
    measured.note(TEXT, text)
    measured.note(OURS, ORDERS / first.seconds)
    measured.note(ROWS, rows)
    measured.note(OF_COPY, ORDERS / first.seconds / copied)
    measured.note(OF_ROWS, ORDERS / third.seconds / rows)
    measured.note(PEER, peer)
    measured.note(OF_PEER, ORDERS / first.seconds / peer)
    measured.note(AGAIN, first.seconds / again.seconds)
    measured.note(KILLED, killed.seconds / undisturbed)
    measured.note(PEAK, max(first.peak_kilobytes, killed.peak_kilobytes) / 1024)


class Loader:
    """A loader's process on a shop and a pass of its own; `seconds` of all its runs, starting it included."""

    def __init__(self, backoffice: Instance, path: Path, domain: str = "") -> None:
        self.seconds, self.peak_kilobytes = 0.0, 0
        self.job = backlog.run(
            backoffice, "backfill_pass", "again" if domain else "new", path, *([domain] * bool(domain))
        )
        self.task = {"job": self.job, "database": {"conninfo": backoffice.database_url}, "seconds": None}

    def run(self, kill_at: int | None = None) -> None:
        """Load to the end, or kill the loader as soon as it has loaded so many orders."""
        began = time.perf_counter()
        with subprocess.Popen(
            [PYTHON, "-m", "integrations.history"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            json.dump(self.task, process.stdin)
            process.stdin.close()
            for line in process.stdout:
                said: dict[str, Any] = json.loads(line)
                self.peak_kilobytes = max(self.peak_kilobytes, said["peak_kilobytes"] or 0)
                if kill_at is not None and said.get("looked_at", 0) >= kill_at:
                    process.kill()
        self.seconds += time.perf_counter() - began
        assert process.returncode == (0 if kill_at is None else -9), process.returncode


def _prove(backoffice: Instance, loader: Loader) -> None:
    """Everything is there, once, and each order is told of in the journal."""
    for table, count in (("lineitem", 3), ("payment", 1), ("fulfillmentorder", 1), ("journalentry", 1)):
        sql = f"SELECT count(*) FROM orders_{table} p JOIN orders_order o ON o.id = p.order_id WHERE o.shop_id = %s"
        assert backoffice.value(sql, loader.job["shop"]) == ORDERS * count, table


def _copy(backoffice: Instance, path: Path, kind: str) -> float:
    """Orders a second when the lines are only copied, each as one value."""
    with psycopg.connect(backoffice.database_url) as database:
        database.execute("DROP TABLE IF EXISTS bench_raw_lines")
        database.execute(f"CREATE TABLE bench_raw_lines (line {kind})")
        database.commit()
        began = time.perf_counter()
        with path.open("rb") as file, database.cursor().copy("COPY bench_raw_lines FROM STDIN") as copy:
            for line in file:
                copy.write(line.replace(b"\\", b"\\\\"))
        database.commit()
        return ORDERS / (time.perf_counter() - began)


def _peer(backoffice: Instance, path: Path) -> float:
    """Orders a second by bulk_create."""
    domain = backlog.run(backoffice, "backfill_pass", "peer", path)
    took = backlog.run(backoffice, "backfill_peer", domain, path)
    assert took["orders"] == PEER_ORDERS
    return float(took["orders"] / took["seconds"])
