"""What the shop's staff change on an order that stays: address, note and tags, lines."""

from typing import Any

from sandbox import catalogue, fulfillment_orders, kept_orders
from sandbox.announcing import Announcement
from sandbox.money import NOTHING
from sandbox.order_documents import add_tax, catalogue_price, new_line
from sandbox.placing import Impossible
from sandbox.shipment_bodies import order_edit_body
from sandbox.store import Store, Writing
from sandbox.totals import current_quantity, fulfillable_quantity, totals

Document = dict[str, Any]

ADDRESS_FIELDS = (
    "first_name", "last_name", "company", "address1", "address2", "city", "province", "province_code", "country",
    "country_code", "zip", "phone",
)  # fmt: skip

# Where parcels go when the page's button is pressed without an address.
MOVED_TO = {
    "address1": "21 New Wharf",
    "address2": "Flat 7",
    "city": "Portland",
    "province": "Oregon",
    "province_code": "OR",
    "country": "United States",
    "country_code": "US",
    "zip": "97209",
}


def change(store: Store, order_id: int, changes: Document, *, retax: bool = False) -> Document:
    """Put new values into the order (keys of its document), tell everybody, return the order.

    With ``retax``, an address changed before anything was shipped changes the taxes too, as since 2026-10.
    """
    with kept_orders.changing(store, order_id) as (writing, order):
        order.update(changes)
        if retax and "shipping_address" in changes and not any(line["fulfilled"] for line in order["lines"]):
            _tax_anew(order)
        if "tags" in changes:
            order["tags"] = sorted(set(changes["tags"] or []))
        Announcement(writing, order["shop"], order_id).order(order, "orders/updated")
    return order


def _tax_anew(order: Document) -> None:
    """The sales tax of where the parcels go now, on what the catalogue sells."""
    state = (order["shipping_address"] or {}).get("province_code")
    for line in order["lines"]:
        variant = catalogue.by_id(line["variant_id"]) if line["variant_id"] else None
        if variant is None or not line["taxable"]:
            continue
        line.update(tax=NOTHING.kept(), tax_title=None, tax_rate=None)
        if state in catalogue.SALES_TAX:
            add_tax(line, *catalogue.SALES_TAX[state], order)


def change_address(store: Store, order_id: int, address: Document) -> Document:
    """Change the given fields of the shipping address (snake_case), by default to a new house; returns the order."""
    with store.read() as connection:
        order = kept_orders.load(connection, order_id) or {}
    given = {key: value for key, value in address.items() if key in ADDRESS_FIELDS}
    before = order.get("shipping_address") or {**dict.fromkeys(ADDRESS_FIELDS), "latitude": None, "longitude": None}
    return change(store, order_id, {"shipping_address": {**before, **(given or MOVED_TO)}})


def edit_note(store: Store, order_id: int, changes: Document) -> Document:
    """Change what is given of note, tags (a list), attributes, email, phone, po_number; returns the order."""
    known = ("note", "tags", "attributes", "email", "phone", "po_number")
    return change(store, order_id, {field: changes[field] for field in known if field in changes})


def edit_lines(
    store: Store, order_id: int, *, quantities: dict[int, int], additions: list[tuple[str, int]], note: str = ""
) -> Document:
    """Set lines ({line id: quantity}) to fewer units and add others ((sku, quantity)); returns the order.

    A removed line stays, with the quantity it was ordered with and a current quantity of 0.
    """
    with kept_orders.changing(store, order_id) as (writing, order):
        if order["cancelled_at"]:
            raise Impossible("The order is cancelled")
        order.setdefault("original_total", totals(order).total.kept())
        removals = _remove(writing, order, dict(quantities))
        added = [_add(writing, order, sku, quantity) for sku, quantity in additions]
        if not removals and not added:
            raise Impossible("There must be at least one change to be made.")
        order["edited"] = True
        edit = {"id": writing.new_id(), "note": note, "additions": added, "removals": removals}
        announcement = Announcement(writing, order["shop"], order_id)
        announcement.add("orders/edited", lambda: order_edit_body(edit, order))
        announcement.order(order, "orders/updated")
    return order


def _remove(writing: Writing, order: Document, quantities: dict[int, int]) -> list[Document]:
    removals = []
    for line in order["lines"]:
        if line["id"] not in quantities:
            continue
        fewer = current_quantity(line) - quantities.pop(line["id"])
        if fewer < 0 or fewer > fulfillable_quantity(line):
            raise Impossible(f"{line['title']} cannot be set to that quantity")
        if fewer:
            line["removed"] += fewer
            place = fulfillment_orders.location_of(writing.connection, order, line)
            catalogue.put_back(writing, order["shop"], line["variant_id"], fewer, place)
            removals.append({"id": line["id"], "delta": fewer})
    if quantities:
        raise Impossible(f"The order has no line {next(iter(quantities))}")
    return removals


def _add(writing: Writing, order: Document, sku: str, quantity: int) -> Document:
    variant = catalogue.by_sku(sku)
    if variant is None or quantity < 1:
        raise Impossible(f"{quantity} units of {sku} cannot be added")
    try:
        [places] = catalogue.take(writing, order["shop"], [(variant, quantity)])
    except catalogue.OutOfStock as problem:
        raise Impossible(str(problem)) from None
    price = catalogue_price(variant, order["currency"], order["presentment_currency"])
    line = new_line(
        writing, variant=variant, quantity=quantity, price=price, requires_shipping=variant.ships, taken=places
    )
    order["lines"].append(line)
    return {"id": line["id"], "delta": quantity}
