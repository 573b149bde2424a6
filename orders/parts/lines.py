"""The lines of an order."""

from collections.abc import Iterable
from typing import Any

from orders.models import LineItem, Order
from orders.parts.facts import amounts_json, assign
from orders.parts.personal import kept
from orders.snapshot import LineSnapshot


def write_lines(order: Order, snapshots: list[LineSnapshot], known: Iterable[LineItem] | None = None) -> bool:
    """Add and change lines; never remove one, for Shopify keeps removed lines with a current quantity of 0.

    `known` are the lines it has, where the caller knows them (a new order has none).
    """
    lines = {line.remote_id: line for line in (LineItem.objects.filter(order=order) if known is None else known)}
    new, changed, touched = [], [], set()
    for position, snapshot in enumerate(snapshots):
        line = lines.get(snapshot.remote_id)
        values = kept(order, LineItem, line_values(snapshot, position, line))
        if line is None:
            new.append(LineItem(order=order, remote_id=snapshot.remote_id, **values))
        elif differing := assign(line, values):
            changed.append(line)
            touched.update(differing)
    LineItem.objects.bulk_create(new)
    if changed:
        LineItem.objects.bulk_update(changed, sorted(touched))
    return bool(new or changed)


def line_values(snapshot: LineSnapshot, position: int, known: LineItem | None = None) -> dict[str, Any]:
    """Column values of one line, in the form the database gives them back; `known` is the line we have."""
    same_names = (
        "title variant_title sku vendor variant_id product_id quantity current_quantity requires_shipping taxable "
        "gift_card tip properties"
    )
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names.split()}
    if snapshot.fulfillment_status is not None:
        values["fulfillment_status"] = snapshot.fulfillment_status
    return values | {"position": position, "amounts": amounts_json(snapshot.amounts), "group": _group(snapshot, known)}


def _group(snapshot: LineSnapshot, known: LineItem | None) -> dict[str, Any] | None:
    """The bundle it is a part of. Messages say its id only: then its title and quantity stay as they are known."""
    same = known is not None and known.group and snapshot.group and known.group["id"] == snapshot.group["id"]
    return {**known.group, **snapshot.group} if same else snapshot.group  # type: ignore[union-attr,dict-item]
