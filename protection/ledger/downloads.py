"""The rows behind a figure, as CSV: the same query as the figure's own, so that they add up to it."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from protection.ledger.asking import Ledger, Row
from protection.ledger.period import zone_of

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Listing:
    """A kind of rows: the query it is from (or its own name), its columns, and what it may be narrowed by."""

    columns: tuple[str, ...]
    filters: tuple[str, ...]
    order: str
    rows: str = ""
    where: str = "true"
    joined: str = "rows"


# Rows that are counted by the thousand do not carry the names of their orders; these do.
NAMED = (
    """(SELECT rows.*, {more}o.public_id AS "order", o.name FROM rows JOIN orders_order o ON o.id = rows.order_id)"""
)
LISTINGS = {
    "fees": Listing(
        ("day", "at", "shop", "what", "order", "name", "source", "currency", "amount", "tax"),
        ("currency", "what"),
        "at, source",
        rows="income",
        where="what <> 'recovered'",
    ),
    "recoveries": Listing(
        ("day", "shop", "source", "order", "name", "currency", "amount"),
        ("currency",),
        "day, source",
        rows="income",
        where="what = 'recovered'",
    ),
    "costs": Listing(
        (
            "day", "at", "shop", "resolution", "kind", "claim", "reason", "order", "name", "covered_by", "currency",
            "goods", "goods_from", "label", "label_from", "duty", "duty_from", "money", "cost",
        ),
        ("currency", "kind", "reason", "covered_by"),
        "at, resolution",
        where="month BETWEEN 1 AND %(months)s",
        joined=NAMED.format(more=""),
    ),
    "eligible": Listing(
        ("day", "at", "shop", "order", "name", "protected", "currency", "value"), ("currency",), 'at, "order"'
    ),
    "sent": Listing(
        ("day", "at", "shop", "by", "key", "order", "name", "claims"),
        ("by", "key"),
        "by, key, order_id",
        joined=NAMED.format(more="o.shop_id, COALESCE(o.processed_at, o.remote_created_at) AS at, "),
    ),
    "claims": Listing(
        ("filed_at", "at", "shop", "claim", "reason", "state", "outcome", "stands", "approved", "carried_out", "order",
         "name", "currency"),
        ("currency", "reason", "stands"),
        "filed_at, claim",
    ),
    "feedback": Listing(
        ("day", "at", "shop", "feedback", "score", "claim", "reason", "outcome"), (), "at, feedback"
    ),
}  # fmt: skip


class _Line:
    """What a csv.writer writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(ledger: Ledger, name: str, wanted: Mapping[str, str]) -> Iterator[str]:
    """The listing `name` line by line, head first, narrowed to `wanted` (others than its filters say nothing)."""
    listing = LISTINGS[name]
    filters = {column: wanted[column].replace("\x00", "") for column in listing.filters if column in wanted}
    conditions = "".join(f" AND rows.{column} = %({column})s" for column in filters)
    question = f"SELECT * FROM {listing.joined} rows WHERE {listing.where}{conditions} ORDER BY {listing.order}"  # noqa: S608 constants, see LISTINGS
    shops = {shop.pk: shop for shop in ledger.shops}
    writer = csv.writer(_Line())
    yield writer.writerow(listing.columns)
    for row in ledger.stream(listing.rows or name, question, **filters):
        shop = shops[row["shop_id"]]
        zone = zone_of(shop)
        named: Row = {**row, "shop": shop.domain}
        if row.get("at") is not None and row.get("day") is None:
            named["day"] = row["at"].astimezone(zone).date()
        yield writer.writerow([_cell(named[column], zone) for column in listing.columns])


def _cell(value: Any, zone: tzinfo) -> str:
    """One cell: moments in the shop's own time, and nothing that a spreadsheet would take for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
