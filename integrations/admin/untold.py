"""What a partner has not been told of an order yet: the fields that its undelivered events name.

Events are thin: they name what changed and the partner reads it from the API. So a field is out of step from the first
event that named it and did not arrive, and what we show beside it is our value of now.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from integrations.differences import field_in_words, said
from integrations.models import Delivery
from orders.admin.order_facts import address_lines
from orders.admin.story import sentence
from orders.models import JournalEntry, Order

WHOLE = "order"


@dataclass(frozen=True, slots=True)
class Untold:
    """One field. `since`: when the first event that did not arrive happened; `delivery` is that event's.

    `now` is "" for a field that is empty, None for what has no value of its own: see the event.
    """

    field: str
    title: str
    now: str | None
    since: datetime
    times: int
    delivery: int


def untold(order: Order, deliveries: Iterable[Delivery]) -> list[Untold]:
    """Fields named by `deliveries` (undelivered, oldest first, with their entries), each once.

    `order` comes with its lines, fulfillments, refunds and customer; nothing else is read.
    """
    subjects = _subjects(order)
    found: dict[str, Untold] = {}
    for delivery in deliveries:
        entry = delivery.entry
        for field, title, now in _named(order, entry, subjects):
            known = found.get(field)
            found[field] = (
                replace(known, times=known.times + 1)
                if known
                else Untold(field, title, now, entry.created_at, 1, delivery.pk)
            )
    return list(found.values())


def _named(order: Order, entry: JournalEntry, subjects: dict[str, str]) -> list[tuple[str, str, str | None]]:
    """(field, title, our value now) of everything an entry is about."""
    kind, _, verb = entry.action.partition(".")
    changed = entry.facts.get("changed")
    if kind == "order" and verb == "created":
        return [(WHOLE, "The order itself", f"{order.name}, {said(order.amounts.get('total'))}")]
    if kind == "order" and isinstance(changed, list):
        names = [str(name) for name in changed if name != "total" or "amounts" not in changed]
        return [(name, field_in_words(name), current(order, name)) for name in names]
    field = f"{entry.action}:{entry.subject}" if entry.subject else entry.action
    if kind in ("fulfillment", "tracking", "refund") and entry.subject:
        field = f"{kind}:{entry.subject}"
    title = {"fulfillment": "Parcel", "tracking": "Carrier scans of the parcel", "refund": "Refund"}.get(kind, "")
    return [(field, title or sentence(entry), subjects.get(entry.subject))]


def _subjects(order: Order) -> dict[str, str]:
    """Public id → what we have of each parcel and refund, in words."""
    parcels = {
        parcel.public_id: ", ".join(
            part
            for part in (str(parcel), parcel.shipment_status or parcel.status, *map(str, parcel.tracking_numbers))
            if part
        )
        for parcel in order.fulfillments.all()
    }
    titles = {line.remote_id: str(line) for line in order.lines.all()}
    refunds = {
        refund.public_id: ", ".join(f"{part['quantity']} × {titles.get(part['line'], '?')}" for part in refund.lines)
        for refund in order.refunds.all()
    }
    return parcels | refunds


def current(order: Order, name: str) -> str:
    """Our value of an order's field, in words; "" for nothing and for a field we do not know."""
    if name == "lines":
        return ", ".join(f"{line.current_quantity} × {line}" for line in order.lines.all())
    if name == "customer_id":
        return str(order.customer or "")
    if name == "amounts":
        total = order.amounts.get("current_total") or order.amounts.get("total")
        return f"total {said(total)}" if total else ""
    if name.endswith("_address"):
        return ", ".join(address_lines(getattr(order, name, None)))
    return said(getattr(order, name, ""))
