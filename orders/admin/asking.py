"""What staff may ask the shop to change, form by form: who may, when it makes sense, and the verb behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backoffice.console.pages import Refused
from orders import changes
from orders.models import Change, Order

CHANGE = "orders.change_order"

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the page. `ask(order, typed, by)` calls the verb; `closed(order)` says why there is nothing to ask.

    `shown(order)` is what its fields say before anybody typed.
    """

    kind: str
    title: str
    template: str
    ask: Callable[[Order, Typed, str], Change]
    shown: Callable[[Order], dict[str, Any]] = lambda order: {}
    permission: str = CHANGE
    closed: Callable[[Order], str] = lambda order: ""


def _address(order: Order, typed: Typed, by: str) -> Change:
    """Every field is on the form, so all are sent; only those that differ become the change."""
    fields = {name: typed[name].strip() for name in changes.ADDRESS_FIELDS if name in typed}
    for code in ("country_code", "province_code"):
        fields[code] = fields.get(code, "").upper()
    return changes.change_address(order, fields, by=by)


def _contact(order: Order, typed: Typed, by: str) -> Change:
    return changes.change_contact(order, email=typed.get("email", ""), phone=typed.get("phone", ""), by=by)


def _note(order: Order, typed: Typed, by: str) -> Change:
    return changes.change_note(order, typed.get("note", ""), by=by)


def _tags(order: Order, typed: Typed, by: str) -> Change:
    """The form shows the tags as one line; what is gone from it is taken off, what is new is put on."""
    wanted, now = {tag.strip() for tag in typed.get("tags", "").split(",")} - {""}, set(order.tags)
    return changes.change_tags(order, add=sorted(wanted - now), remove=sorted(now - wanted), by=by)


def not_cancelled(order: Order) -> str:
    return "The order is cancelled." if order.cancelled_at else ""


FORMS: dict[str, Form] = {
    form.kind: form
    for form in (
        Form(Change.Kind.ADDRESS, "Shipping address", "orders/asks/address.html", _address,
             lambda order: order.shipping_address or {}, closed=not_cancelled),
        Form(Change.Kind.CONTACT, "Contact", "orders/asks/contact.html", _contact,
             lambda order: {"email": order.email, "phone": order.phone}),
        Form(Change.Kind.NOTE, "Note", "orders/asks/note.html", _note, lambda order: {"note": order.note}),
        Form(Change.Kind.TAGS, "Tags", "orders/asks/tags.html", _tags,
             lambda order: {"tags": ", ".join(order.tags)}),
    )
}  # fmt: skip


def number_of(typed: Typed, name: str, what: str) -> int:
    """A whole number typed; nothing is 0. Raises Refused."""
    text = typed.get(name, "").strip() or "0"
    if not text.isascii() or not text.isdecimal() or len(text) > 7:
        raise Refused(f"{what}: write how many as a number.")
    return int(text)


def units_typed(order: Order, typed: Typed, prefix: str = "units") -> list[tuple[Any, int]]:
    """(line, units) for every line with a number typed beside it."""
    asked = [(line, number_of(typed, f"{prefix}-{line.pk}", str(line))) for line in order.lines.all()]
    return [(line, units) for line, units in asked if units]
