"""What the rows of a history cost by themselves: those of one shop, copied to a shop of their own by bare COPY.

Straight into the real tables, with their indexes, references and triggers; nothing is read, translated, looked up or
compared, and no order can have been known. With one session, no loader can be faster than that.
"""

import tempfile
import time
from typing import IO, Any

import psycopg

# In the order in which they refer to each other, and what says whose a row is.
TABLES = {
    "orders_customer": "shop_id = {shop}",
    "orders_order": "shop_id = {shop}",
    "orders_lineitem": "order_id IN (SELECT id FROM orders_order WHERE shop_id = {shop})",
    "orders_payment": "order_id IN (SELECT id FROM orders_order WHERE shop_id = {shop})",
    "orders_fulfillmentorder": "order_id IN (SELECT id FROM orders_order WHERE shop_id = {shop})",
    "orders_journalentry": "shop_id = {shop}",
}
FAR = 10**15  # added to keys, so that they are free
PIECE = 1 << 20


def seconds(database_url: str, source: int) -> float:
    """How long it takes to copy the rows of the shop `source`, once more, to a new one."""
    took = 0.0
    with psycopg.connect(database_url) as database:
        (target,) = database.execute(
            "INSERT INTO orders_shop (SELECT (jsonb_populate_record(s, jsonb_build_object('id', s.id + %s, 'domain', "
            "'copied-' || s.domain, 'public_id', 'copied_' || right(s.public_id, 20)))).* FROM orders_shop s "
            "WHERE id = %s) RETURNING id",
            [FAR, source],
        ).fetchone() or (0,)
        database.commit()
        for table, whose in TABLES.items():
            with tempfile.TemporaryFile() as file:
                columns = _copied_out(database, table, whose.format(shop=source), target, file)
                file.seek(0)
                began = time.perf_counter()
                database.execute("SET CONSTRAINTS ALL IMMEDIATE")
                with database.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    while piece := file.read(PIECE):
                        copy.write(piece)
                database.commit()
                took += time.perf_counter() - began
    return took


def _copied_out(database: psycopg.Connection[Any], table: str, whose: str, shop: int, file: IO[bytes]) -> str:
    """Write these rows into the file, as those of `shop`; returns the names of their columns."""
    new = {name: f"{name} + {FAR}" for name in ("id", "order_id", "customer_id")}
    new |= {"shop_id": str(shop), "public_id": "left(public_id, 4) || 'z' || right(public_id, -5)"}
    found = database.execute(
        "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND NOT attisdropped AND attgenerated = ''",
        [table],
    ).fetchall()
    columns = [name for (name,) in found]
    listed = ", ".join(new.get(name, name) for name in columns)
    rows = f"SELECT {listed} FROM {table} WHERE {whose} ORDER BY id"
    with database.cursor().copy(f"COPY ({rows}) TO STDOUT") as copy:
        for piece in copy:
            file.write(piece)
    database.commit()
    return ", ".join(columns)
