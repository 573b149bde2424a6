"""The changes of an order as staff see them: what is on its way, what the shop refused, what both sides changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orders.admin.story import who
from orders.models import Change, Order

SHOWN_DONE = 5
TONES = {
    Change.State.QUEUED: "info",
    Change.State.RUNNING: "info",
    Change.State.DONE: "good",
    Change.State.FAILED: "bad",
    Change.State.CONFLICT: "warn",
}
FIELDS = {
    "first_name": "first name", "last_name": "last name", "address1": "street", "address2": "second line",
    "zip": "postcode", "province_code": "province", "country_code": "country", "email": "e-mail",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disputed:
    """One field that both sides changed: as it was, as we want it, as the shop has it."""

    name: str
    title: str
    was: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change with its words; `may_withdraw` and `may_ask_again` are what its state allows now."""

    change: Change
    tone: str
    summary: str
    who: str
    disputed: list[Disputed]

    @property
    def may_withdraw(self) -> bool:
        change = self.change
        under_way = change.state == Change.State.QUEUED and change.started_at is not None
        return Change.State.WITHDRAWN in Change.MOVES[change.state] and not under_way

    @property
    def may_ask_again(self) -> bool:
        return self.change.state == Change.State.FAILED


def change_rows(order: Order) -> list[ChangeRow]:
    """Open changes, oldest first, then the last few that are over."""
    changes = list(order.changes.order_by("id"))
    over = [change for change in changes if not change.is_open]
    return [_row(change) for change in [*(c for c in changes if c.is_open), *reversed(over[-SHOWN_DONE:])]]


def _row(change: Change) -> ChangeRow:
    disputed = [
        Disputed(name, field_in_words(name), said(change.base.get(name)), said(change.wanted.get(name)), said(theirs))
        for name, theirs in sorted(change.theirs.items())
    ]
    return ChangeRow(change, TONES.get(Change.State(change.state), ""), summary(change), who(change.by), disputed)


def summary(change: Change) -> str:
    """What is wanted, in a line: field by field for values, else in the change's own words."""
    if change.kind == Change.Kind.TAGS:
        added, removed = change.wanted.get("add") or [], change.wanted.get("remove") or []
        return ", ".join([*(f"+ {tag}" for tag in added), *(f"− {tag}" for tag in removed)])
    wanted = ((field_in_words(name), said(value)) for name, value in change.wanted.items() if _tells(value))
    return "; ".join(f"{name}: {value or 'empty'}" for name, value in wanted)


def _tells(value: Any) -> bool:
    return value not in (None, [], {})


def field_in_words(name: str) -> str:
    return FIELDS.get(name, name.replace("_", " "))


def said(value: Any) -> str:
    """A wanted value as text; quantities of lines and the like as "2 × …" where they say so."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{field_in_words(str(name))} {said(inner)}" for name, inner in value.items() if _tells(inner))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(said(inner) for inner in value)
    return "" if value is None else str(value)
