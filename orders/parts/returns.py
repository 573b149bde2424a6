"""Returns: goods on their way back. They have no clock; they come with a whole read, and the order's time decides."""

from typing import Any

from orders.models import Order, Return
from orders.parts.facts import Event, assign
from orders.parts.personal import kept
from orders.snapshot import ReturnSnapshot


def write_returns(order: Order, snapshots: list[ReturnSnapshot] | None) -> list[Event]:
    """Add or change returns; None changes nothing, and one that is not shown is kept."""
    if not snapshots:
        return []
    known = {row.remote_id: row for row in Return.objects.filter(order=order)}
    events = []
    for snapshot in snapshots:
        row = known.get(snapshot.remote_id)
        values = kept(order, Return, return_values(snapshot))
        if row is None:
            row = Return.objects.create(order=order, remote_id=snapshot.remote_id, **values)
            events.append(_event("return.created", row))
        elif changed := assign(row, values):
            row.save()
            events.append(_event("return.updated", row, changed=sorted(changed)))
    return events


def return_values(snapshot: ReturnSnapshot) -> dict[str, Any]:
    """Column values of one return, in the form the database gives them back."""
    same_names = "name status decline_reason exchanges closed_at"
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names.split()}
    return values | {
        "remote_created_at": snapshot.created_at,
        "lines": [
            {
                "id": part.remote_id,
                "line": part.line_remote_id,
                "quantity": part.quantity,
                "processed": part.processed,
                "refunded": part.refunded,
                "reason": part.reason,
                "note": part.note,
            }
            for part in snapshot.lines
        ],
    }


def _event(action: str, row: Return, **facts: Any) -> Event:
    units = {str(part["line"]): part["quantity"] for part in row.lines}
    return Event(action, {"status": row.status, "units": units, **facts}, subject=row.public_id)
