"""Plain values of an order: shipping address, contact, note, tags. They can be compared, so they can be in conflict."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from orders.changes.asking import alive, ask, must_be_free, taken, text
from orders.models import Change, Order
from orders.models.change import ChangeRefused

# What may be asked for of an address: names of country and province follow from their codes.
ADDRESS_FIELDS = (
    "first_name", "last_name", "company", "address1", "address2", "city", "province_code", "zip", "country_code",
    "phone",
)  # fmt: skip
MOST_TAGS = 250
MOST_TAG = 40
COUNTRY = re.compile(r"[A-Z]{2}")
PHONE = re.compile(r"\+?[0-9 ()./-]{3,40}")


@transaction.atomic
def change_address(
    order: Order, address: Mapping[str, Any], *, by: str, source: str = "", reference: str = ""
) -> Change:
    """Send the parcels to another address; only the given fields of ADDRESS_FIELDS change, "" empties one.

    Raises ChangeRefused: order_cancelled, order_redacted, unknown_field, invalid_…, nothing_to_change, change_waiting.
    """
    order = _with_person(alive(order))
    if not isinstance(address, Mapping):
        raise ChangeRefused("invalid_address", f"An address has the fields {', '.join(ADDRESS_FIELDS)}.", "/address")
    if unknown := [str(name) for name in address if name not in ADDRESS_FIELDS]:
        raise ChangeRefused(
            "unknown_field",
            f"{unknown[0]!r} cannot be set; there are {', '.join(ADDRESS_FIELDS)}.",
            f"/address/{unknown[0]}",
        )
    wanted = {name: text(value, f"/address/{name}", 255) for name, value in address.items()}
    if wanted.get("country_code") and not COUNTRY.fullmatch(wanted["country_code"]):
        raise ChangeRefused(
            "invalid_country", "country_code is two capital letters, such as US.", "/address/country_code"
        )
    known = order.shipping_address or {}
    if "country_code" in wanted and wanted["country_code"] != known.get("country_code", ""):
        wanted.setdefault("province_code", "")  # that of the old country would be refused
    if wanted.get("phone"):
        _phone(wanted["phone"], "/address/phone")
    return _values(order, Change.Kind.ADDRESS, wanted, known, by=by, source=source, reference=reference)


@transaction.atomic
def change_contact(
    order: Order, *, by: str, email: str | None = None, phone: str | None = None, source: str = "", reference: str = ""
) -> Change:
    """Change whom the shop writes to about this order; None leaves a value as it is, "" empties it.

    Raises ChangeRefused: order_redacted, invalid_email, invalid_phone, nothing_to_change, change_waiting.
    """
    order = _with_person(taken(order))
    wanted = {}
    if email is not None:
        wanted["email"] = text(email, "/email", 320)
        if wanted["email"]:
            _email(wanted["email"], "/email")
    if phone is not None:
        wanted["phone"] = text(phone, "/phone", 64)
        if wanted["phone"]:
            _phone(wanted["phone"], "/phone")
    known = {"email": order.email, "phone": order.phone}
    return _values(order, Change.Kind.CONTACT, wanted, known, by=by, source=source, reference=reference)


@transaction.atomic
def change_note(order: Order, note: str, *, by: str, source: str = "", reference: str = "") -> Change:
    """Write the order's note anew; "" empties it. Raises ChangeRefused: too_long, nothing_to_change, change_waiting."""
    order = taken(order)
    wanted = {"note": text(note, "/note")}
    return _values(order, Change.Kind.NOTE, wanted, {"note": order.note}, by=by, source=source, reference=reference)


@transaction.atomic
def change_tags(
    order: Order,
    *,
    by: str,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    source: str = "",
    reference: str = "",
) -> Change:
    """Add and remove tags; those of others stay, so this is never in conflict.

    Raises ChangeRefused: invalid_tag, nothing_to_change.
    """
    order = taken(order)
    known = {tag.casefold() for tag in order.tags}
    added, removed = _tags(add, "/add"), _tags(remove, "/remove")
    if both := {tag.casefold() for tag in added} & {tag.casefold() for tag in removed}:
        raise ChangeRefused("invalid_tag", f"{min(both)!r} cannot be added and removed at once.", "/remove")
    wanted = {
        "add": [tag for tag in added if tag.casefold() not in known],
        "remove": [tag for tag in removed if tag.casefold() in known],
    }
    if not wanted["add"] and not wanted["remove"]:
        raise ChangeRefused("nothing_to_change", "The order has these tags already.")
    if len(known) + len(wanted["add"]) - len(wanted["remove"]) > MOST_TAGS:
        raise ChangeRefused("too_long", f"An order has at most {MOST_TAGS} tags.", "/add")
    return ask(order, Change.Kind.TAGS, wanted, by=by, source=source, reference=reference)


def _values(
    order: Order, kind: str, wanted: dict[str, str], known: Mapping[str, Any], *, by: str, source: str, reference: str
) -> Change:
    """Ask for what differs from what we know; what we know is the base that the shop's value is compared with."""
    base = {name: known.get(name) or "" for name in wanted}
    wanted = {name: value for name, value in wanted.items() if value != base[name]}
    if not wanted:
        raise ChangeRefused("nothing_to_change", "The order says so already.")
    must_be_free(order, kind, wanted)
    base = {name: base[name] for name in wanted}
    return ask(order, kind, wanted, base=base, by=by, source=source, reference=reference)


def _with_person(order: Order) -> Order:
    if order.redacted_at:
        raise ChangeRefused("order_redacted", f"The personal data of {order} was erased; it stays so.")
    return order


def _tags(tags: Iterable[Any], pointer: str) -> list[str]:
    if isinstance(tags, str | bytes | Mapping) or not isinstance(tags, Iterable):
        raise ChangeRefused("invalid_tag", "Give a list of tags.", pointer)
    found: dict[str, str] = {}
    for index, tag in enumerate(tags):
        clean = text(tag, f"{pointer}/{index}", MOST_TAG)
        if not clean or "," in clean:
            raise ChangeRefused("invalid_tag", "A tag is not empty and has no comma.", f"{pointer}/{index}")
        found.setdefault(clean.casefold(), clean)
    return list(found.values())


def _email(value: str, pointer: str) -> None:
    try:
        validate_email(value)
    except ValidationError as error:
        raise ChangeRefused("invalid_email", f"{value!r} is not an e-mail address.", pointer) from error


def _phone(value: str, pointer: str) -> None:
    if not PHONE.fullmatch(value):
        raise ChangeRefused("invalid_phone", f"{value!r} is not a phone number, such as +1 555 0100.", pointer)
