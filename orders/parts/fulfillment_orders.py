"""Work for a location: what of an order is to be sent from where, and what holds it up.

A fulfillment order has a clock of its own; a change of it does not move the order's. So each is compared by its own
time, whatever the order's says, and one that a snapshot does not show is kept as it was last known.
"""

from typing import Any

from orders.models import FulfillmentOrder, Order
from orders.parts.facts import Event, assign
from orders.parts.personal import kept
from orders.snapshot import FulfillmentOrderSnapshot

_NO_NEWS = {"remote_updated_at", "supported_actions"}  # the second follows from the others and from our rights


def write_fulfillment_orders(
    order: Order, snapshots: list[FulfillmentOrderSnapshot] | None, *, is_new: bool = False
) -> list[Event]:
    """Add or change fulfillment orders, none where the stored one is newer; None changes nothing.

    A new order has none yet.
    """
    if not snapshots:
        return []
    known = {} if is_new else {row.remote_id: row for row in FulfillmentOrder.objects.filter(order=order)}
    new: list[FulfillmentOrder] = []
    events = []
    for snapshot in snapshots:
        row = known.get(snapshot.remote_id)
        values = kept(order, FulfillmentOrder, fulfillment_order_values(snapshot))
        if row is None:
            new.append(FulfillmentOrder(order=order, remote_id=snapshot.remote_id, **values))
        elif not is_older(snapshot, row) and (changed := assign(row, values)):
            row.save()
            if visible := sorted(set(changed) - _NO_NEWS):
                events.append(_event("fulfillment_order.updated", row, changed=visible))
    FulfillmentOrder.objects.bulk_create(new)
    return events + [_event("fulfillment_order.created", row) for row in new]


def is_older(snapshot: FulfillmentOrderSnapshot, row: FulfillmentOrder) -> bool:
    """Whether we know this fulfillment order in a newer state than the snapshot's."""
    return bool(snapshot.updated_at and row.remote_updated_at and snapshot.updated_at < row.remote_updated_at)


def fulfillment_order_values(snapshot: FulfillmentOrderSnapshot) -> dict[str, Any]:
    """Column values of one fulfillment order, in the form the database gives them back."""
    same_names = (
        "status request_status location_id location_name delivery_method supported_actions fulfill_at fulfill_by"
    )
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names.split()}
    return values | {
        "destination": snapshot.destination and snapshot.destination.as_json(),
        "holds": [
            {"id": hold.id, "reason": hold.reason, "notes": hold.notes, "handle": hold.handle, "ours": hold.ours}
            for hold in snapshot.holds
        ],
        "lines": [
            {"id": part.remote_id, "line": part.line_remote_id, "total": part.total, "remaining": part.remaining}
            for part in snapshot.lines
        ],
        "remote_created_at": snapshot.created_at,
        "remote_updated_at": snapshot.updated_at,
    }


def _event(action: str, row: FulfillmentOrder, **facts: Any) -> Event:
    said = {
        "status": row.status,
        "location": row.location_name,
        "holds": [hold["reason"] for hold in row.holds],
        "to_send": row.units_to_send,
    }
    return Event(action, {**said, **facts}, subject=row.public_id)
