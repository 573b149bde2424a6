"""What people do with a change that is not through: give it up, ask again, decide a conflict field by field."""

import uuid
from collections.abc import Sequence

from django.db import transaction

from orders import entitlement
from orders.changes import editing, giving
from orders.changes.asking import tell
from orders.changes.carrying import locked
from orders.models import Change
from orders.models.change import ChangeRefused

MADE = ("parcels",)  # what the shop had done of it before it refused the rest


@transaction.atomic
def withdraw(change: Change, *, by: str, source: str = "") -> Change:
    """Give it up before the shop has it, or after it refused; its units are free again.

    Raises ChangeRefused: change_under_way once the shop may have it, wrong_state when it is done or given up.
    """
    change = locked(change)
    if Change.State.WITHDRAWN not in Change.MOVES[change.state]:
        if change.state == Change.State.RUNNING:
            raise ChangeRefused("change_under_way", "The shop works on it already; it cannot be taken back.")
        raise ChangeRefused("wrong_state", f"This change is {change.get_state_display().lower()}.")
    if change.state == Change.State.QUEUED and change.started_at:
        raise ChangeRefused("change_under_way", "It is being sent; the shop may have it. Wait for its answer.")
    entitlement.release(change.public_id)
    _save(change, Change.State.WITHDRAWN)
    tell(change, "withdrawn", by=by, source=source)
    return change


@transaction.atomic
def keep_ours(change: Change, *, by: str, fields: Sequence[str] | None = None, source: str = "") -> Change:
    """Overwrite the shop's value after all, in all fields in conflict or the given ones; sent when none is left open.

    The shop's value of now becomes the base, so a fourth value there is a conflict again. Raises ChangeRefused.
    """
    change = locked(change)
    for name in _disputed(change, fields):
        change.base[name] = change.theirs.pop(name)
    return _decided(change, "ours", by, source)


@transaction.atomic
def keep_theirs(change: Change, *, by: str, fields: Sequence[str] | None = None, source: str = "") -> Change:
    """Leave the shop's value, in all fields in conflict or the given ones; given up when nothing is left to change."""
    change = locked(change)
    for name in _disputed(change, fields):
        del change.theirs[name], change.wanted[name], change.base[name]
    return _decided(change, "theirs", by, source)


def _disputed(change: Change, fields: Sequence[str] | None) -> list[str]:
    if change.state != Change.State.CONFLICT:
        raise ChangeRefused("wrong_state", f"This change is {change.get_state_display().lower()}, not in conflict.")
    names = list(change.theirs) if fields is None else list(dict.fromkeys(fields))
    if unknown := [name for name in names if name not in change.theirs]:
        raise ChangeRefused("unknown_field", f"{unknown[0]!r} is not in conflict.", "/fields")
    if not names:
        raise ChangeRefused("unknown_field", "Name the fields that are decided.", "/fields")
    return names


def _decided(change: Change, kept: str, by: str, source: str) -> Change:
    """Nothing in conflict any more: on its way again, or given up when nothing of it is left."""
    if change.theirs:
        _save(change, Change.State.CONFLICT)
        tell(change, "conflict", by=by, source=source, fields=sorted(change.theirs), kept=kept)
    elif change.base:  # what is compared, and so still to be written; beside it stands where, and why
        change.uuid = uuid.uuid4()  # another base, so another intent
        _save(change, Change.State.QUEUED)
        tell(change, "queued", by=by, source=source, fields=sorted(change.wanted), kept=kept)
    else:
        _save(change, Change.State.WITHDRAWN)
        tell(change, "withdrawn", by=by, source=source, kept=kept)
    return change


@transaction.atomic
def ask_again(change: Change, *, by: str, source: str = "") -> Change:
    """Send a refused change once more, after whatever stood in its way was put right; raises ChangeRefused.

    It goes as a new intent, under a new UUID: the shop remembers its answer to the old one.
    """
    change = locked(change)
    if change.state != Change.State.FAILED:
        raise ChangeRefused("wrong_state", f"This change is {change.get_state_display().lower()}, not refused.")
    if change.reference:
        raise ChangeRefused("of_a_claim", "It carried out a remedy, or a part of a fee; decide it anew there.")
    if change.kind == Change.Kind.REFUND:
        giving.take_units_again(change)
    if change.kind == Change.Kind.CANCEL:
        editing.take_all_units(change)
    change.uuid = uuid.uuid4()
    change.result = {name: change.result[name] for name in MADE if name in change.result}
    _save(change, Change.State.QUEUED)
    tell(change, "queued", by=by, source=source, fields=sorted(change.wanted), again=True)
    return change


def _save(change: Change, state: str) -> None:
    change.state = state
    change.failure = ""
    change.started_at = None
    change.version += 1
    change.save()
