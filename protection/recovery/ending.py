"""How a recovery ends without money, and begins again: by a lead with a reason, or by the clock after two warnings."""

from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from backoffice.isolation import isolated
from protection.models import Recovery
from protection.recovery.actors import CLOCK, Actor, RecoveryRefused, begin, locked
from protection.recovery.doubts import settle
from protection.recovery.reckoning import facts_of, reckon

State = Recovery.State
WARNINGS = (7, 2)  # days before the deadline
AT_ONCE = 500


@transaction.atomic
def write_off(recovery: Recovery, why: str, *, actor: Actor) -> Recovery:
    """A lead gives it up, and says why; raises RecoveryRefused."""
    recovery = begin(recovery, "write_off", actor)
    recovery.why = _said(why, "Say why it is written off.")
    settle(recovery)
    recovery.move_to(State.WRITTEN_OFF, by=actor.by, why=recovery.why)
    return recovery


@transaction.atomic
def pay_back(recovery: Recovery, why: str, *, actor: Actor) -> Recovery:
    """The money went back to the carrier (the parcel was found, say); raises RecoveryRefused."""
    recovery = begin(recovery, "pay_back", actor)
    recovery.why = _said(why, "Say why the money went back.")
    back = recovery.money(recovery.received)
    recovery.received, recovery.paid_on, recovery.over_reason = Decimal(0), None, ""
    settle(recovery)
    recovery.move_to(State.WRITTEN_OFF, by=actor.by, why=recovery.why, paid_back=str(back))
    return recovery


@transaction.atomic
def reopen(recovery: Recovery, why: str, *, actor: Actor) -> Recovery:
    """A lead opens an expired or written-off one again, with today's terms; raises RecoveryRefused.

    Refused where a newer one of the same parcel is open. What was claimed and answered before is in the journal: it may
    have been another currency's.
    """
    recovery = begin(recovery, "reopen", actor)
    said = _said(why, "Say why it is opened again.")
    if Recovery.objects.filter(parcel=recovery.parcel_id, state__in=Recovery.OPEN).exists():
        raise RecoveryRefused("open_already", "A newer recovery of this parcel is open; go on there.")
    recovery.why = said
    recovery.warned_days = None
    recovery.claimed = recovery.approved = recovery.filed_at = recovery.answered_at = None
    recovery.asked = recovery.over_reason = ""
    reckon(recovery)
    recovery.move_to(State.ELIGIBLE, by=actor.by, why=said, **facts_of(recovery))
    return recovery


def run(now: datetime | None = None) -> None:
    """By the clock: warn 7 and 2 days before the last day ends, and end what nobody filed."""
    now = now or timezone.now()
    waiting = Recovery.objects.filter(state=State.ELIGIBLE, deadline__lte=now + timedelta(days=max(WARNINGS)))
    warned = Q(deadline__gt=now) & (
        Q(warned_days=WARNINGS[1]) | Q(warned_days=WARNINGS[0], deadline__gt=now + timedelta(days=WARNINGS[1]))
    )
    for recovery in list(waiting.exclude(warned).order_by("deadline")[:AT_ONCE]):
        with isolated("Ending or warning", recovery.public_id), suppress(RecoveryRefused):  # it was filed meanwhile
            end_or_warn(recovery, now)


@transaction.atomic
def end_or_warn(recovery: Recovery, now: datetime) -> None:
    """Expire it where its time is over, else warn where a warning is due that was not given."""
    recovery = locked(recovery)
    if recovery.deadline is None or recovery.state != State.ELIGIBLE:
        return
    if now >= recovery.deadline:
        expire(recovery, now)
        return
    due = min((days for days in WARNINGS if recovery.deadline - now <= timedelta(days=days)), default=None)
    if due is not None and (recovery.warned_days is None or due < recovery.warned_days):
        recovery.warned_days = due
        recovery.tell("warned", by="system", days=due, last_day=str(recovery.last_day))


@transaction.atomic
def expire(recovery: Recovery, now: datetime, *, actor: Actor = CLOCK) -> Recovery:
    """Nobody filed it in time; raises RecoveryRefused."""
    recovery = begin(recovery, "expire", actor)
    if recovery.deadline is None or now < recovery.deadline:
        raise RecoveryRefused("too_early", "Its last day is not over.")
    recovery.doubt, recovery.doubt_since = "", None  # nothing is left to withdraw; nobody has settled it
    recovery.move_to(State.EXPIRED, by=actor.by, last_day=str(recovery.last_day))
    return recovery


def _said(why: str, otherwise: str) -> str:
    if not why.strip():
        raise RecoveryRefused("reason_missing", otherwise, "/why")
    return why.strip()
