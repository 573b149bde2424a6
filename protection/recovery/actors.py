"""Who may do what with a recovery, and in which state: one table, asked by every verb under the row's lock.

Where a verb leads is the recovery's own table (`Recovery.MOVES`).
"""

from dataclasses import dataclass
from typing import Self

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction

from orders.models import Order
from protection.models import Recovery

State = Recovery.State
AGENT, LEAD, PARTNER, SYSTEM = "agent", "lead", "partner", "system"
STAFF = frozenset({AGENT, LEAD})
ANYBODY = STAFF | {PARTNER}  # a partner that files with carriers for the merchant
OPEN = frozenset(Recovery.OPEN)
WRITE_OFF = "protection.write_off_recovery"


class RecoveryRefused(Exception):
    """This cannot be done with a recovery. The message says why, `code` is stable, `pointer` names the input."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `by` as the journal has it, and the role that the table asks for."""

    by: str
    role: str

    @classmethod
    def staff(cls, user: User | AbstractBaseUser) -> Self:
        """A member of staff; a lead is who may write off."""
        return cls(f"staff:{user.get_username()}", LEAD if user.has_perm(WRITE_OFF) else AGENT)  # type: ignore[union-attr]

    @classmethod
    def partner(cls, name: str) -> Self:
        return cls(f"partner:{name}", PARTNER)


CLOCK = Actor("system", SYSTEM)


@dataclass(frozen=True, slots=True)
class Verb:
    words: str  # completes "cannot be"
    states: frozenset[str]
    roles: frozenset[str]


VERBS: dict[str, Verb] = {
    "file": Verb("filed", frozenset({State.ELIGIBLE, State.DENIED}), ANYBODY),
    "name_carrier": Verb("given to another carrier", frozenset({State.ELIGIBLE}), STAFF),
    "ask": Verb("asked about by the carrier", frozenset({State.FILED}), ANYBODY),
    "inform": Verb("answered", frozenset({State.NEEDS_INFO}), ANYBODY),
    "approve": Verb("approved", frozenset({State.FILED, State.NEEDS_INFO}), ANYBODY),
    "deny": Verb("denied", frozenset({State.FILED, State.NEEDS_INFO, State.APPROVED}), ANYBODY),
    "pay": Verb("paid", frozenset({State.FILED, State.APPROVED}), ANYBODY),
    "pay_back": Verb("paid back", frozenset({State.PAID}), frozenset({LEAD})),
    "write_off": Verb("written off", OPEN, frozenset({LEAD})),
    "withdraw": Verb("withdrawn", OPEN, STAFF),  # only where a doubt asks for it
    "keep": Verb("kept in spite of a doubt", OPEN | {State.PAID}, STAFF),
    "reopen": Verb("opened again", frozenset({State.EXPIRED, State.WRITTEN_OFF}), frozenset({LEAD})),
    "expire": Verb("ended by the clock", frozenset({State.ELIGIBLE}), frozenset({SYSTEM})),
}


def check(recovery: Recovery, verb: str, actor: Actor) -> None:
    """Raise RecoveryRefused: not_allowed for the role, wrong_state for the state."""
    rule = VERBS[verb]
    if actor.role not in rule.roles:
        allowed = ", ".join(sorted(rule.roles))
        raise RecoveryRefused(
            "not_allowed", f"A recovery cannot be {rule.words} by a {actor.role}, only by: {allowed}."
        )
    if recovery.state not in rule.states:
        state = recovery.get_state_display().lower()
        raise RecoveryRefused("wrong_state", f"This recovery stands at “{state}”; it cannot be {rule.words}.")


def locked(recovery: Recovery) -> Recovery:
    """The recovery with its order's row and its own locked, in that order, as claims do it."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Lock a recovery in the transaction of its change.")
    Order.objects.select_for_update(of=("self",)).get(pk=recovery.order_id)
    rows = Recovery.objects.select_for_update(of=("self",))
    return rows.select_related("order__shop", "parcel", "carrier", "terms").get(pk=recovery.pk)


def begin(recovery: Recovery, verb: str, actor: Actor) -> Recovery:
    """Lock it and ask the table; raises RecoveryRefused."""
    recovery = locked(recovery)
    check(recovery, verb, actor)
    return recovery
