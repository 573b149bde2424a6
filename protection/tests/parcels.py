"""Parcels and scans for tests of claims."""

from collections.abc import Iterable
from datetime import datetime

from orders.models import Fulfillment, Order, TrackingEvent
from orders.snapshot import LineSnapshot
from orders.tests.builders import next_id


def send(
    order: Order, *scans: tuple[str, datetime], sent_at: datetime | None = None, lines: Iterable[LineSnapshot] = ()
) -> Fulfillment:
    """A parcel with these (status, time) scans, holding one unit of each of `lines`, or of every line."""
    remote_ids = [line.remote_id for line in lines] or list(order.lines.values_list("remote_id", flat=True))
    parcel = Fulfillment.objects.create(
        order=order, remote_id=next_id(), status="success", remote_created_at=sent_at,
        lines=[{"line": remote_id, "quantity": 1} for remote_id in remote_ids],
    )  # fmt: skip
    for status, at in scans:
        scan(parcel, status, at)
    return parcel


def scan(parcel: Fulfillment, status: str, at: datetime, message: str = "") -> TrackingEvent:
    return TrackingEvent.objects.create(
        fulfillment=parcel, remote_id=next_id(), status=status, happened_at=at, message=message
    )
