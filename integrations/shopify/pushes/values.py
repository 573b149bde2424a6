"""Address, contact, note and tags at Shopify: compared first, written once, never over a value nobody has seen.

Theirs is ours: it is there already. Theirs is what we knew: write. A third value: conflict, for people to decide.
"""

from typing import Any

from integrations.models import Connection
from integrations.sent import Sent
from integrations.shopify import mutations
from integrations.shopify.pushes.asking import BY, ask, bring_home, order_gid, remote_order
from integrations.shopify.values import clean, tags
from orders.changes import carrying
from orders.models import Change

ADDRESS = {
    "first_name": "firstName", "last_name": "lastName", "company": "company", "address1": "address1",
    "address2": "address2", "city": "city", "province_code": "provinceCode", "country_code": "countryCode",
    "zip": "zip", "phone": "phone",
}  # fmt: skip

LEAST_DIGITS = 7  # fewer may be the end of anybody's number


def push(connection: Connection, change: Change) -> Sent:
    """Write an address, a contact or a note."""
    remote = remote_order(connection, change, mutations.ORDER_VALUES)
    theirs = _values(change.kind, remote)
    missing = [name for name, value in change.wanted.items() if not same(name, theirs[name], value)]
    third = {name: theirs[name] for name in missing if not same(name, theirs[name], change.base.get(name, ""))}
    if third:
        bring_home(connection, change)
        carrying.conflicting(change, third, by=BY, source=connection.public_id)
        return Sent(f"In conflict: the shop changed {', '.join(sorted(third))} too.", 200)
    if missing:
        ask(connection, change, mutations.UPDATE_ORDER, {"input": _input(change, remote)})
    bring_home(connection, change)
    carrying.done(change, by=BY, source=connection.public_id)
    return Sent("Written" if missing else "The shop says so already", 200)


def push_tags(connection: Connection, change: Change) -> Sent:
    """Add and remove tags: what is there or gone already is left alone."""
    present = {tag.casefold() for tag in tags(remote_order(connection, change, mutations.ORDER_VALUES)["tags"])}
    add = [tag for tag in change.wanted["add"] if tag.casefold() not in present]
    remove = [tag for tag in change.wanted["remove"] if tag.casefold() in present]
    if add:
        ask(connection, change, mutations.TAGS_ADD, {"id": order_gid(change), "tags": add})
    if remove:
        ask(connection, change, mutations.TAGS_REMOVE, {"id": order_gid(change), "tags": remove})
    bring_home(connection, change)
    carrying.done(change, by=BY, source=connection.public_id)
    return Sent("Written" if add or remove else "The shop says so already", 200)


def same(name: str, one: str, other: str) -> bool:
    """Whether two values mean the same: Shopify tidies what it is given (blanks, case of codes, form of phones)."""
    if name == "phone":
        return _same_phone(_digits(one), _digits(other))
    if name in ("email", "zip", "province_code", "country_code"):
        one, other = one.casefold(), other.casefold()
    return " ".join(one.split()) == " ".join(other.split())


def _same_phone(one: str, other: str) -> bool:
    """The shop puts the country's prefix before a number that came without."""
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= LEAST_DIGITS and long.endswith(short.lstrip("0")))


def _digits(phone: str) -> str:
    return "".join(character for character in phone if character.isdigit())


def _values(kind: str, remote: dict[str, Any]) -> dict[str, str]:
    if kind != Change.Kind.ADDRESS:
        return {name: clean(remote[name]) for name in ("email", "phone", "note")}
    address = remote["shippingAddress"] or {}
    theirs = {ours: clean(address.get(name)) for ours, name in ADDRESS.items()}
    return theirs | {"country_code": clean(address.get("countryCodeV2"))}


def _input(change: Change, remote: dict[str, Any]) -> dict[str, Any]:
    """OrderInput. An address is sent whole, on top of the shop's present one: Shopify replaces it."""
    values = change.wanted
    if change.kind == Change.Kind.ADDRESS:
        whole = {**_values(change.kind, remote), **values}
        address = {name: whole[ours] or None for ours, name in ADDRESS.items()}
        return {"id": order_gid(change), "shippingAddress": address}
    return {"id": order_gid(change), **values}
