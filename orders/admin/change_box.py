"""The changes of an order as staff see them: what is on its way, what the shop refused, what both sides changed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orders.admin.asks import permission_of
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
    may_decide: bool

    @property
    def may_withdraw(self) -> bool:
        change = self.change
        under_way = change.state == Change.State.QUEUED and change.started_at is not None
        return self.may_decide and Change.State.WITHDRAWN in Change.MOVES[change.state] and not under_way

    @property
    def may_ask_again(self) -> bool:
        return self.may_decide and self.change.state == Change.State.FAILED


def change_rows(order: Order, may: Callable[[str], bool]) -> list[ChangeRow]:
    """Open changes, oldest first, then the last few that are over; `may` says which permissions the reader has."""
    titles = {str(line.remote_id): str(line) for line in order.lines.all()}
    changes = list(order.changes.order_by("id"))
    over = [change for change in changes if not change.is_open][-SHOWN_DONE:]
    shown = [*(change for change in changes if change.is_open), *reversed(over)]
    return [_row(change, titles, may(permission_of(change.kind))) for change in shown]


def _row(change: Change, titles: Mapping[str, str], may_decide: bool) -> ChangeRow:
    disputed = [
        Disputed(name, field_in_words(name), said(change.base.get(name)), said(change.wanted.get(name)), said(theirs))
        for name, theirs in sorted(change.theirs.items())
    ]
    tone = TONES.get(Change.State(change.state), "")
    return ChangeRow(change, tone, summary(change, titles), who(change.by), disputed, may_decide)


def summary(change: Change, titles: Mapping[str, str]) -> str:
    """What is wanted, in a line; `titles` names lines by the shop's ids."""
    wanted = change.wanted
    match change.kind:
        case Change.Kind.TAGS:
            parts = [*(f"+ {tag}" for tag in wanted.get("add", [])), *(f"− {tag}" for tag in wanted.get("remove", []))]
        case Change.Kind.EDIT:
            parts = [f"{titles.get(line, line)}: {units}" for line, units in wanted.get("lines", {}).items()]
            parts += [f"+ {one['quantity']} × variant {one['variant_id']}" for one in wanted.get("add", [])]
        case Change.Kind.REFUND | Change.Kind.RETURN:
            parts = [f"{one['quantity']} × {titles.get(one['line'], one['line'])}" for one in wanted.get("lines", [])]
            parts += ["shipping"] if wanted.get("shipping") else []
            parts += [f"{wanted['amount']} {wanted['currency']}"] if wanted.get("amount") else []
        case Change.Kind.STORE_CREDIT | Change.Kind.GIFT_CARD:
            parts = [f"{wanted.get('amount', '')} {wanted.get('currency', '')}"]
        case Change.Kind.CANCEL:
            parts = [str(wanted.get("reason", "")), f"money: {field_in_words(wanted.get('refund', ''))}"]
        case _:
            parts = [
                f"{field_in_words(name)}: {said(value) or 'empty'}" for name, value in wanted.items() if _tells(value)
            ]
    return ", ".join(parts)


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
