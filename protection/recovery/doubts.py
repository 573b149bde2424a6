"""A parcel that is found, or a remedy that is taken back: staff are asked whether the carrier's case is withdrawn.

Nothing ends by itself, for the carrier may owe all the same (late, damaged), and money that came may have to go back.
"""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from orders.models import Fulfillment
from protection.models import Claim, Recovery
from protection.recovery.actors import Actor, RecoveryRefused, begin, locked

State = Recovery.State
MAY_DOUBT = Q(state__in=[*Recovery.OPEN, State.PAID])


def parcel_found(claim: Claim, parcel_id: str) -> None:
    """The parcel with this public id was delivered after the claim had been paid for; in the caller's transaction."""
    parcels = Fulfillment.objects.filter(order=claim.order_id, public_id=parcel_id)
    for recovery in Recovery.objects.filter(MAY_DOUBT, claims=claim, parcel__in=parcels):
        ask_withdraw(recovery, "The parcel was delivered after all.", by="system")


def remedy_reversed(claim: Claim, what: str, *, by: str) -> None:
    """A remedy of the claim was taken back; in the caller's transaction."""
    for recovery in Recovery.objects.filter(MAY_DOUBT, claims=claim):
        ask_withdraw(recovery, f"A remedy of its claim was taken back ({what}).", by=by)


@transaction.atomic
def ask_withdraw(recovery: Recovery, doubt: str, *, by: str) -> None:
    """Put the question to staff; once, while it is open."""
    recovery = locked(recovery)
    if recovery.doubt or not (recovery.is_open or recovery.state == State.PAID):
        return
    recovery.doubt, recovery.doubt_since = doubt, timezone.now()
    recovery.tell("doubted", by=by, why=doubt)


@transaction.atomic
def withdraw(recovery: Recovery, why: str = "", *, actor: Actor) -> Recovery:
    """The carrier is asked for nothing (more), because of the doubt; raises RecoveryRefused."""
    recovery = begin(recovery, "withdraw", actor)
    _check_doubt(recovery)
    recovery.why = f"Withdrawn: {why.strip() or recovery.doubt}"
    settle(recovery)
    recovery.move_to(State.WRITTEN_OFF, by=actor.by, why=recovery.why)
    return recovery


@transaction.atomic
def keep(recovery: Recovery, why: str, *, actor: Actor) -> Recovery:
    """The carrier owes it all the same, and staff say why; raises RecoveryRefused."""
    recovery = begin(recovery, "keep", actor)
    _check_doubt(recovery)
    if not why.strip():
        raise RecoveryRefused("reason_missing", "Say why the carrier owes it all the same.", "/why")
    settle(recovery)
    recovery.tell("kept", by=actor.by, why=why.strip())
    return recovery


def settle(recovery: Recovery) -> None:
    """Staff have answered, whatever they said: what is known now is not asked again. Unsaved, with the row locked."""
    recovery.doubt, recovery.doubt_since, recovery.doubt_settled_at = "", None, timezone.now()


def _check_doubt(recovery: Recovery) -> None:
    if not recovery.doubt:
        raise RecoveryRefused("no_doubt", "Nothing asks whether this is withdrawn.")
