"""Carrying remedies out: started, executed, failed, and recognised when the replacement order comes home.

Integrations call these around the network, never inside it; each is safe to call twice.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backoffice import failpoints
from orders import entitlement
from orders.journal import record
from orders.models import JournalEntry, Order
from protection.filing import locked
from protection.models import Claim, Resolution
from protection.models.claim import MoveRefused


@transaction.atomic
def start(resolution: Resolution) -> bool:
    """The undo window is over: from here on it cannot be undone. False when there is nothing (more) to carry out."""
    resolution = _locked(resolution)
    if resolution.state != Resolution.State.QUEUED:
        return False
    if resolution.started_at is None:
        resolution.started_at = timezone.now()
        resolution.save(update_fields=["started_at", "updated_at"])
        if resolution.claim.can_move_to(Claim.State.RESOLVING):
            resolution.claim.move_to(Claim.State.RESOLVING, by="system")
    failpoints.reach("resolution.starting")
    return True


@transaction.atomic
def mark_executed(resolution: Resolution, *, remote_order_id: int, remote_order_name: str, by: str) -> Resolution:
    """The shop has made the replacement order."""
    resolution = _locked(resolution)
    if resolution.state == Resolution.State.EXECUTED:
        return resolution
    _move(resolution, Resolution.State.EXECUTED)
    resolution.executed_at = timezone.now()
    resolution.failure = ""
    resolution.remote_order_id = remote_order_id
    resolution.remote_order_name = remote_order_name
    resolution.save()
    _journal(resolution, "executed", by, remote_order_id=str(remote_order_id), remote_order_name=remote_order_name)
    _close_when_done(resolution.claim)
    failpoints.reach("resolution.executing")
    return resolution


@transaction.atomic
def mark_failed(resolution: Resolution, reason: str, *, by: str) -> Resolution:
    """The shop refused for good: nothing was made, so the units are free again and an agent decides anew."""
    resolution = _locked(resolution)
    if resolution.state == Resolution.State.FAILED:
        return resolution
    _move(resolution, Resolution.State.FAILED)
    resolution.failure = reason
    resolution.save()
    entitlement.release(resolution.public_id)
    _journal(resolution, "failed", by, reason=reason)
    claim = resolution.claim
    if claim.can_move_to(Claim.State.IN_REVIEW):
        claim.outcome = ""
        claim.move_to(Claim.State.IN_REVIEW, by=by, why=reason)
    return resolution


@transaction.atomic(savepoint=False)
def recognise(order: Order, *, by: str, source: str = "") -> Resolution | None:
    """If `order` is the replacement of one of our resolutions, link it; the claim closes when all are home.

    The UUID in `source_identifier` is what we sent. Anyone who can write it can write orders in that shop anyway, and
    the resolution must belong to the same shop.
    """
    try:
        intent = UUID(order.source_identifier)
    except ValueError:
        return None
    resolution = Resolution.objects.filter(uuid=intent, claim__order__shop=order.shop_id).first()
    if resolution is None or resolution.replacement_order_id == order.pk:
        return resolution
    resolution = _locked(resolution)
    if resolution.state in (Resolution.State.FAILED, Resolution.State.REVERSED):
        # Nobody expects it any more, and the units may be decided anew: the order stays, staff are told.
        _journal_once(resolution, "unexpected", by, order, state=resolution.state)
        return resolution
    resolution = mark_executed(resolution, remote_order_id=order.remote_id, remote_order_name=order.name, by=by)
    if resolution.replacement_order is not None:
        # Two orders carry one intent: nothing is deleted by a machine, staff are told.
        _journal_once(resolution, "doubled", by, order, first=resolution.replacement_order.public_id)
        return resolution
    resolution.replacement_order = order
    resolution.save(update_fields=["replacement_order", "updated_at"])
    _journal(resolution, "linked", by, source, replacement=order.public_id, name=order.name)
    _close_when_done(resolution.claim)
    return resolution


def _locked(resolution: Resolution) -> Resolution:
    """The resolution with its claim's order, its claim and itself locked, in that order."""
    claim = locked(resolution.claim)
    resolution = Resolution.objects.select_for_update(of=("self",)).get(pk=resolution.pk)
    resolution.claim = claim
    return resolution


def _move(resolution: Resolution, state: str) -> None:
    if state not in Resolution.MOVES[resolution.state]:
        raise MoveRefused(f"This {resolution.get_kind_display().lower()} is {resolution.get_state_display().lower()}.")
    resolution.state = state


def _close_when_done(claim: Claim) -> None:
    """A claim closes when every remedy that was not reversed is carried out and has come home."""
    open_ones = claim.resolutions.exclude(state__in=[Resolution.State.REVERSED, Resolution.State.FAILED])
    if claim.state == Claim.State.RESOLVING and not open_ones.filter(replacement_order=None).exists():
        claim.move_to(Claim.State.CLOSED, by="system")


def _journal(resolution: Resolution, verb: str, by: str, source: str = "", /, **facts: Any) -> None:
    claim = resolution.claim
    record(
        f"resolution.{verb}", shop=claim.order.shop, order=claim.order, subject=resolution.public_id, by=by,
        source=source, claim=claim.public_id, **facts,
    )  # fmt: skip


def _journal_once(resolution: Resolution, verb: str, by: str, order: Order, /, **facts: Any) -> None:
    """Once for each order, though every later webhook of the order comes by here again."""
    told = JournalEntry.objects.filter(subject=resolution.public_id, action=f"resolution.{verb}")
    if not told.filter(facts__replacement=order.public_id).exists():
        _journal(resolution, verb, by, replacement=order.public_id, **facts)
