"""What integrations call while a change is on its way to the shop: around the network, never inside it.

Each locks the order, then the change, and may be called twice.
"""

import re
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from orders import entitlement
from orders.changes.asking import tell
from orders.models import Change, Order, Refund

MARK = re.compile(r"\bchg_\w+")
UNDER_WAY = (Change.State.QUEUED, Change.State.RUNNING)


def to_send(public_id: str) -> Change | None:
    """The change, None when nothing is to be done for it: withdrawn, decided otherwise, or done already."""
    changes = Change.objects.select_related("shop", "order__shop", "order__customer")
    return changes.filter(public_id=public_id, state__in=UNDER_WAY).first()


@transaction.atomic
def start(change: Change) -> bool:
    """From here on the shop may have it, and it cannot be withdrawn any more; False when it was, a moment ago."""
    current = locked(change)
    if current.state not in UNDER_WAY:
        return False
    if current.started_at is None:
        current.started_at = timezone.now()
        current.save(update_fields=["started_at", "updated_at"])
    change.started_at = current.started_at
    return True


@transaction.atomic
def not_asked(change: Change) -> None:
    """The shop answered that it did not even look at it: it may be withdrawn again."""
    current = locked(change)
    if current.state == Change.State.QUEUED:
        current.started_at = None
        current.save(update_fields=["started_at", "updated_at"])
    change.started_at = None


@transaction.atomic
def remember(change: Change, **result: Any) -> None:
    """Keep remote ids of what was made so far, so that a repeat goes on from there."""
    current = locked(change)
    current.result = {**current.result, **result}
    current.save(update_fields=["result", "updated_at"])
    change.result = current.result


@transaction.atomic
def running(change: Change, *, by: str, source: str = "", **result: Any) -> Change:
    """The shop took it and works on it; `done` or `failed` follows."""
    current = locked(change)
    if current.state == Change.State.QUEUED:
        current.result = {**current.result, **result}
        _move(current, Change.State.RUNNING)
        tell(current, "running", by=by, source=source)
    return current


@transaction.atomic
def done(change: Change, *, by: str, source: str = "", **result: Any) -> Change:
    """The shop has it; `result` holds remote ids of what was made."""
    current = locked(change)
    if current.state not in UNDER_WAY:
        return current
    current.result = {**current.result, **result}
    current.failure = ""
    current.done_at = timezone.now()
    _move(current, Change.State.DONE)
    tell(current, "done", by=by, source=source)
    return current


@transaction.atomic
def failed(change: Change, reason: str, *, by: str, source: str = "", keep_units: bool = False) -> Change:
    """The shop refused it, in `reason`'s words. Its units are free again, unless nobody knows what the shop has."""
    current = locked(change)
    if current.state not in UNDER_WAY:
        return current
    current.failure = reason
    if keep_units:
        current.result = {**current.result, "unknown": True}
    _move(current, Change.State.FAILED)
    if not keep_units:
        entitlement.release(current.public_id)
    tell(current, "failed", by=by, source=source, reason=reason[:500])
    return current


@transaction.atomic
def conflicting(change: Change, theirs: dict[str, Any], *, by: str, source: str = "") -> Change:
    """The shop has a third value in the fields of `theirs`: nothing is overwritten, somebody decides."""
    current = locked(change)
    if current.state != Change.State.QUEUED:
        return current
    current.theirs = theirs
    current.started_at = None
    _move(current, Change.State.CONFLICT)
    tell(current, "conflict", by=by, source=source, fields=sorted(theirs))
    return current


@transaction.atomic(savepoint=False)
def recognise(order: Order, *, by: str, source: str = "") -> None:
    """An order came home cancelled: what we asked for is done, however the shop's own job is doing."""
    if order.cancelled_at is None:
        return
    for change in order.changes.filter(kind=Change.Kind.CANCEL, state=Change.State.RUNNING):
        done(change, by=by, source=source)


def who_asked(order: Order, refund: Refund) -> list[str]:
    """References under which the units of a refund from the shop may be held: our change's, its remedy's.

    The change's id stands in the refund's note, so it is known though the shop's message comes before its answer. A
    cancellation's own refund has no note of ours; what is refunded once it has begun is taken for a part of it.
    """
    named = MARK.findall(refund.note)
    refunds = Q(kind=Change.Kind.REFUND) & (Q(public_id__in=named) | Q(result__refund=str(refund.remote_id)))
    ours = order.changes.filter(refunds | Q(kind=Change.Kind.CANCEL, started_at__isnull=False))
    return [reference for change in ours for reference in (change.public_id, change.reference) if reference]


def locked(change: Change) -> Change:
    """The change as it is now, with its order and itself locked, in that order."""
    order = change.order_id and Order.objects.select_for_update(of=("self",)).select_related("shop").get(
        pk=change.order_id
    )
    current = Change.objects.select_for_update(of=("self",)).select_related("shop").get(pk=change.pk)
    if order:
        current.order = order
    return current


def _move(change: Change, state: str) -> None:
    """Write the change with its new state; every caller has looked that its table has the move."""
    assert state in Change.MOVES[change.state], f"{change.state} to {state}"
    change.state = state
    change.version += 1
    change.save()
