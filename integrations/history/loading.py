"""Loading a bulk file into the orders: batch by batch, each in one transaction with the place in the file it ends at.

Flat in memory whatever the file's size: some hundred orders at a time are read, translated and copied to temporary
tables; at the end of a batch `merging` makes them real. A loader that is killed leaves nothing half done, and the next
one goes on behind the last batch. An order whose lines in the file are the same as the last time is passed over by
their digest, without being translated. One that the database refuses is found by smaller batches and counted as failed.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from backoffice import failpoints, fresh_ids
from integrations.history import merging, reading
from integrations.history.reading import Whole
from integrations.shopify import bulk_rows

BATCH = 5_000  # orders of a transaction
CHUNK = 500  # orders that are in memory at the same time
CHUNK_BYTES = 4 << 20  # or fewer, when they are large
# Begins the digest of what was loaded from a file. Another number whenever `bulk_rows` writes more or other columns,
# so that orders that were loaded before are compared again.
FORMAT = "bulk2:"
LONGEST_LIST = 250  # a list that has no pages ends here
NOTED = 20  # failures that are kept with their reasons
# What a bulk file cannot hold whole, for it stands in a list: such an order is read from the shop afterwards.
_READ_WHOLE = ("fulfillments", "refunds")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)


class Superseded(Exception):
    """Another loader has taken this pass over, or it was ended; nothing of this batch is written."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to load, for whom. `fees` are what tells a protected order: {"skus", "products", "variants", "attributes"},
    ids as text.

    A partial file is what Shopify had written when it gave up.
    """

    run: int
    connection: int
    shop: int
    domain: str
    source: str
    path: str
    is_partial: bool = False
    batch: int = BATCH
    fees: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Loaded:
    """What one batch did: orders it looked at, made and changed; where it ended, and when
    the last order was made (text, None when it cannot be read)."""

    at: int
    orders: int = 0
    made: int = 0
    changed: int = 0
    reached: str | None = None
    failures: list[str] = field(default_factory=list)


def load(
    database: psycopg.Connection[Any], job: Job, at: int, *, has_far: bool, may_go_on: Callable[[], bool] = lambda: True
) -> Iterator[Loaded]:
    """Load the file from the byte `at` on, yielding after each batch's commit, until its end or `may_go_on` says no.

    `has_far` says that children were staged. Raises Superseded, psycopg.Error when the database cannot be used.
    """
    loader, size = _Loader(database, job, has_far), job.batch
    while may_go_on():
        try:
            done = loader.batch(at, size)
        except psycopg.DataError as error:
            if size > 1:
                size = max(1, size // 10)
                continue
            done = loader.pass_over(at, str(error).splitlines()[0])
        if done is None:
            return
        at = done.at
        yield done
        size = min(job.batch, size * 2)


class _Loader:
    def __init__(self, database: psycopg.Connection[Any], job: Job, has_far: bool) -> None:
        self.database = database
        self.job = job
        self.has_far = has_far
        self.names = {"shop": job.shop, "connection": job.connection, "source": job.source, "domain": job.domain,
                      "by": "shopify", "run": job.run}  # fmt: skip
        self.are_known = False  # any of this batch's orders
        self.fees = {name: frozenset(values) for name, values in job.fees.items()}
        database.execute("SET temp_buffers = '64MB'")
        database.execute("SET jit = off")  # compiling these statements takes longer than running them
        for statement in merging.STAGING:
            database.execute(statement)
        database.commit()

    def batch(self, at: int, most: int) -> Loaded | None:
        """Load up to `most` orders from the byte `at` on; None when there is none."""
        done, seen, chunk, size = Loaded(at), set[bytes](), list[Whole](), 0
        self.are_known = False
        with self.database.transaction(), self.database.cursor() as cursor:
            # Deferred, the checks of references would be gone through again at each entry of the journal: its trigger
            # catches an error, and PostgreSQL then looks at all that is deferred (6 times slower).
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for whole in self._orders(at):
                if whole.key in seen:  # it comes twice: for the next batch
                    break
                seen.add(whole.key)
                chunk.append(whole)
                size += whole.size
                if len(chunk) == CHUNK or size > CHUNK_BYTES:
                    self._stage(cursor, chunk, done)
                    chunk, size = [], 0
                if len(seen) == most:
                    break
            if chunk:
                self._stage(cursor, chunk, done)
            if not seen:
                return None
            failpoints.reach("history.staged")
            self._merge(cursor, done)
            failpoints.reach("history.merged")
            self._note(cursor, at, done)
        failpoints.reach("history.committed")
        return done

    def pass_over(self, at: int, reason: str) -> Loaded:
        """Leave out the one order at `at`, which the database refuses for `reason`."""
        whole = next(self._orders(at))
        done = Loaded(whole.end, orders=1, failures=[f"{reading.named(whole.key).decode()}: {reason}"])
        with self.database.transaction(), self.database.cursor() as cursor:
            self._note(cursor, at, done)
        return done

    def _orders(self, at: int) -> Iterator[Whole]:
        return reading.orders(Path(self.job.path), at, is_partial=self.job.is_partial)

    def _stage(self, cursor: psycopg.Cursor[Any], chunk: list[Whole], done: Loaded) -> None:
        """Copy these orders into the temporary tables, but for those that have not changed since the last time."""
        if self.has_far:
            self._fetch_far(cursor, chunk)
        ids = [reading.number_of(whole.key) for whole in chunk]
        known = dict(cursor.execute(merging.DIGESTS, {**self.names, "ids": ids}).fetchall())
        self.are_known = self.are_known or bool(known)
        rows: list[_Rows] = []
        for remote_id, whole in zip(ids, chunk, strict=True):
            whole.children.sort(key=by_id)
            digest = _digest(whole)
            if known.get(remote_id) != digest:
                try:
                    rows.append(self._rows(whole, digest))
                except _UNREADABLE as error:
                    done.failures.append(f"{reading.named(whole.key).decode()}: {type(error).__name__}: {error}")
        done.orders += len(chunk)
        done.at, done.reached = chunk[-1].end, _made_at(chunk[-1])
        _copy(cursor, merging.COPY_ORDERS, [row.order for row in rows], "ord", "evt")
        _copy(cursor, merging.COPY_LINES, [line for row in rows for line in row.lines], "li")
        _copy(cursor, merging.COPY_PAYMENTS, [payment for row in rows for payment in row.payments])
        _copy(cursor, merging.COPY_WORK, [work for row in rows for work in row.work], "fo")
        _copy(cursor, merging.COPY_CUSTOMERS, [customer for row in rows for customer in row.customers], "cus")

    def _fetch_far(self, cursor: psycopg.Cursor[Any], chunk: list[Whole]) -> None:
        """Add to these orders the children that stand elsewhere in the file, and theirs."""
        owner = {
            reading.named(key): whole for whole in chunk for key in (whole.key, *map(reading.id_of, whole.children))
        }
        keys = list(owner)
        while keys:
            found = cursor.execute(merging.FAR_CHILDREN, {"run": self.job.run, "keys": keys}).fetchall()
            keys = []
            for parent, line in found:
                whole = owner[bytes(parent)]
                whole.children.append(bytes(line))
                owner[key := reading.named(reading.id_of(whole.children[-1]))] = whole
                keys.append(key)

    def _rows(self, whole: Whole, digest: str) -> "_Rows":
        """Raises one of `_UNREADABLE`."""
        node = reading.parse(whole.line)
        remote_id = bulk_rows.number_of(node["id"])
        kinds: dict[str, list[bulk_rows.Node]] = {}
        for child in map(reading.parse, dict.fromkeys(whole.children)):
            if gid := child.get("id"):  # some shipping lines have none, and are no news
                kinds.setdefault(gid.split("/")[3], []).append(child)
        lines, transactions = kinds.get("LineItem", []), node["transactions"]
        should_read = any(node.get(name) for name in _READ_WHOLE) or len(transactions) >= LONGEST_LIST
        should_read = should_read or node["returnStatus"] != "NO_RETURN"
        customer = node["customer"]
        order = bulk_rows.order_row(node, lines, kinds.get("ShippingLine", []))
        return _Rows(
            (*order, digest, should_read, self._may_be_protected(node, lines)),
            [bulk_rows.line_row(remote_id, position, line) for position, line in enumerate(lines)],
            [bulk_rows.payment_row(remote_id, transaction) for transaction in transactions],
            _work(remote_id, kinds.get("FulfillmentOrder", []), kinds.get("FulfillmentOrderLineItem", [])),
            [bulk_rows.customer_row(customer)] if customer else [],
        )

    def _may_be_protected(self, node: bulk_rows.Node, lines: list[bulk_rows.Node]) -> bool:
        """Whether coverage may follow from this order, or it is the replacement that somebody waits for."""
        if _UUID.fullmatch(node["sourceIdentifier"] or ""):
            return True
        if not self.fees:
            return False
        return any(pair["key"] in self.fees["attributes"] for pair in node["customAttributes"]) or any(
            line["sku"] in self.fees["skus"]
            or (line["product"] and line["product"]["id"].rpartition("/")[2] in self.fees["products"])
            or (line["variant"] and line["variant"]["id"].rpartition("/")[2] in self.fees["variants"])
            for line in lines
        )

    def _merge(self, cursor: psycopg.Cursor[Any], done: Loaded) -> None:
        known = (merging.LOCK_KNOWN,) if self.are_known else ()
        changes = (merging.KNOWN_ORDERS, merging.LINES_OF_KNOWN, merging.VERSIONS) if self.are_known else ()
        new = (merging.NEW_ORDERS, merging.LINES_OF_NEW, merging.PAYMENTS_OF_NEW, merging.WORK_OF_NEW)
        for statement in (*known, merging.CUSTOMERS):
            cursor.execute(statement, self.names)
        if cursor.execute(merging.ARE_ERASED, self.names).rowcount:
            for statement in merging.ERASE_PARTS:
                cursor.execute(statement)
        for statement in (*new, *changes, merging.JOURNAL, merging.WAITING_MESSAGES, merging.UNFINISHED):
            cursor.execute(statement, self.names)
        made, changed = cursor.execute(merging.COUNTS).fetchone() or (0, 0)
        done.made, done.changed = made, changed

    def _note(self, cursor: psycopg.Cursor[Any], at: int, done: Loaded) -> None:
        """Write where the batch ends; raises Superseded when the pass is not at `at` any more."""
        values = {
            "run": self.job.run, "at": at, "end": done.at, "looked_at": done.orders, "failed": len(done.failures),
            "made": done.made, "changed": done.changed, "failures": Jsonb(done.failures[:NOTED]), "noted": NOTED,
            "reached": done.reached,
        }  # fmt: skip
        if cursor.execute(merging.PROGRESS, values).rowcount != 1:
            raise Superseded(f"Pass {self.job.run} is not at byte {at} any more.")


@dataclass(slots=True)
class _Rows:
    order: bulk_rows.Row
    lines: list[bulk_rows.Row]
    payments: list[bulk_rows.Row]
    work: list[bulk_rows.Row]
    customers: list[bulk_rows.Row]  # one or none


def _work(order: int, nodes: list[bulk_rows.Node], parts: list[bulk_rows.Node]) -> list[bulk_rows.Row]:
    """Fulfillment orders, each with its own lines."""
    if not nodes:
        return []
    of: dict[str, list[bulk_rows.Node]] = {}
    for part in parts:
        of.setdefault(part["__parentId"], []).append(part)
    return [bulk_rows.work_row(order, node, of.get(node["id"], [])) for node in nodes]


def by_id(line: bytes) -> int:
    """Children may come in any order, another one each time. Ids rise in the order in which they were added."""
    return reading.number_of(reading.id_of(line))


def _made_at(whole: Whole) -> str | None:
    try:
        made_at = reading.parse(whole.line)["createdAt"]
    except _UNREADABLE:
        return None
    return made_at if isinstance(made_at, str) else None


def _digest(whole: Whole) -> str:
    seen = hashlib.blake2b(whole.line, digest_size=29)
    for line in whole.children:
        seen.update(line)
    return FORMAT + seen.hexdigest()


def _copy(cursor: psycopg.Cursor[Any], statement: str, rows: list[tuple[Any, ...]], *prefixes: str) -> None:
    """Copy the rows, behind each a fresh public id for every prefix."""
    if rows:
        ids = zip(*(fresh_ids.many(prefix, len(rows)) for prefix in prefixes), strict=True)
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row + next(ids, ()))
