"""Loading the file of orders: each with its customer, lines, payments, shipping and fulfillment orders.

An order whose lines in the file are the same as the last time is passed over by their digest, without being translated.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, ClassVar

import psycopg

from integrations.history import merging, reading
from integrations.history.batches import UNREADABLE, Batch, Job, Loaded, Loader, NotNew, Rows, copy_rows, rendered
from integrations.history.reading import Whole
from integrations.shopify import bulk_rows, bulk_values

# Begins the digest of what was loaded from a file. Another number whenever `bulk_rows` writes more or other columns,
# so that orders that were loaded before are compared again.
FORMAT = "bulk2:"
LONGEST_LIST = 250  # a list that has no pages ends here
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class OrderLoader(Loader):
    """Loads orders. A batch of which none is known, the usual one, is spared most of the way through staging."""

    STAGING: ClassVar[list[str]] = merging.STAGING

    def __init__(self, database: psycopg.Connection[Any], job: Job, has_far: bool) -> None:
        super().__init__(database, job, has_far)
        self.fees = {name: frozenset(values) for name, values in job.fees.items()}
        self.can_stage_parts = False

    def translate(
        self, session: psycopg.Connection[Any], chunk: list[Whole], done: Loaded, may_be_new: bool
    ) -> tuple[Rows, Rows]:
        """Rows of these orders, but for those that have not changed since the last time."""
        ids = [reading.number_of(whole.key) for whole in chunk]
        looked_up = session.execute(merging.LOOK_UP, {**self.names, "ids": ids}).fetchall()
        are_new = may_be_new and all(order_id for _, order_id in looked_up)
        rows: list[_Rows] = []
        for whole, (known, order_id) in zip(chunk, looked_up, strict=True):
            whole.children.sort(key=_by_id)
            if (digest := _digest(whole)) == known:
                continue
            try:
                rows.append(self._rows(whole, digest, order_id, are_new))
            except UNREADABLE as error:
                done.failures.append(self.failure(whole, f"{type(error).__name__}: {error}"))
        done.orders = len(chunk)
        done.reached = _made_at(chunk[-1])
        if not rows:
            return {}, {}
        lines, payments, work = merging.COPY_PARTS_OF_NEW if are_new else merging.COPY_PARTS
        orders = {
            merging.COPY_ORDERS: rendered(session, [row.order for row in rows], "ord", "evt"),
            merging.COPY_CUSTOMERS: rendered(session, [one for row in rows for one in row.customers], "cus"),
        }
        parts = {
            lines: rendered(session, [line for row in rows for line in row.lines], "li"),
            payments: rendered(session, [payment for row in rows for payment in row.payments]),
            work: rendered(session, [work for row in rows for work in row.work], "fo"),
        }
        return (orders, parts) if are_new else (orders | parts, {})

    def _rows(self, whole: Whole, digest: str, order_id: int | None, is_new: bool) -> "_Rows":
        """`order_id` is the key that an order gets of which nothing is known. Raises one of `UNREADABLE`."""
        node = reading.parse(whole.line)
        remote_id = bulk_values.number_of(node["id"])
        kinds: dict[str, list[bulk_rows.Node]] = {}
        for child in map(reading.parse, dict.fromkeys(whole.children)):
            if gid := child.get("id"):  # some shipping lines have none, and are no news
                kinds.setdefault(gid.split("/")[3], []).append(child)
        lines, transactions = kinds.get("LineItem", []), node["transactions"]
        # What a bulk file cannot hold whole, for it stands in a list: such an order is read from the shop afterwards.
        should_read = bool(node["refunds"]) or node["returnStatus"] != "NO_RETURN"
        should_read = should_read or max(len(transactions), len(node["fulfillments"])) >= LONGEST_LIST
        awaits = [] if should_read else [str(bulk_values.number_of(parcel["id"])) for parcel in node["fulfillments"]]
        customer, owner = node["customer"], order_id if order_id and is_new else remote_id
        order = bulk_rows.order_row(node, lines, kinds.get("ShippingLine", []))
        return _Rows(
            (*order, order_id, digest, should_read, bulk_values.json_text(awaits), self._may_be_protected(node, lines)),
            [bulk_rows.line_row(owner, position, line) for position, line in enumerate(lines)],
            [bulk_rows.payment_row(owner, transaction) for transaction in transactions],
            _work(owner, kinds.get("FulfillmentOrder", []), kinds.get("FulfillmentOrderLineItem", [])),
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

    def write(self, batch: Batch) -> Loaded:
        """As every loader; tables for staged parts are made when they are needed for the first time."""
        if batch.staged and not batch.parts and not self.can_stage_parts:
            with self.database.transaction():
                for statement in merging.STAGING_OF_PARTS:
                    self.database.execute(statement)
            self.can_stage_parts = True
        return super().write(batch)

    def merge(self, cursor: psycopg.Cursor[Any], batch: Batch) -> None:
        done = batch.done
        are_known = cursor.execute(merging.LOCK_KNOWN, self.names).rowcount > 0
        cursor.execute(merging.CUSTOMERS, self.names)
        are_erased = cursor.execute(merging.ARE_ERASED, self.names).rowcount > 0
        done.made = cursor.execute(merging.NEW_ORDERS, self.names).rowcount
        if batch.parts:
            if are_known or are_erased or done.made + len(done.failures) < done.orders:
                raise NotNew
            copy_rows(cursor, batch.parts)
        else:
            erasing = merging.ERASE_PARTS if are_erased else ()
            changes = merging.CHANGES if are_known else ()
            for statement in (*erasing, *merging.PARTS_OF_NEW, *changes):
                cursor.execute(statement, self.names)
        for statement in (merging.JOURNAL, merging.WAITING_MESSAGES, merging.UNFINISHED):
            cursor.execute(statement, self.names)
        (done.changed,) = cursor.execute(merging.COUNT_CHANGED).fetchone() or (0,)


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


def _by_id(line: bytes) -> int:
    """Children may come in any order, another one each time. Ids rise in the order in which they were added."""
    return reading.number_of(reading.id_of(line))


def _made_at(whole: Whole) -> str | None:
    try:
        made_at = reading.parse(whole.line)["createdAt"]
    except UNREADABLE:
        return None
    return made_at if isinstance(made_at, str) else None


def _digest(whole: Whole) -> str:
    seen = hashlib.blake2b(whole.line, digest_size=29)
    for line in whole.children:
        seen.update(line)
    return FORMAT + seen.hexdigest()
