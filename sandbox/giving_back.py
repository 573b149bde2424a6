"""Money and units go back: refunds, cancellations, and orders deleted for good."""

from functools import partial
from typing import Any

from sandbox import catalogue, fulfillment_orders, kept_orders
from sandbox.announcing import Announcement
from sandbox.money import NOTHING, Bag
from sandbox.order_documents import add_transaction
from sandbox.placing import Impossible
from sandbox.shipment_bodies import refund_body, transaction_body
from sandbox.store import Store, Writing
from sandbox.totals import current_quantity, fulfillable_quantity, refundable_quantity, totals

Document = dict[str, Any]

REASONS = ("customer", "declined", "fraud", "inventory", "other", "staff")


def refund(
    store: Store,
    order_id: int,
    *,
    lines: dict[int, int] | None = None,
    restock: bool = False,
    shipping: bool = False,
    note: str | None = None,
) -> Document:
    """Refund units ({line id: quantity}), by default one unit of the first line that has any; returns the refund."""
    with kept_orders.changing(store, order_id) as (writing, order):
        wanted = lines or _one_unit(order)
        made = _refund(writing, order, wanted, restock=restock, shipping=shipping, note=note, pay=True)
        announcement = Announcement(writing, order["shop"], order_id)
        _announce(announcement, made, order)
        announcement.order(order, "orders/updated")
    return made


def cancel(
    store: Store, order_id: int, *, reason: str = "customer", restock: bool = True, pay_back: bool = True
) -> Document:
    """Cancel an order that has nothing on the way; all units come off, the money goes back. Returns the order."""
    with kept_orders.changing(store, order_id) as (writing, order):
        if reason not in REASONS:
            raise Impossible(f"{reason} is not a reason; known are {', '.join(REASONS)}")
        if order["cancelled_at"]:
            raise Impossible("Cannot cancel an order that has already been canceled")
        if any(line["fulfilled"] > line["returned"] for line in order["lines"]):
            raise Impossible("Cannot cancel an order that has outstanding fulfillments")
        announcement = Announcement(writing, order["shop"], order_id)
        units = {line["id"]: current_quantity(line) for line in order["lines"] if current_quantity(line)}
        if units:
            made = _refund(writing, order, units, restock=restock, shipping=True, note=None, pay=pay_back)
            _announce(announcement, made, order)
        order["cancelled_at"] = order["closed_at"] = order["updated_at"]
        order["cancel_reason"] = reason
        announcement.order(order, "orders/cancelled", "orders/updated")
    return order


def delete(store: Store, order_id: int) -> None:
    """Delete an order; the webhook carries nothing but the id."""
    with store.write() as writing:
        order = kept_orders.load(writing.connection, order_id)
        if order is None:
            raise kept_orders.NoSuchOrder(f"There is no order {order_id}")
        kept_orders.remove(writing, order)
        Announcement(writing, order["shop"], order_id).add("orders/delete", lambda: {"id": order_id})


def _announce(announcement: Announcement, made: Document, order: Document) -> None:
    announcement.add("refunds/create", lambda: refund_body(made, order))
    for transaction in order["transactions"]:
        if transaction["id"] in made["transaction_ids"]:
            announcement.add("order_transactions/create", partial(transaction_body, transaction, order))


def _one_unit(order: Document) -> dict[int, int]:
    for line in order["lines"]:
        if refundable_quantity(line):
            return {line["id"]: 1}
    raise Impossible("There is nothing left to refund")


def _refund(
    writing: Writing,
    order: Document,
    wanted: dict[int, int],
    *,
    restock: bool,
    shipping: bool,
    note: str | None,
    pay: bool,
) -> Document:
    """Take the units off and give back what was paid for them, never more than was received."""
    wanted = dict(wanted)
    parts = []
    amount = NOTHING
    for line in order["lines"]:
        quantity = wanted.pop(line["id"], 0)
        if quantity < 0 or quantity > refundable_quantity(line):
            raise Impossible(f"{quantity} units of {line['title']} cannot be refunded")
        if quantity:
            part = _take_off(writing, order, line, quantity, restock)
            parts.append(part)
            amount = amount + Bag.of(part["subtotal"]) + Bag.of(part["tax"])
    if wanted:
        raise Impossible(f"The order has no line {next(iter(wanted))}")
    shipping_money = totals(order).current_shipping if shipping else NOTHING
    amount = amount + shipping_money
    sums = totals(order)
    left = sums.received - sums.refunded
    made: Document = {
        "id": writing.new_id(),
        "created_at": order["updated_at"],
        "note": note,
        "shipping": shipping_money.kept(),
        "shipping_refund_id": writing.new_id(),
        "line_items": parts,
        "transaction_ids": [],
    }
    amount = Bag(min(amount.shop, left.shop), min(amount.presentment, left.presentment))
    if pay and amount.shop > 0:
        sale = next(one for one in order["transactions"] if one["kind"] in ("sale", "capture"))
        moved = add_transaction(
            writing, order, kind="refund", amount=amount, gateway=sale["gateway"], parent_id=sale["id"]
        )
        made["transaction_ids"].append(moved["id"])
    order["refunds"].append(made)
    kept_orders.add_part(writing, order, made["id"])
    return made


def _take_off(writing: Writing, order: Document, line: Document, quantity: int, restock: bool) -> Document:
    unshipped = min(quantity, fulfillable_quantity(line))
    line["removed"] += unshipped
    line["returned"] += quantity - unshipped
    place = fulfillment_orders.location_of(writing.connection, order, line) if restock else None
    if restock:
        catalogue.put_back(writing, order["shop"], line["variant_id"], quantity, place)
    net = Bag.of(line["price"]) - Bag.of(line["discount"])
    kind = ("cancel" if unshipped else "return") if restock else "no_restock"
    return {
        "id": writing.new_id(),
        "line_id": line["id"],
        "quantity": quantity,
        "restock_type": kind,
        "location_id": place,
        "subtotal": (net * quantity).kept(),
        "tax": (Bag.of(line["tax"]) * quantity).kept(),
    }
