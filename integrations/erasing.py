"""Erasing what the sync itself keeps of people: raw messages, answers of receivers, differences, recorded replies."""

import time
import zlib
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django_q.models import Task

from backoffice.models import IdempotencyRecord
from integrations.models import Connection, Delivery, DeliveryAttempt, Drift, InboundMessage
from orders.models import Order
from orders.redaction import ERASED, scrubbed_text

# Messages about goods name no people.
_OF_GOODS = ("inventory_", "products/", "locations/")
EMPTY = zlib.compress(b"")
WINDOW = 500  # messages opened between two looks at the clock


def erase_traces(connection: Connection, order: Order, personal: Collection[str]) -> int:
    """Everything kept beside one order, in the caller's transaction; returns how many rows were touched."""
    touched = _erase_bodies(InboundMessage.objects.filter(order=order))
    touched += Drift.objects.filter(order=order).delete()[0]
    tries = DeliveryAttempt.objects.filter(delivery__order=order)
    touched += tries.exclude(answer="").update(answer="")
    for attempt in tries.only("id", "outcome"):
        touched += _scrub_text(attempt, "outcome", personal)
    for delivery in Delivery.objects.filter(order=order).only("id", "result"):
        touched += _scrub_text(delivery, "result", personal)
    claims = list(order.claims.values_list("public_id", flat=True))
    return touched + _erase_replies([order.public_id, *claims])


def erase_messages(
    connection: Connection, needles: Iterable[str], report: dict[str, Any], *, until: float, everything: bool = False
) -> bool:
    """Bodies that belong to no order we know but name one of `needles` (ids, e-mails); `everything` spares none.

    Bodies are compressed, so each must be opened: `report` counts them and keeps the place, so that the work may stop
    at `until` (monotonic seconds) and go on; True when all were opened. A failed task's words may quote anything and
    are of no use by now.
    """
    Task.objects.filter(success=False).delete()
    messages = InboundMessage.objects.filter(connection=connection).exclude(headers__has_key="Erased").order_by("pk")
    if not everything:
        of_goods = Q()
        for prefix in _OF_GOODS:
            of_goods |= Q(topic__startswith=prefix)
        messages = messages.filter(order=None).exclude(of_goods)
    sought = [needle.lower().encode() for needle in needles if needle]
    report.setdefault("messages", 0)
    place = report.get("messages_read_to", 0)
    while window := list(messages.filter(pk__gt=place).only("id", "body_zlib")[:WINDOW]):
        if time.monotonic() > until:
            return False
        found = [one.pk for one in window if everything or any(needle in one.body.lower() for needle in sought)]
        report["messages"] += _erase_bodies(InboundMessage.objects.filter(pk__in=found))
        place = report["messages_read_to"] = window[-1].pk
    return True


def _erase_bodies(messages: QuerySet[InboundMessage]) -> int:
    """The body goes; its digest and the delivery's id stay, so that a repeat is still known as one."""
    return messages.exclude(headers__has_key="Erased").update(
        body_zlib=EMPTY, headers={"Erased": "true"}, traceback="", waits_for=None
    )


def _scrub_text(row: Delivery | DeliveryAttempt, column: str, personal: Collection[str]) -> int:
    clean = scrubbed_text(row, column, personal)
    if clean == getattr(row, column):
        return 0
    setattr(row, column, clean)
    row.save(update_fields=[column])
    return 1


def _erase_replies(public_ids: Collection[str]) -> int:
    """Answers kept for repeats of a partner's request; the repeat is still known, its answer says only that."""
    named = Q()
    for public_id in public_ids:
        named |= Q(body__icontains=public_id)
    return IdempotencyRecord.objects.filter(named).update(body={"erased": ERASED})
