"""Line edits as the Admin API makes them: begun, staged, and on commit applied to the order as it then is.

What is staged is kept as a small record: new quantities of lines, and whole new lines. A removed line stays on the
order, with the quantity it was ordered with and a current quantity of 0.
"""

import copy
import uuid
from typing import Any

from sandbox import catalogue, fulfillment_orders, kept_orders, records
from sandbox.announcing import Announcement
from sandbox.money import Bag
from sandbox.order_documents import OWN_APP_ID, catalogue_price, new_line, number_of
from sandbox.refund_requests import UserError
from sandbox.shipment_bodies import order_edit_body
from sandbox.store import Writing
from sandbox.totals import current_quantity, editable_quantity, totals

Document = dict[str, Any]

EDIT = "order_edit"


def begin(writing: Writing, shop: str, order_gid: str) -> Document:
    """Start an edit; raises UserError."""
    order = kept_orders.load(writing.connection, number_of(order_gid))
    if order is None or order["shop"] != shop:
        raise UserError(["id"], "The order does not exist.")
    if order["cancelled_at"]:
        raise UserError(["id"], "The order cannot be edited.")
    session: Document = {"id": writing.new_id(), "order_id": order["id"], "changes": {}, "added": []}
    records.keep(writing, shop, EDIT, session)
    return session


def set_quantity(
    writing: Writing, shop: str, session: Document, line_gid: str, quantity: int, *, restock: bool
) -> Document:
    """Stage a line's new current quantity; returns the line as it would be. Raises UserError."""
    if quantity < 0:
        raise UserError(["quantity"], "Quantity must be greater than or equal to 0")
    order = _order(writing, session)
    tail = line_gid.rsplit("/", 1)[-1]
    for line in session["added"]:
        if line["uuid"] == tail:
            line["quantity"] = quantity
            session["added"] = [one for one in session["added"] if one["quantity"]]
            records.keep(writing, shop, EDIT, session)
            return dict(line)
    known = next((one for one in order["lines"] if one["id"] == number_of(line_gid)), None)
    if known is None:
        raise UserError(["lineItemId"], "The line item does not exist.")
    if current_quantity(known) - quantity > editable_quantity(known):
        raise UserError(["quantity"], "Only units that are not fulfilled can be removed.")
    session["changes"].pop(tail, None)
    if quantity != current_quantity(known):
        session["changes"][tail] = {"quantity": quantity, "restock": restock}
    records.keep(writing, shop, EDIT, session)
    return next(one for one in staged(order, session)["lines"] if one["id"] == known["id"])


def add_variant(
    writing: Writing, shop: str, session: Document, variant_gid: str, quantity: int, *, duplicates: bool
) -> Document:
    """Stage a new line of a catalogue's variant; raises UserError."""
    order = _order(writing, session)
    variant = catalogue.by_id(number_of(variant_gid) or 0)
    if variant is None:
        raise UserError(["variantId"], "The variant does not exist.")
    present = staged(order, session)["lines"]
    if not duplicates and any(one["variant_id"] == variant.id and current_quantity(one) for one in present):
        raise UserError(["variantId"], "The variant is already on the order.")
    price = catalogue_price(variant, order["currency"], order["presentment_currency"])
    line = new_line(writing, variant=variant, quantity=quantity, price=price, requires_shipping=variant.ships)
    return _stage(writing, shop, session, line)


def add_custom_item(writing: Writing, shop: str, session: Document, given: Document) -> Document:
    """Stage a new line that is in no catalogue; raises UserError. Its price is in the customer's currency."""
    order = _order(writing, session)
    price = Bag.converted(given["price"]["amount"], given["price"]["currencyCode"], order)
    if price is None:
        raise UserError(["price"], "The price must be a positive amount in the order's currency.")
    if not given["title"].strip():
        raise UserError(["title"], "Title can't be blank")
    line = new_line(
        writing,
        variant=None,
        quantity=given["quantity"],
        price=price,
        requires_shipping=bool(given.get("requiresShipping", True)),
        title=given["title"],
        taxable=bool(given.get("taxable", True)),
    )
    return _stage(writing, shop, session, line)


def commit(writing: Writing, shop: str, session: Document, *, notify: bool, note: str | None) -> None:
    """Apply what is staged, announce it, and forget the edit; raises UserError, and then nothing has changed."""
    if not session["changes"] and not session["added"]:
        raise UserError(["id"], "There must be at least one change to be made.")
    with kept_orders.within(writing, session["order_id"]) as order:
        if order["cancelled_at"]:
            raise UserError(["id"], "The order cannot be edited.")
        order.setdefault("original_total", totals(order).total.kept())
        additions, removals = [], []
        for line in order["lines"]:
            change = session["changes"].get(str(line["id"]))
            if change is None:
                continue
            more = change["quantity"] - current_quantity(line)
            if -more > editable_quantity(line):
                raise UserError(["id"], "Only units that are not fulfilled can be removed.")
            _set(line, change["quantity"])
            if more < 0:
                removals.append({"id": line["id"], "delta": -more})
                if change["restock"]:
                    place = fulfillment_orders.location_of(writing.connection, order, line)
                    catalogue.put_back(writing, shop, line["variant_id"], -more, place)
            elif more > 0:
                additions.append({"id": line["id"], "delta": more})
                _take(writing, shop, line, more)
        for line in session["added"]:
            new = {key: value for key, value in line.items() if key != "uuid"}
            new["taken"] = _take(writing, shop, new, new["quantity"])
            order["lines"].append(new)
            additions.append({"id": new["id"], "delta": new["quantity"]})
        order["edited"] = True
        edit = {
            "id": session["id"],
            "app_id": OWN_APP_ID,
            "notify": notify,
            "note": note or "",
            "additions": additions,
            "removals": removals,
        }
        announcement = Announcement(writing, shop, order["id"])
        announcement.add("orders/edited", lambda: order_edit_body(edit, order))
        announcement.order(order, "orders/updated")
    records.remove(writing, EDIT, session["id"])


def staged(order: Document, session: Document) -> Document:
    """A copy of the order as it would be after the commit."""
    changed = copy.deepcopy(order)
    for line in changed["lines"]:
        if change := session["changes"].get(str(line["id"])):
            _set(line, change["quantity"])
    changed["lines"] += copy.deepcopy(session["added"])
    return changed


def _set(line: Document, quantity: int) -> None:
    more = quantity - current_quantity(line)
    line["quantity"] += max(more, 0)
    line["removed"] += max(-more, 0)


def _stage(writing: Writing, shop: str, session: Document, line: Document) -> Document:
    if line["quantity"] < 1:
        raise UserError(["quantity"], "Quantity must be greater than 0")
    line["uuid"] = str(uuid.uuid4())
    session["added"].append(line)
    records.keep(writing, shop, EDIT, session)
    return line


def _take(writing: Writing, shop: str, line: Document, quantity: int) -> dict[str, int]:
    variant = catalogue.by_id(line["variant_id"]) if line["variant_id"] else None
    if variant is None:
        return {}
    try:
        [places] = catalogue.take(writing, shop, [(variant, quantity)])
    except catalogue.OutOfStock as problem:
        raise UserError(["id"], str(problem)) from None
    return {str(place): units for place, units in places.items()}


def _order(writing: Writing, session: Document) -> Document:
    order = kept_orders.load(writing.connection, session["order_id"])
    if order is None:
        raise UserError(["id"], "The order does not exist.")
    return order
