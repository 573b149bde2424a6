"""What a form of the page needs: who may, when it makes sense, the verb behind it; and reading what was typed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.console.pages import Refused
from orders.models import Change, LineItem, Order

CHANGE, ITEMS, CANCEL = "orders.change_order", "orders.change_lineitem", "orders.delete_order"
RETURN, MONEY, PARCELS = "orders.add_return", "orders.add_refund", "orders.change_fulfillment"

Typed = Mapping[str, str]
Ask = Callable[[Order, Typed, str], Change]


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the page. `ask(order, typed, by)` calls the verb; `closed(order)` says why there is nothing to ask.

    `shown(order)` is what its fields say before anybody typed, `units(order)` for each line (a first number, at most)
    where it has a table of them, `facts(order)` what else its template says.
    """

    kind: str
    title: str
    template: str
    ask: Ask
    permission: str = CHANGE
    shown: Callable[[Order], dict[str, Any]] = lambda order: {}
    closed: Callable[[Order], str] = lambda order: ""
    units: Callable[[Order], dict[int, tuple[int, int | None]]] | None = None
    facts: Callable[[Order], dict[str, Any]] = lambda order: {}
    choices: dict[str, Any] = field(default_factory=dict)


def number_of(typed: Typed, name: str, what: str) -> int:
    """A whole number typed; nothing is 0. Raises Refused."""
    text = typed.get(name, "").strip() or "0"
    if not text.isascii() or not text.isdecimal() or len(text) > 7:
        raise Refused(f"{what}: write how many as a number.")
    return int(text)


def units_typed(order: Order, typed: Typed) -> list[tuple[LineItem, int]]:
    """(line, units) for every line that has a field on the form."""
    name = "units-{}".format
    return [(ln, number_of(typed, name(ln.pk), str(ln))) for ln in order.lines.all() if name(ln.pk) in typed]


def ticked(typed: Typed, name: str) -> bool:
    """Whether a box of this name was ticked."""
    return name in typed


def not_cancelled(order: Order) -> str:
    """Why nothing is to be asked of a cancelled order."""
    return "The order is cancelled." if order.cancelled_at else ""
