"""Lines of an order as a change names them, and how many units of each can still be sent, or given back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders.changes.asking import whole
from orders.models import Fulfillment, LineItem, Order
from orders.models.change import ChangeRefused

MOST_LINES = 250


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many units of a line, with what else was said of them, and where in the input it stands."""

    line: LineItem
    quantity: int
    said: dict[str, Any]
    pointer: str


def wanted_lines(
    order: Order, lines: Any, fields: Sequence[str] = (), *, least: int = 1, needed: bool = True, at: str = "/lines"
) -> list[Wanted]:
    """`lines` is [{"line_item": our id or the shop's, "quantity": n, further `fields`}]; each line once.

    Raises ChangeRefused: invalid_lines, unknown_field, unknown_line, invalid_quantity.
    """
    rows = objects(lines, ("line_item", "quantity", *fields), needed=needed, at=at)
    known = {key: line for line in order.lines.all() for key in (line.public_id, str(line.remote_id))}
    found: dict[int, Wanted] = {}
    for index, row in enumerate(rows):
        pointer = f"{at}/{index}"
        line = known.get(str(row.get("line_item")))
        if line is None:
            raise ChangeRefused("unknown_line", f"This is not a line of {order}.", f"{pointer}/line_item")
        if line.pk in found:
            raise ChangeRefused("invalid_lines", f"{line} is named twice.", f"{pointer}/line_item")
        quantity = whole(row.get("quantity"), f"{pointer}/quantity", least=least)
        said = {name: row[name] for name in fields if name in row}
        found[line.pk] = Wanted(line, quantity, said, pointer)
    return list(found.values())


def objects(rows: Any, fields: Sequence[str], *, needed: bool, at: str) -> list[Mapping[str, Any]]:
    """A list of objects with these fields at the most; raises ChangeRefused invalid_lines, unknown_field."""
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise ChangeRefused("invalid_lines", "Give a list of objects.", at)
    if (needed and not rows) or len(rows) > MOST_LINES:
        raise ChangeRefused("invalid_lines", f"Name from 1 to {MOST_LINES} lines.", at)
    for index, row in enumerate(rows):
        if unknown := [name for name in row if name not in fields]:
            raise ChangeRefused(
                "unknown_field", f"{unknown[0]!r} is not known here; there are {', '.join(fields)}.",
                f"{at}/{index}/{unknown[0]}",
            )  # fmt: skip
    return list(rows)


def sent_units(order: Order) -> Counter[int]:
    """Units in parcels that were not cancelled or refused, by the line's remote id."""
    sent: Counter[int] = Counter()
    for parcel in Fulfillment.objects.filter(order=order).exclude(status__in=["cancelled", "error", "failure"]):
        for part in parcel.lines:
            sent[part["line"]] += part["quantity"]
    return sent
