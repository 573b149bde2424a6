"""Carrying remedies out: started, executed, failed, and recognised when the replacement order comes home.

Integrations call these around the network, never inside it; each is safe to call twice.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from backoffice import failpoints
from orders import entitlement
from orders.journal import record
from orders.models import JournalEntry, Order
from protection.costs import cost_of
from protection.filing import locked
from protection.models import Claim, Resolution
from protection.models.claim import MoveRefused
from protection.standing import STANDING


@transaction.atomic
def start(resolution: Resolution) -> bool:
    """The undo window is over: from here on it cannot be undone. False when there is nothing (more) to carry out."""
    resolution = locked_remedy(resolution)
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
def mark_executed(
    resolution: Resolution,
    *,
    by: str,
    remote_order_id: int | None = None,
    remote_order_name: str = "",
    remote_reference: str = "",
) -> Resolution:
    """The shop has made the replacement order, or given the money; `remote_…` is what it made."""
    resolution = locked_remedy(resolution)
    if resolution.state == Resolution.State.EXECUTED or _given_up(resolution):
        return resolution
    move(resolution, Resolution.State.EXECUTED)
    resolution.executed_at = timezone.now()
    resolution.failure = ""
    resolution.remote_order_id = remote_order_id
    resolution.remote_order_name = remote_order_name
    resolution.remote_reference = remote_reference
    resolution.cost = cost_of(resolution)
    resolution.save()
    order = {"remote_order_id": str(remote_order_id), "remote_order_name": remote_order_name}
    made = order if remote_order_id else {"remote_reference": remote_reference}
    journal(resolution, "executed", by, kind=resolution.kind, **made)
    close_when_done(resolution.claim)
    failpoints.reach("resolution.executing")
    return resolution


@transaction.atomic
def mark_failed(resolution: Resolution, reason: str, *, by: str) -> Resolution:
    """The shop refused for good: nothing was made, so the units are free again and an agent decides anew."""
    resolution = locked_remedy(resolution)
    if resolution.state == Resolution.State.FAILED or _given_up(resolution):
        return resolution
    move(resolution, Resolution.State.FAILED)
    resolution.failure = reason
    resolution.save()
    entitlement.release(resolution.public_id)
    journal(resolution, "failed", by, kind=resolution.kind, reason=reason)
    back_to_review(resolution.claim, reason, by=by)
    return resolution


@transaction.atomic
def mark_in_doubt(resolution: Resolution, reason: str, *, by: str) -> Resolution:
    """Nobody knows whether the shop has done it: it keeps its units until somebody has looked (`reversing.looked`)."""
    resolution = locked_remedy(resolution)
    if resolution.state == Resolution.State.HELD:
        return resolution
    move(resolution, Resolution.State.HELD)
    resolution.failure = reason
    resolution.save()
    journal(resolution, "held", by, kind=resolution.kind, reason=reason)
    back_to_review(resolution.claim, reason, by=by)
    return resolution


def _given_up(resolution: Resolution) -> bool:
    """Whether its plan B is on its way: a sender that was held up meanwhile changes nothing of it any more.

    Where that one had the order made all the same, staff are told when it comes home (`recognise`).
    """
    return resolution.state == Resolution.State.HELD and resolution.instead.exists()


def back_to_review(claim: Claim, why: str, *, by: str) -> None:
    """A remedy that was promised does not come: an agent decides anew."""
    if claim.can_move_to(Claim.State.IN_REVIEW):
        claim.outcome = ""
        claim.move_to(Claim.State.IN_REVIEW, by=by, why=why)


def go_on(claim: Claim, *, by: str) -> None:
    """After a decision that plans nothing new: closed, or on its way where an earlier remedy is."""
    if claim.resolutions.filter(STANDING).exists():
        claim.move_to(Claim.State.RESOLVING, by=by)
        close_when_done(claim)
    else:
        claim.move_to(Claim.State.CLOSED, by=by, outcome=claim.outcome)


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
    resolution = locked_remedy(resolution)
    if not resolution.claim.resolutions.filter(STANDING, pk=resolution.pk).exists():
        # Its units may be decided anew, or are paid for by a plan B: the order stays, staff are told.
        journal_once(resolution, "unexpected", by, order, state=resolution.state)
        return resolution
    resolution = mark_executed(resolution, remote_order_id=order.remote_id, remote_order_name=order.name, by=by)
    if resolution.replacement_order is not None:
        # Two orders carry one intent: nothing is deleted by a machine, staff are told.
        journal_once(resolution, "doubled", by, order, first=resolution.replacement_order.public_id)
        return resolution
    resolution.replacement_order = order
    resolution.save(update_fields=["replacement_order", "updated_at"])
    journal(resolution, "linked", by, source, replacement=order.public_id, name=order.name)
    close_when_done(resolution.claim)
    return resolution


def locked_remedy(resolution: Resolution) -> Resolution:
    """The resolution with its claim's order, its claim and itself locked, in that order."""
    claim = locked(resolution.claim)
    resolution = Resolution.objects.select_for_update(of=("self",)).get(pk=resolution.pk)
    resolution.claim = claim
    return resolution


def move(resolution: Resolution, state: str) -> None:
    """Go to `state`, to be saved by the caller; raises MoveRefused."""
    if state not in Resolution.MOVES[resolution.state]:
        raise MoveRefused(f"This {resolution.get_kind_display().lower()} is {resolution.get_state_display().lower()}.")
    resolution.state = state


def close_when_done(claim: Claim) -> None:
    """A claim closes when every standing remedy is carried out, and replacements have come home."""
    if claim.state != Claim.State.RESOLVING:
        return
    standing = claim.resolutions.filter(STANDING)
    goods = Q(kind=Resolution.Kind.REPLACEMENT)
    if not standing.filter(goods & Q(replacement_order=None) | ~goods & ~Q(state=Resolution.State.EXECUTED)).exists():
        claim.move_to(Claim.State.CLOSED, by="system")


def journal(resolution: Resolution, verb: str, by: str, source: str = "", /, **facts: Any) -> None:
    """Write resolution.<verb> with its claim."""
    claim = resolution.claim
    record(
        f"resolution.{verb}", shop=claim.order.shop, order=claim.order, subject=resolution.public_id, by=by,
        source=source, claim=claim.public_id, **facts,
    )  # fmt: skip


def journal_once(resolution: Resolution, verb: str, by: str, order: Order, /, **facts: Any) -> None:
    """Once for each order, though every later webhook of the order comes by here again."""
    told = JournalEntry.objects.filter(subject=resolution.public_id, action=f"resolution.{verb}")
    if not told.filter(facts__replacement=order.public_id).exists():
        journal(resolution, verb, by, replacement=order.public_id, **facts)
