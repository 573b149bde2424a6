"""What staff may ask the shop to change, form by form: who may, when it makes sense, and the verb behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.console.pages import Refused
from orders import changes
from orders.changes.editing import REASONS as CANCEL_REASONS
from orders.changes.lines import sent_units
from orders.models import Change, LineItem, Order, StockItem

CHANGE, ITEMS, CANCEL = "orders.change_order", "orders.change_lineitem", "orders.delete_order"
RETURN, MONEY = "orders.add_return", "orders.add_refund"

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


def _edit(order: Order, typed: Typed, by: str) -> Change:
    lines = [{"line_item": line.public_id, "quantity": units} for line, units in units_typed(order, typed)]
    return changes.edit_lines(
        order, lines=lines, add=_additions(order, typed), restock=_ticked(typed, "restock"),
        notify=_ticked(typed, "notify"), by=by,
    )  # fmt: skip


def _additions(order: Order, typed: Typed) -> list[dict[str, Any]]:
    sku, quantity = typed.get("sku", "").strip(), number_of(typed, "quantity", "The article to add")
    if not sku and not quantity:
        return []
    item = StockItem.objects.filter(shop=order.shop, sku=sku, variant_id__isnull=False, deleted_at=None).first()
    if item is None:
        raise Refused(f"We know no article with the SKU {sku or '(none)'} in this shop.")
    return [{"variant_id": str(item.variant_id), "quantity": quantity}]


def _cancel(order: Order, typed: Typed, by: str) -> Change:
    if not _ticked(typed, "sure"):
        raise Refused("Tick that you are sure: a cancelled order does not come back.")
    return changes.cancel(
        order, reason=typed.get("reason", ""), refund=typed.get("refund", ""), restock=_ticked(typed, "restock"),
        notify=_ticked(typed, "notify"), note=typed.get("note", ""), by=by,
    )  # fmt: skip


def _refund(order: Order, typed: Typed, by: str) -> Change:
    """Goods that were sent come back as a return, those that were not are taken off the order."""
    sent = sent_units(order)

    def restock(line: LineItem) -> str:
        if not _ticked(typed, "restock"):
            return "none"
        return "return" if sent[line.remote_id] else "cancel"

    lines = [
        {"line_item": line.public_id, "quantity": units, "restock": restock(line)}
        for line, units in units_typed(order, typed)
        if units
    ]
    return changes.refund(
        order, lines=lines, shipping=_ticked(typed, "shipping"), amount=typed.get("amount", "").strip() or None,
        note=typed.get("note", ""), notify=_ticked(typed, "notify"), by=by,
    )  # fmt: skip


def _return(order: Order, typed: Typed, by: str) -> Change:
    said = {"reason": typed.get("reason", ""), "note": typed.get("note", "")}
    asked = units_typed(order, typed)
    lines = [{"line_item": line.public_id, "quantity": units, **said} for line, units in asked if units]
    return changes.open_return(order, lines=lines, notify=_ticked(typed, "notify"), by=by)


def _store_credit(order: Order, typed: Typed, by: str) -> Change:
    return changes.give_store_credit(order, typed.get("amount", "").strip(), notify=_ticked(typed, "notify"), by=by)


def _gift_card(order: Order, typed: Typed, by: str) -> Change:
    return changes.issue_gift_card(order, typed.get("amount", "").strip(), note=typed.get("note", ""), by=by)


def _not_cancelled(order: Order) -> str:
    return "The order is cancelled." if order.cancelled_at else ""


def _cancellable(order: Order) -> str:
    sent = "" if not sent_units(order) else "Parts of it were sent: open a return, or refund what is missing."
    return _not_cancelled(order) or sent


def _sent_something(order: Order) -> str:
    return "" if sent_units(order) else "Nothing was sent yet: edit the items, or cancel."


def _current(order: Order) -> dict[int, tuple[int, int | None]]:
    return {line.pk: (line.current_quantity, None) for line in order.lines.all()}


def _bought(order: Order) -> dict[int, tuple[int, int | None]]:
    return {line.pk: (0, line.quantity) for line in order.lines.all()}


def _sent(order: Order) -> dict[int, tuple[int, int | None]]:
    sent = sent_units(order)
    return {line.pk: (0, sent[line.remote_id]) for line in order.lines.all() if sent[line.remote_id]}


def _amount_in(order: Order) -> dict[str, Any]:
    return {"amount": f"Amount in {order.currency}"}


FORMS: dict[str, Form] = {
    form.kind: form
    for form in (
        Form(Change.Kind.ADDRESS, "Shipping address", "orders/asks/address.html", _address,
             shown=lambda order: order.shipping_address or {}, closed=_not_cancelled),
        Form(Change.Kind.CONTACT, "Contact", "orders/asks/contact.html", _contact,
             shown=lambda order: {"email": order.email, "phone": order.phone}),
        Form(Change.Kind.NOTE, "Note", "orders/asks/note.html", _note, shown=lambda order: {"note": order.note}),
        Form(Change.Kind.TAGS, "Tags", "orders/asks/tags.html", _tags,
             shown=lambda order: {"tags": ", ".join(order.tags)}),
        Form(Change.Kind.EDIT, "Items", "orders/asks/edit.html", _edit, ITEMS, closed=_not_cancelled, units=_current),
        Form(Change.Kind.RETURN, "Return", "orders/asks/return.html", _return, RETURN, closed=_sent_something,
             units=_sent, choices={"reason": changes.RETURN_REASONS}),
        Form(Change.Kind.REFUND, "Refund", "orders/asks/refund.html", _refund, MONEY, units=_bought,
             facts=lambda order: {"left": changes.refundable(order)}),
        Form(Change.Kind.STORE_CREDIT, "Store credit", "orders/asks/credit.html", _store_credit, MONEY,
             facts=_amount_in),
        Form(Change.Kind.GIFT_CARD, "Gift card", "orders/asks/credit.html", _gift_card, MONEY, facts=_amount_in),
        Form(Change.Kind.CANCEL, "Cancel", "orders/asks/cancel.html", _cancel, CANCEL, closed=_cancellable,
             choices={"reason": CANCEL_REASONS}),
    )
}  # fmt: skip


def permission_of(kind: str) -> str:
    """What somebody needs who decides about a change of this kind."""
    return FORMS[kind].permission if kind in FORMS else CHANGE


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


def _ticked(typed: Typed, name: str) -> bool:
    return name in typed
