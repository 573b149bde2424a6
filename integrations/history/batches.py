"""Loading a bulk file batch by batch, each in one transaction with the place in the file it ends at.

Flat in memory whatever the file's size: some hundred roots (orders, or fulfillment orders with their parcels) at a time
are read and translated, while the batch before them is copied to temporary tables and made real. A loader that is
killed leaves nothing half done, and the next one goes on behind the last batch. A root that the database refuses is
found by smaller batches and counted as failed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from psycopg.copy import FileWriter
from psycopg.types.json import Jsonb

from backoffice import failpoints, fresh_ids
from integrations.history import place, reading
from integrations.history.reading import Whole

BATCH = 500  # roots of a transaction: what a kill costs, at the most
BATCH_BYTES = 4 << 20  # or fewer, when they are large
NOTED = 20  # failures that are kept with their reasons
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)


Rows = dict[str, bytes]  # as text, by the statement that copies them


class Superseded(Exception):
    """Another loader has taken this pass over, or it was ended; nothing of this batch is written."""


class NotNew(Exception):
    """A batch was read as new, and is not, or not all of it may be kept; nothing is written. Read it as any other."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to load, for whom. `fees` are what tells a protected order: {"skus", "products", "variants", "attributes"},
    ids as text.

    A partial file is what Shopify had written when it gave up. `holds` is "orders" or "parcels".
    """

    run: int
    connection: int
    shop: int
    domain: str
    source: str
    path: str
    holds: str = "orders"
    is_partial: bool = False
    batch: int = BATCH
    fees: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Loaded:
    """What one batch did: orders it looked at, made and changed, parcels it made; where it ended, and when the last
    order was made (text, None when it cannot be read). `failures`: {"order": remote id, "why"}, as of every pass."""

    at: int
    orders: int = 0
    made: int = 0
    changed: int = 0
    parcels: int = 0
    reached: str | None = None
    failures: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """Roots that were read and translated: from which byte on, what is to be told of them, and their rows.

    `staged` go into temporary tables. `parts` belong to orders that are new to us: they go straight into their tables
    as soon as their orders are there, at two thirds of the price.
    """

    at: int
    done: Loaded
    staged: Rows
    parts: Rows


class Loader:
    """Loads one file. What its roots are and how they are made real, its kinds say."""

    STAGING: ClassVar[list[str]]  # temporary tables

    def __init__(self, database: psycopg.Connection[Any], job: Job, has_far: bool) -> None:
        self.database = database
        self.job = job
        self.has_far = has_far
        self.names = {"shop": job.shop, "connection": job.connection, "source": job.source, "domain": job.domain,
                      "by": "shopify", "run": job.run}  # fmt: skip
        database.execute("SET temp_buffers = '64MB'")
        database.execute("SET jit = off")  # compiling these statements takes longer than running them
        for statement in self.STAGING:
            database.execute(statement)
        database.commit()

    def read(self, session: psycopg.Connection[Any], at: int, most: int, *, may_be_new: bool = True) -> Batch | None:
        """Read up to `most` roots from the byte `at` on and translate them; None when there is none.

        `may_be_new`: whether it is worth trying to take them for new. Nothing is written, and what is looked up in
        `session` may be of a moment ago: so a batch can be read while the one before it is written.
        """
        chunk, seen, size = list[Whole](), set[bytes](), 0
        for whole in self._roots(at):
            if whole.key in seen:  # it comes twice: for the next batch
                break
            seen.add(whole.key)
            chunk.append(whole)
            size += whole.size
            if len(chunk) == most or size > BATCH_BYTES:
                break
        if not chunk:
            return None
        if self.has_far:
            self._fetch_far(session, chunk)
        done = Loaded(chunk[-1].end)
        return Batch(at, done, *self.translate(session, chunk, done, may_be_new))

    def write(self, batch: Batch) -> Loaded:
        """Make a batch real, in one transaction with the place in the file it ends at. Raises Superseded, NotNew."""
        with self.database.transaction(), self.database.cursor() as cursor:
            # Deferred, the checks of references would be gone through again at each entry of the journal: its trigger
            # catches an error, and PostgreSQL then looks at all that is deferred (6 times slower).
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            copy_rows(cursor, batch.staged)
            failpoints.reach("history.staged")
            if batch.staged:
                self.merge(cursor, batch)
            failpoints.reach("history.merged")
            self._note(cursor, batch.at, batch.done)
        failpoints.reach("history.committed")
        return batch.done

    def pass_over(self, at: int, reason: str) -> Loaded:
        """Leave out the one root at `at`, which the database refuses for `reason`."""
        whole = next(self._roots(at))
        done = Loaded(whole.end, orders=int(self.job.holds == "orders"), failures=[self.failure(whole, reason)])
        with self.database.transaction(), self.database.cursor() as cursor:
            self._note(cursor, at, done)
        return done

    def failure(self, whole: Whole, why: str) -> dict[str, Any]:
        """What is noted of a root that cannot be loaded."""
        return {"order": self.order_of(whole), "why": why[:300]}

    def order_of(self, whole: Whole) -> int:
        """The remote id of the order that this root is, or belongs to."""
        return reading.number_of(whole.key)

    def _roots(self, at: int) -> Iterator[Whole]:
        return reading.orders(Path(self.job.path), at, is_partial=self.job.is_partial)

    def translate(
        self, session: psycopg.Connection[Any], chunk: list[Whole], done: Loaded, may_be_new: bool
    ) -> tuple[Rows, Rows]:
        """The rows of these roots with their children, as a batch has them."""
        raise NotImplementedError

    def merge(self, cursor: psycopg.Cursor[Any], batch: Batch) -> None:
        """Make real what was staged; raises NotNew."""
        raise NotImplementedError

    def _fetch_far(self, session: psycopg.Connection[Any], chunk: list[Whole]) -> None:
        """Add to these roots the children that stand elsewhere in the file, and theirs."""
        owner = {
            reading.named(key): whole for whole in chunk for key in (whole.key, *map(reading.id_of, whole.children))
        }
        keys = list(owner)
        while keys:
            found = session.execute(place.FAR_CHILDREN, {"run": self.job.run, "keys": keys}).fetchall()
            keys = []
            for parent, line in found:
                whole = owner[bytes(parent)]
                whole.children.append(bytes(line))
                owner[key := reading.named(reading.id_of(whole.children[-1]))] = whole
                keys.append(key)

    def _note(self, cursor: psycopg.Cursor[Any], at: int, done: Loaded) -> None:
        """Write where the batch ends; raises Superseded when the pass is not at `at` any more."""
        values = {
            "run": self.job.run, "at": at, "end": done.at, "looked_at": done.orders, "failed": len(done.failures),
            "made": done.made, "changed": done.changed, "failures": Jsonb(done.failures[:NOTED]), "noted": NOTED,
            "reached": done.reached, "parcels": done.parcels,
        }  # fmt: skip
        if cursor.execute(place.PROGRESS, values).rowcount != 1:
            raise Superseded(f"Pass {self.job.run} is not at byte {at} any more.")


def copy_rows(cursor: psycopg.Cursor[Any], rows: Rows) -> None:
    """Copy these rows to where they belong."""
    for statement, text in rows.items():
        if text:
            with cursor.copy(statement) as copy:
                copy.write(text)


def rendered(session: psycopg.Connection[Any], rows: list[tuple[Any, ...]], *prefixes: str) -> bytes:
    """The rows as COPY takes them, behind each a fresh public id for every prefix."""
    text, ids = BytesIO(), zip(*(fresh_ids.many(prefix, len(rows)) for prefix in prefixes), strict=True)
    with psycopg.Copy(session.cursor(), writer=FileWriter(text)) as copy:
        for row in rows:
            copy.write_row(row + next(ids, ()))
    return text.getvalue()
