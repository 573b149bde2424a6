"""Forms for plain values: address, contact, note, tags."""

from orders import changes
from orders.admin.asks.form import Form, Typed, not_cancelled
from orders.models import Change, Order


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


FORMS = (
    Form(Change.Kind.ADDRESS, "Shipping address", "orders/asks/address.html", _address,
         shown=lambda order: order.shipping_address or {}, closed=not_cancelled),
    Form(Change.Kind.CONTACT, "Contact", "orders/asks/contact.html", _contact,
         shown=lambda order: {"email": order.email, "phone": order.phone}),
    Form(Change.Kind.NOTE, "Note", "orders/asks/note.html", _note, shown=lambda order: {"note": order.note}),
    Form(Change.Kind.TAGS, "Tags", "orders/asks/tags.html", _tags,
         shown=lambda order: {"tags": ", ".join(order.tags)}),
)  # fmt: skip
