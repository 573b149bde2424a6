"""Loading the file of parcels: what a store has sent, by way of its fulfillment orders, with lines, tracking and scans.

A parcel of several fulfillment orders stands in the file once for each; the first is taken. One that cannot be read, or
whose lines are not all there, stays awaited: its order is read from the shop afterwards.
"""

from typing import Any, ClassVar

import psycopg

from integrations.history import parcel_merging, reading
from integrations.history.batches import UNREADABLE, Batch, Loaded, Loader, Rows, rendered
from integrations.history.reading import Whole
from integrations.shopify import bulk_parcels, bulk_values
from integrations.shopify.bulk_rows import Node, Row


class ParcelLoader(Loader):
    """Loads parcels of the orders that wait for them."""

    STAGING: ClassVar[list[str]] = parcel_merging.STAGING

    def translate(
        self, session: psycopg.Connection[Any], chunk: list[Whole], done: Loaded, may_be_new: bool
    ) -> tuple[Rows, Rows]:
        """Rows of the parcels that are awaited, and of their scans."""
        parts: dict[str, dict[str, Node]] = {}
        parcels: list[tuple[int, Node]] = []
        for whole in chunk:
            order = self.order_of(whole) if whole.children else 0
            for line in whole.children:
                try:
                    node = reading.parse(line)
                    if "/Fulfillment/" in node["id"]:
                        parcels.append((order, node))
                    else:
                        parts.setdefault(node["__parentId"], {})[node["id"]] = node
                except UNREADABLE:
                    continue
        awaited = dict(
            session.execute(parcel_merging.AWAITED, {**self.names, "ids": [order for order, _ in parcels]}).fetchall()
        )
        staged: set[tuple[int, int]] = set()  # order and parcel
        rows: list[Row] = []
        scans: list[Row] = []
        sent_lines: list[Row] = []
        for order, node in parcels:
            try:
                number = bulk_values.number_of(node["id"])
                if (order, number) in staged or str(number) not in awaited.get(order, ()):
                    continue
                of_it = parts.get(node["id"], {}).values()
                lines = [part for part in of_it if not _is_scan(part)]
                row = bulk_parcels.parcel_row(order, node, lines)
                how_far = bulk_parcels.sent_rows(number, node, lines)
                found = [bulk_parcels.scan_row(number, part) for part in of_it if _is_scan(part)]
            except UNREADABLE:
                continue
            staged.add((order, number))
            rows.append(row)
            scans += found
            sent_lines += how_far
        if not rows:
            return {}, {}
        return {
            parcel_merging.COPY_PARCELS: rendered(session, rows, "ful", "evt"),
            parcel_merging.COPY_SCANS: rendered(session, scans),
            parcel_merging.COPY_SENT: rendered(session, sent_lines),
        }, {}

    def order_of(self, whole: Whole) -> int:
        """Of the order whose fulfillment order this is; 0 when it cannot be read."""
        try:
            return bulk_values.number_of(reading.parse(whole.line)["orderId"])
        except UNREADABLE:
            return 0

    def merge(self, cursor: psycopg.Cursor[Any], batch: Batch) -> None:
        """Make the parcels real; orders that have all of theirs wait no more."""
        for statement in parcel_merging.MERGE:
            cursor.execute(statement, self.names)
        (batch.done.parcels,) = cursor.execute(parcel_merging.COUNT).fetchone() or (0,)


def _is_scan(node: Node) -> bool:
    return "/FulfillmentEvent/" in node["id"]
