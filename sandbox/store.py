"""The stand-in's memory: one SQLite file, one writer at a time, readers beside it.

Orders are JSON documents (their shape is made in ``order_documents``); the columns beside a document are only what
is searched or sorted by. Nothing waits for the disk: a killed process loses nothing, a power cut may lose seconds.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import platform_tables

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS shops (
  domain TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, secret TEXT NOT NULL, currency TEXT NOT NULL,
  id INTEGER NOT NULL, next_number INTEGER NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  source_identifier TEXT, email TEXT, tags TEXT NOT NULL, test INTEGER NOT NULL, status TEXT NOT NULL,
  document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_by_update ON orders (shop, updated_at, id);
CREATE INDEX IF NOT EXISTS orders_by_creation ON orders (shop, created_at, id);
CREATE INDEX IF NOT EXISTS orders_by_source ON orders (shop, source_identifier);
CREATE TABLE IF NOT EXISTS parts (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS customers (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, seat INTEGER, document TEXT NOT NULL, UNIQUE (shop, seat)
);
CREATE TABLE IF NOT EXISTS shelves (
  shop TEXT NOT NULL, variant_id INTEGER NOT NULL, location_id INTEGER NOT NULL, available INTEGER NOT NULL,
  committed INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  PRIMARY KEY (shop, variant_id, location_id)
);
CREATE TABLE IF NOT EXISTS fulfillment_orders (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, order_id INTEGER NOT NULL, location_id INTEGER NOT NULL,
  status TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS fulfillment_orders_of_order ON fulfillment_orders (order_id);
CREATE INDEX IF NOT EXISTS fulfillment_orders_by_update ON fulfillment_orders (shop, updated_at, id);
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, shop TEXT NOT NULL, order_id INTEGER NOT NULL, given TEXT NOT NULL, run_at REAL NOT NULL,
  status TEXT NOT NULL, problem TEXT
);
CREATE TABLE IF NOT EXISTS metafields (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, order_id INTEGER NOT NULL, namespace TEXT NOT NULL, key TEXT NOT NULL,
  type TEXT NOT NULL, value TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS metafields_of_order ON metafields (order_id);
CREATE UNIQUE INDEX IF NOT EXISTS metafields_custom_id ON metafields (shop, namespace, key, value) WHERE type = 'id';
CREATE TABLE IF NOT EXISTS deletions (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, order_id INTEGER NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS subscriptions (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, topic TEXT NOT NULL, uri TEXT NOT NULL, name TEXT, filter TEXT,
  include_fields TEXT NOT NULL, namespaces TEXT NOT NULL, format TEXT NOT NULL, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL, UNIQUE (shop, topic, uri)
);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, webhook_id TEXT NOT NULL, event_id TEXT NOT NULL, shop TEXT NOT NULL,
  subscription_id INTEGER NOT NULL, topic TEXT NOT NULL, uri TEXT NOT NULL, name TEXT, order_id INTEGER,
  triggered_at TEXT NOT NULL, body BLOB NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
  next_at REAL NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '', answered_at TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS sinks (
  name TEXT PRIMARY KEY, secrets TEXT NOT NULL, status INTEGER NOT NULL, delay_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, sink TEXT NOT NULL, received_at TEXT NOT NULL, webhook_id TEXT NOT NULL,
  timestamp TEXT NOT NULL, signature TEXT NOT NULL, body TEXT NOT NULL, verified TEXT NOT NULL, status INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_of_sink ON messages (sink, id);
CREATE TABLE IF NOT EXISTS idempotency (
  shop TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, outcome TEXT NOT NULL,
  created_at TEXT NOT NULL, PRIMARY KEY (shop, operation, key)
);
CREATE TABLE IF NOT EXISTS records (
  number INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, shop TEXT NOT NULL, kind TEXT NOT NULL, document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS records_of_kind ON records (shop, kind, number);
"""

# How many ids one write sets aside, so that most writes need not touch the counter's row.
IDS_AT_ONCE = 1_000


@dataclass(slots=True)
class Delivery:
    """One webhook on its way to one address; ``body`` is exactly what is signed and sent, at every try."""

    id: int
    webhook_id: str
    event_id: str
    shop: str
    subscription_id: int
    topic: str
    uri: str
    name: str | None
    triggered_at: str
    body: bytes
    tries: int = 0
    forged: str | None = None


@dataclass(slots=True)
class Writing:
    """One transaction: its connection, ids for what it creates, and the webhooks to start once it is committed."""

    connection: sqlite3.Connection
    new_id: Callable[[], int]
    deliveries: list[Delivery] = field(default_factory=list)


class Store:
    """Opens (and creates) the file; hands out reading and writing connections to any thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._writing = threading.Lock()
        self._writer = self._connect()
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._writer.executescript(TABLES)
        self._writer.executescript(platform_tables.TABLES)
        self._next = self._reserved = self._counter("ids")
        self.started: Callable[[list[Delivery]], None] = lambda deliveries: None
        self.bulk_asked: Callable[[int], None] = lambda number: None

    @contextmanager
    def write(self) -> Iterator[Writing]:
        """One transaction; the webhooks it queued are handed to ``started`` after the commit, outside the lock."""
        with self._writing:
            writing = Writing(self._writer, self._new_id)
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield writing
                self._writer.execute("COMMIT")
            except BaseException:
                self._writer.execute("ROLLBACK")
                # The reservation may have been rolled back as well: reserve again, skip what was handed out.
                self._reserved = self._next
                raise
        if writing.deliveries:
            self.started(writing.deliveries)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees the last commit."""
        try:
            connection = self._readers.get_nowait()
        except queue.Empty:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._readers.put(connection)

    def close(self) -> None:
        """Fold the journal back into the file; other threads must be done."""
        with self._writing:
            self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None, timeout=10)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _counter(self, key: str) -> int:
        row = self._writer.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return int(row["value"]) if row else 1

    def _new_id(self) -> int:
        if self._next >= self._reserved:
            self._reserved = self._next + IDS_AT_ONCE
            self._writer.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('ids', ?)", (self._reserved,))
        number, self._next = self._next, self._next + 1
        # Shopify's ids are large; about every third is made too large for a double, to catch who reads them as one.
        # Mixed, because an order takes several ids: plain counting would make all orders large, or none.
        too_large = (number * 2_654_435_761 >> 7) % 3 == 0
        return 5_900_000_000_017 + number * 32_768 + (2**53 if too_large else 0)
