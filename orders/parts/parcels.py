"""Parcels of an order and the carrier's scans of them."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from orders.models import Fulfillment, Order, TrackingEvent
from orders.parts.facts import Event, assign
from orders.parts.personal import kept
from orders.snapshot import FulfillmentSnapshot, TrackingSnapshot


def write_parcels(order: Order, snapshots: list[FulfillmentSnapshot], *, whole: bool = True) -> list[Event]:
    """Add or change parcels, none where the stored one is newer; with the scans, where the snapshots bring them.

    `whole` says that nothing here can be newer than these snapshots: a scan they lack was taken back at the shop.
    """
    if not snapshots:
        return []
    ids = [snapshot.remote_id for snapshot in snapshots]
    rows = Fulfillment.objects.filter(order=order, remote_id__in=ids).prefetch_related("scans")
    known = {row.remote_id: row for row in rows}
    events = []
    for snapshot in snapshots:
        parcel, told = _write_parcel(order, snapshot, known.get(snapshot.remote_id))
        events += told
        if snapshot.scans is not None:
            scans = parcel.scans.all() if snapshot.remote_id in known else []
            events += _write_scans(order, parcel, snapshot.scans, scans, whole=whole)
    return events


def _write_parcel(
    order: Order, snapshot: FulfillmentSnapshot, parcel: Fulfillment | None
) -> tuple[Fulfillment, list[Event]]:
    values = fulfillment_values(snapshot)
    if parcel is None:
        parcel = Fulfillment.objects.create(order=order, remote_id=snapshot.remote_id, **values)
        return parcel, [_parcel_event("fulfillment.created", parcel)]
    if snapshot.updated_at and parcel.remote_updated_at and snapshot.updated_at < parcel.remote_updated_at:
        return parcel, []
    changed = assign(parcel, values)
    if changed:
        parcel.save()
    visible = sorted(set(changed) - {"remote_updated_at"})
    return parcel, [_parcel_event("fulfillment.updated", parcel, changed=visible)] if visible else []


def fulfillment_values(snapshot: FulfillmentSnapshot) -> dict[str, Any]:
    """Column values of one parcel, in the form the database gives them back."""
    same_names = "name status tracking_company tracking_numbers tracking_urls location_id"
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names.split()}
    values |= {
        "lines": [{"line": part.line_remote_id, "quantity": part.quantity} for part in snapshot.lines],
        "remote_created_at": snapshot.created_at,
        "remote_updated_at": snapshot.updated_at,
    }
    if snapshot.shipment_status is not None:
        values["shipment_status"] = snapshot.shipment_status
    return values


def _parcel_event(action: str, parcel: Fulfillment, **facts: Any) -> Event:
    tracking = {"company": parcel.tracking_company, "numbers": parcel.tracking_numbers}
    return Event(action, {"status": parcel.status, "tracking": tracking, **facts}, subject=parcel.public_id)


def _write_scans(
    order: Order, parcel: Fulfillment, snapshots: list[TrackingSnapshot], known: Iterable[TrackingEvent], *, whole: bool
) -> list[Event]:
    """All scans of one parcel as a read shows them: new ones are added, those taken back are marked, never removed."""
    rows = {scan.remote_id: scan for scan in known}
    new = []
    events = []
    for snapshot in snapshots:
        scan = rows.pop(snapshot.remote_id, None)
        if scan is None:
            values = kept(order, TrackingEvent, scan_values(snapshot))
            new.append(TrackingEvent(fulfillment=parcel, remote_id=snapshot.remote_id, **values))
            continue
        if scan.estimated_delivery_at is None and snapshot.estimated_delivery_at:
            scan.estimated_delivery_at = snapshot.estimated_delivery_at  # kept since we ask for it
            scan.save(update_fields=["estimated_delivery_at"])
        if scan.deleted_at is not None:
            scan.deleted_at = None
            scan.save(update_fields=["deleted_at"])
            events.append(_scan_event("tracking.scanned", scan, parcel))
    TrackingEvent.objects.bulk_create(new)
    events += [_scan_event("tracking.scanned", scan, parcel) for scan in new]
    for scan in rows.values() if whole else ():
        events += _take_back(scan, parcel)
    return events


def write_scan(order: Order, parcel: Fulfillment, snapshot: TrackingSnapshot) -> list[Event]:
    """Add one scan; a scan that is known already, or was taken back, changes nothing."""
    values = kept(order, TrackingEvent, scan_values(snapshot))
    scan, created = TrackingEvent.objects.get_or_create(
        fulfillment=parcel, remote_id=snapshot.remote_id, defaults=values
    )
    return [_scan_event("tracking.scanned", scan, parcel)] if created else []


def take_scan_back(order: Order, parcel: Fulfillment, snapshot: TrackingSnapshot) -> list[Event]:
    """The shop took this scan back: marked, and kept. Known from now on even where it comes before the scan itself."""
    values = kept(order, TrackingEvent, scan_values(snapshot))
    scan, created = TrackingEvent.objects.get_or_create(
        fulfillment=parcel, remote_id=snapshot.remote_id, defaults={**values, "deleted_at": timezone.now()}
    )
    return [] if created else _take_back(scan, parcel)


def _take_back(scan: TrackingEvent, parcel: Fulfillment) -> list[Event]:
    if scan.deleted_at is not None:
        return []
    scan.deleted_at = timezone.now()
    scan.save(update_fields=["deleted_at"])
    return [_scan_event("tracking.removed", scan, parcel)]


def scan_values(snapshot: TrackingSnapshot) -> dict[str, Any]:
    """Column values of one scan, in the form the database gives them back."""
    same_names = "status message happened_at city province country zip estimated_delivery_at"
    return {name: getattr(snapshot, name) for name in same_names.split()}


def _scan_event(action: str, scan: TrackingEvent, parcel: Fulfillment) -> Event:
    facts = {"status": scan.status, "happened_at": scan.happened_at.isoformat(), "tracking": parcel.tracking_numbers}
    return Event(action, facts, subject=parcel.public_id)
