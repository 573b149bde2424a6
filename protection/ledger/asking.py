"""The ledger's questions to the database: figures and the rows behind them come from the same query, in `sql/`."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from orders.models import Shop
from orders.money import MINOR_UNITS
from protection.ledger.period import ONE_DAY, Period, spans

FOLDER = Path(__file__).parent / "sql"
# The shop has no money (yet) for orders that stand so; anything else, also what we never heard of, counts as paid.
UNPAID = ["pending", "authorized", "unpaid", "voided", "expired"]
GOODS_SHARE = Decimal(50)  # percent of the price, where nobody said better
HISTORY = timedelta(days=365)
AT_ONCE = 2000

Row = dict[str, Any]


class Ledger:
    """Questions about some shops in a period; `today` is the last of the 365 days that open claims are judged by.

    The shops are read by whoever asks, so that pages know their names.
    """

    def __init__(self, shops: Sequence[Shop], period: Period, today: date) -> None:
        self.shops, self.period = shops, period
        self.arguments: dict[str, Any] = {
            "shops": json.dumps(spans(shops, period, today - HISTORY)),
            "days": [*period.months, period.last + ONE_DAY],
            "months": len(period.months),
            "unpaid": UNPAID,
            "share": GOODS_SHARE,
        }

    def ask(self, rows: str, question: str, **more: Any) -> list[Row]:
        """`question` is SQL over the table `rows`, which is the file of that name."""
        with connection.cursor() as cursor:
            cursor.execute(_whole(rows, question), self.arguments | more)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def stream(self, rows: str, question: str, **more: Any) -> Iterator[Row]:
        """The same without ever holding more than some thousand rows."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(_whole(rows, question), self.arguments | more)
            while found := cursor.fetchmany(AT_ONCE):
                names = [column.name for column in cursor.description]
                for row in found:
                    yield dict(zip(names, row, strict=True))


@cache
def _file(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text()


@cache
def _whole(rows: str, question: str) -> str:
    """One statement. Nothing that came from outside is in its text: that is in the arguments."""
    body = _file(rows).replace("PARCELS", _file("parcels")).replace("DIGITS", _digits("currency"))
    return f"WITH span AS MATERIALIZED ({_file('span')}), rows AS ({body}) {question}"


def _digits(currency: str) -> str:
    """Digits after the point in the currency of a column, as SQL."""
    listed: dict[int, list[str]] = {}
    for code, digits in MINOR_UNITS.items():
        listed.setdefault(digits, []).append(f"'{code}'")
    cases = " ".join(f"WHEN {currency} IN ({', '.join(codes)}) THEN {digits}" for digits, codes in listed.items())
    return f"CASE {cases} ELSE 2 END"
